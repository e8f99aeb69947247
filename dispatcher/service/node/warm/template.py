"""A template: a Python that has started and is copied for each task."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from dispatcher.service.node.launch import Usage
from dispatcher.service.node.leader import usage_of
from dispatcher.service.node.warm.messages import (
    MOST_ANSWER_BYTES,
    MOST_BYTES,
    MOST_REQUEST_BYTES,
    collect_request,
    read_collected,
    read_started,
    start_request,
)
from dispatcher.service.node.warm.recipe import Recipe

logger = logging.getLogger(__name__)

Mark = tuple[int, int, int]
"""What tells a state of a file from others: the time of its last change in nanoseconds, its number and its size."""


class Copy:
    """A copy of a template that runs a task; see ``Leader``."""

    def __init__(self, pid: int, template: Template) -> None:
        self.pid = pid
        self._template = template

    def collect(self) -> tuple[int, Usage | None]:
        """See ``Leader``."""
        return self._template.collect(self.pid)


class Template:
    """A template that is ready. Any thread may call."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        control: socket.socket,
        watched: Mapping[str, Mark | None],
        answer_seconds: float,
    ) -> None:
        self._answer_seconds = answer_seconds
        self._process = process
        self._control = control
        self._watched = watched
        self._lock = threading.Lock()
        self._copies = 0
        self._made = 0
        self._is_retired = False

    def is_outdated(self) -> bool:
        """Tell whether something that it imported, or where it looked for that, has changed."""
        return any(mark_of(path) != mark for path, mark in self._watched.items())

    @property
    def made(self) -> int:
        """How many copies it was asked for."""
        return self._made

    def has_ended_idle(self) -> bool:
        """Tell whether it ended because nobody needed it."""
        return self._process.poll() == 0

    def copy(
        self,
        recipe: Recipe,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: str,
        stdout: int,
        stderr: int,
    ) -> Copy | None:
        """Start a task; None where nothing of it was started, nor will be.

        Raises:
            ConnectionError: likewise, because the template is of no use any more.
            OSError: likewise, because no descriptor is left.
        """
        request = start_request(recipe.program, folder, argv, environment, own=len(argv) - len(recipe.words))
        if len(request) > MOST_REQUEST_BYTES or not self._reserve():
            return None
        pid = None
        try:
            pid = self._ask(request, stdout, stderr)
        finally:
            if pid is None:
                self._give_back()
        return None if pid is None else Copy(pid, self)

    def collect(self, pid: int) -> tuple[int, Usage | None]:
        """Return how a copy ended, as of wait(2), once it has; its number is free from then on."""
        try:
            with self._lock, suppress(OSError):
                self._control.send(collect_request(pid))
                collected = read_collected(self._control.recv(MOST_BYTES))
                if collected is not None:
                    return collected.status, collected.usage
            self.close()  # it does not answer: its copies become this process's, if that is a subreaper
            return _collect_orphan(pid)
        finally:
            self._give_back()

    def retire(self) -> None:
        """Make no more copies, and end when the last of them is collected."""
        with self._lock:
            self._is_retired = True
            if self._copies:
                return
        self.close()

    def close(self) -> None:
        """End it; its copies go on, as this process's if that is the subreaper of what it started."""
        with self._lock:
            self._is_retired = True
            self._process.kill()
            self._process.wait()
            self._control.close()

    def _reserve(self) -> bool:
        with self._lock:
            self._copies += not self._is_retired
            self._made += not self._is_retired
            return not self._is_retired

    def _give_back(self) -> None:
        with self._lock:
            self._copies -= 1
            is_last = self._is_retired and not self._copies
        if is_last:
            self.close()

    def _ask(self, request: bytes, stdout: int, stderr: int) -> int | None:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    socket.send_fds(self._control, [request], [theirs.fileno(), stdout, stderr])
                except OSError as error:
                    raise ConnectionError(str(error)) from error
            answer = _read_answer(ours, self._answer_seconds)
        if not answer:
            raise ConnectionError("it did not copy itself")
        return read_started(answer)


def _read_answer(gate: socket.socket, seconds: float) -> bytes:
    """Return what the copy says when it is about to run its program; if that is nothing, it never will."""
    gate.settimeout(seconds)
    try:
        return gate.recv(MOST_ANSWER_BYTES)
    except TimeoutError:
        gate.shutdown(socket.SHUT_RD)  # from here on the copy cannot answer, and ends itself when it tries to
        return gate.recv(MOST_ANSWER_BYTES)
    except ConnectionError:
        return b""


def _collect_orphan(pid: int) -> tuple[int, Usage | None]:
    """Collect a copy whose template is gone; that works where this process is the subreaper of what it started."""
    try:
        _, status, used = os.wait4(pid, 0)
        return status, usage_of(used)
    except ChildProcessError:
        logger.warning("how process %d ended is not known, because the template that started it was killed", pid)
        return signal.SIGKILL, None


def mark_of(path: str) -> Mark | None:
    """Return a file's or folder's; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - many for every task
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
