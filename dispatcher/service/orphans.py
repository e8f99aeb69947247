"""Ends what an earlier service on the same folder left running when it was killed, so that no task runs twice at once.

A task's processes are known by their environment, which names the node's folder and which their children inherit. One
that clears its environment is not found; nor is any on a system without ``/proc``.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_PROC = Path("/proc")
_LOOK_AGAIN_SECONDS = 0.01


def end_orphans(nodes: Path, *, within_seconds: float = 10.0) -> int:
    """Kill every process that a node below a folder started; return how many there were.

    Call it while no service runs on the folder: it makes no difference between old processes and new ones. It looks
    again until none is left, because a process may start others while it is being killed.
    """
    deadline = time.monotonic() + within_seconds
    found: set[int] = set()
    while orphans := set(_processes_of(nodes)):
        found |= orphans
        for pid in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            logger.warning("processes %s of an earlier service do not end although they were killed", sorted(orphans))
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    return len(found)


def _processes_of(nodes: Path) -> Iterator[int]:
    mark = b"AZ_BATCH_NODE_ROOT_DIR=" + os.fsencode(nodes) + b"/"
    for process in _PROC.iterdir() if _PROC.is_dir() else ():
        if process.name.isdecimal():
            try:
                environment = (process / "environ").read_bytes()  # empty for one that has ended and is not collected
            except OSError:
                continue
            if environment.startswith(mark) or b"\0" + mark in environment:
                yield int(process.name)
