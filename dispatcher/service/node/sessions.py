"""Which sessions of processes run on a node, on disk, so that those a killed service left behind are found again.

A session's number is its leader's process id. It is no other's while a process of the session lives, and a leader is
known by the time it started, counted from the boot: a number that was given anew is told apart.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_START_FIELD = 19
"""Of those after a process's name in ``/proc/<pid>/stat``."""


class Sessions:
    """The sessions of one node; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Begin with those in a folder, which is made if missing."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = str(folder)

    def add(self, leader: int) -> None:
        """Remember a session that has just begun."""
        file = os.open(self._file(leader), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, f"{_start_time(leader)} {boot_id()}".encode("ascii"))
        finally:
            os.close(file)

    def remove(self, leader: int) -> None:
        """Forget a session that has ended."""
        with suppress(FileNotFoundError):
            os.unlink(self._file(leader))  # noqa: PTH108 - for every attempt; a Path costs more than the rest

    def _file(self, leader: int) -> str:
        return os.path.join(self._folder, str(leader))


def living_sessions(folder: Path) -> set[int]:
    """Return the remembered sessions that may still have processes: none from before the machine last started."""
    found = set()
    for file in folder.iterdir() if folder.is_dir() else ():
        started, _, boot = file.read_text(encoding="ascii").partition(" ")
        if file.name.isdecimal() and boot == boot_id() and _start_time(int(file.name)) in {started, ""}:
            found.add(int(file.name))
    return found


@cache
def boot_id() -> str:
    """Return what tells this start of the machine from others; empty where the system does not say."""
    with suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _start_time(pid: int) -> str:
    """Return when a process started; empty where there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            return file.readall().rpartition(b")")[2].split()[_START_FIELD].decode("ascii")
    except (OSError, IndexError):
        return ""
