"""What the tasks of a chaos run really did, written by themselves beside Batch and its files. Standard library alone.

Each task has a file of lines, appended by every process that ran its code, and a lock that dies with the process that
holds it: so two processes of one task at the same time are seen whatever the service says of them.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

BEGAN, WELL, FAILED, AGAIN, OVERLAP = "began", "well", "failed", "again", "overlap"


class Diary:
    """The diary of one job, in a folder that all nodes of this machine see."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, task: int) -> IO[str]:
        """Note that a process runs the task's code; keep what is returned open while it does."""
        lock = (self.folder / f"{task}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.note(task, OVERLAP)
        self.note(task, BEGAN)
        return lock

    def note(self, task: int, line: str) -> None:
        """Append a line; whole or not at all, since it is one short write."""
        descriptor = os.open(self.folder / str(task), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def read(self, task: int) -> list[str]:
        """The lines of a task."""
        path = self.folder / str(task)
        return path.read_text().splitlines() if path.exists() else []
