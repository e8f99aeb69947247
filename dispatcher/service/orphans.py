"""Ends what an earlier service on the same folder left running when it was killed, so that no task runs twice at once.

A task's processes are known by any of four marks: the limit that all processes of an account's nodes inherit
(`ProcessMark`); their environment, which names the node's folder and which their children inherit; their session, which
the node remembers on disk; and an output that is a task's ``stdout.txt`` or ``stderr.txt``. One that sets that limit
itself and gives up the other three is not found; nor is any on a system without ``/proc``, or one that became another
user's while the service is not root. Containers are known by a label.
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
from dispatcher.service.node.process_mark import ProcessMark
from dispatcher.service.node.sessions import forget_sessions, living_sessions

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
    mark = ProcessMark(nodes.parent)
    while orphans := set(_processes_of(nodes, sessions, mark)):
        found |= orphans
        for pid in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            logger.warning("processes %s of an earlier service do not end although they were killed", sorted(orphans))
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    for folder in folders:
        forget_sessions(folder)
    return len(found) + end_containers(nodes, EngineFinder(nodes.parent / ENGINE_FOLDER))


def _processes_of(nodes: Path, sessions: set[int], mark: ProcessMark) -> Iterator[int]:
    variable = b"AZ_BATCH_NODE_ROOT_DIR=" + os.fsencode(nodes) + b"/"
    outputs = f"{nodes}/"
    for process in _PROC.iterdir() if _PROC.is_dir() else ():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            with suppress(OSError):  # ended meanwhile, or another user's
                pid = int(process.name)
                if _lives(process) and (mark.is_on(pid) or _is_orphan(process, variable, sessions, outputs)):
                    yield pid


def _lives(process: Path) -> bool:
    """Whether a process has not ended; one that ended and is not collected has."""
    return _fields(process)[0] not in {b"Z", b"X"}


def _fields(process: Path) -> list[bytes]:
    return (process / "stat").read_bytes().rpartition(b")")[2].split()


def _is_orphan(process: Path, variable: bytes, sessions: set[int], outputs: str) -> bool:
    if int(_fields(process)[_SESSION_FIELD]) in sessions:
        return True
    environment = (process / "environ").read_bytes()
    if environment.startswith(variable) or b"\0" + variable in environment:
        return True
    return any(_is_output(process / "fd" / str(descriptor), outputs) for descriptor in (1, 2))


def _is_output(descriptor: Path, outputs: str) -> bool:
    with suppress(OSError):
        target = str(descriptor.readlink()).removesuffix(" (deleted)")
        return target.startswith(outputs) and target.endswith((f"/{STDOUT}", f"/{STDERR}"))
    return False
