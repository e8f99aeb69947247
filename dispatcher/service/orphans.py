"""Ends what an earlier service on the same folder left running when it was killed, so that no task runs twice at once.

A task's processes are known by any of three marks: their environment, which names the node's folder and which their
children inherit; their session, which the node remembers on disk; and an output that is a task's ``stdout.txt`` or
``stderr.txt``. One that gives up all three (clears its environment, makes a session of its own and sends its output
elsewhere) is not found; nor is any on a system without ``/proc``. Containers are known by a label.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dispatcher.service.node.engine import EngineFinder, end_containers
from dispatcher.service.node.layout import STDERR, STDOUT
from dispatcher.service.node.private import ENGINE_FOLDER, RUNNING_FOLDER
from dispatcher.service.node.sessions import living_sessions

logger = logging.getLogger(__name__)

_PROC = Path("/proc")
_LOOK_AGAIN_SECONDS = 0.01
_SESSION_FIELD = 3
"""Of those after a process's name in ``/proc/<pid>/stat``."""


def end_orphans(nodes: Path, *, within_seconds: float = 10.0) -> int:
    """Kill every process and container that a node below a folder started; return how many there were.

    Call it while no service runs on the folder: it makes no difference between old processes and new ones. It looks
    again until none is left, because a process may start others while it is being killed.
    """
    deadline = time.monotonic() + within_seconds
    # The process that ran the nodes is among the account's own sessions; while it lives it may start others.
    folders = [nodes.parent / RUNNING_FOLDER, *nodes.glob(f"*/.*/{RUNNING_FOLDER}")]
    sessions = {session for folder in folders for session in living_sessions(folder)}
    found: set[int] = set()
    while orphans := set(_processes_of(nodes, sessions)):
        found |= orphans
        for pid in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            logger.warning("processes %s of an earlier service do not end although they were killed", sorted(orphans))
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    for folder in folders:
        for file in folder.iterdir() if folder.is_dir() else ():
            file.unlink()
    return len(found) + end_containers(nodes, EngineFinder(nodes.parent / ENGINE_FOLDER))


def _processes_of(nodes: Path, sessions: set[int]) -> Iterator[int]:
    mark = b"AZ_BATCH_NODE_ROOT_DIR=" + os.fsencode(nodes) + b"/"
    outputs = f"{nodes}/"
    for process in _PROC.iterdir() if _PROC.is_dir() else ():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            with suppress(OSError):  # ended meanwhile, or another user's
                if _is_orphan(process, mark, sessions, outputs):
                    yield int(process.name)


def _is_orphan(process: Path, mark: bytes, sessions: set[int], outputs: str) -> bool:
    state, *fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    if state in {b"Z", b"X"}:  # it has ended and is not collected
        return False
    if int(fields[_SESSION_FIELD - 1]) in sessions:
        return True
    environment = (process / "environ").read_bytes()
    if environment.startswith(mark) or b"\0" + mark in environment:
        return True
    return any(_is_output(process / "fd" / str(descriptor), outputs) for descriptor in (1, 2))


def _is_output(descriptor: Path, outputs: str) -> bool:
    with suppress(OSError):
        target = str(descriptor.readlink()).removesuffix(" (deleted)")
        return target.startswith(outputs) and target.endswith((f"/{STDOUT}", f"/{STDERR}"))
    return False
