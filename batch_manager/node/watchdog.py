"""Ends what a process started when that process is killed before it could: for want of memory, or by a person.

Without it the command of a task would go on though its task has ended for Batch, and the next try would run beside it.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

_SHELL = "/bin/sh"
_PROGRAM = 'trap "" TERM INT HUP; read -r word || kill -s KILL -- "-$0"'
"""The read ends with a word from this process, or without one when it has ended in whatever way."""


class Watchdog:
    """Kills a process group once this process is no more; until ``stop`` is called.

    It is a shell that waits at a pipe, so that it costs what the start of one more process does. Where there is no
    shell, or on Windows, there is no watchdog.

    Args:
        group: the process group's number.
    """

    def __init__(self, group: int) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "win32":
            return
        with suppress(OSError):  # no shell, or this machine has no room for one more process
            self._process = subprocess.Popen(
                [_SHELL, "-c", _PROGRAM, str(group)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )

    def stop(self) -> None:
        """The group has ended, or is to go on."""
        if self._process is not None:
            with suppress(OSError):  # somebody ended it
                self._process.communicate(b"stop\n")
