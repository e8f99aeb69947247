"""A mark that every process of an account's nodes bears, and that its children inherit whatever else they give up.

It is a number in the limit of file locks (``RLIMIT_LOCKS``). The kernel inherits and shows that limit as any other, and
has counted nothing against it since Linux 2.4.25 (getrlimit(2)); clearing the environment, making a session, closing
descriptors and leaving every folder do not change it. It is set once, for the process that runs the nodes, so that a
task costs nothing.

Where an account runs inside a task of another, the hard limit is the outer one's and the soft limit the inner one's.
"""

from __future__ import annotations

import resource
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from dispatcher.service.private_files import write_private

_LOCKS: Final = 10
"""``RLIMIT_LOCKS``; Python has no name for it."""
_OUTER: Final = 1 << 61
"""Added in the hard limit, so that every soft limit is below it."""
_BITS: Final = 60
_FILE: Final = "process_mark"


class ProcessMark:
    """The mark of one account's folder."""

    def __init__(self, folder: Path) -> None:
        """Read it; a folder that has none, or that of another because it is a copy, is given one."""
        self._path = folder / _FILE
        facts = folder.stat()
        place = f"{facts.st_dev} {facts.st_ino}"
        number, _, kept_for = self._kept().partition(" ")
        if kept_for != place or not number.isdecimal():
            number = str(secrets.randbits(_BITS) | 1)
            write_private(self._path, f"{number} {place}".encode("ascii"))
        self._number = int(number)

    def put_on(self, pid: int) -> None:
        """Mark a process of this user's that has just begun; one that has ended is let be."""
        with suppress(OSError, ValueError):
            _, hard = resource.prlimit(pid, _LOCKS)
            hard = self._number + _OUTER if hard == resource.RLIM_INFINITY else hard
            resource.prlimit(pid, _LOCKS, (self._number, hard))

    def is_on(self, pid: int) -> bool:
        """Whether a process bears it; of another user's processes, no."""
        try:
            soft, hard = resource.prlimit(pid, _LOCKS)
        except OSError:
            return False
        return soft == self._number or hard == self._number + _OUTER

    def _kept(self) -> str:
        try:
            return self._path.read_text(encoding="ascii")
        except (FileNotFoundError, UnicodeDecodeError):
            return ""
