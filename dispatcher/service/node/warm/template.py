"""A template: a Python that has started and is copied for each task."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from dispatcher.service.node.launch import Usage
from dispatcher.service.node.leader import usage_of
from dispatcher.service.node.limits import lower_for_task
from dispatcher.service.node.warm.messages import (
    MOST_ANSWER_BYTES,
    MOST_BYTES,
    MOST_REQUEST_BYTES,
    collect_request,
    introduction,
    read_collected,
    read_introduced,
    read_started,
    start_request,
)
from dispatcher.service.node.warm.options import WarmLevel, WarmOptions
from dispatcher.service.node.warm.recipe import Recipe

logger = logging.getLogger(__name__)

OUTPUT = "output.txt"
"""What a template's modules print, for whoever looks why there is none."""
HOOK = Path(__file__).with_name("hook")
_VARIABLE = "DISPATCHER_WARM_START"
_LOOK_AGAIN_SECONDS = 0.1
_SETTLED_NS = 20_000_000
"""How long before a template's start the last change of a file must be: clocks of file systems tick coarsely."""


Mark = tuple[int, int, int]
"""What tells a state of a file from others: the time of its last change in nanoseconds, its number and its size."""


class TemplateError(Exception):
    """There is no template; the message says why."""


class Unsettled(TemplateError):  # noqa: N818 - it says what happened
    """A file that it depends on has just changed; later there may be one."""


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
        return any(_mark(path) != mark for path, mark in self._watched.items())

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


def start_template(
    recipe: Recipe,
    options: WarmOptions,
    *,
    root: str,
    folder: Path,
    null: int,
    keep_going: Callable[[], bool] = lambda: True,
) -> Template:
    """Start a template and wait until it is ready.

    Args:
        recipe: what it is to be.
        options: what it imports.
        root: the node's folder, by which the service finds what a killed one left behind.
        folder: where it runs, made if missing.
        null: a descriptor of ``/dev/null``.
        keep_going: asked now and then; False breaks off.

    Raises:
        TemplateError: it did not become one; the message says why.
        Unsettled: a file that it depends on has just changed.
    """
    starter = _Starter(recipe, root, folder, null)
    with _Hatching(starter.start((*recipe.words_before_target, "-c", "pass")), options, keep_going) as trial:
        # what does not stop where a template does would run the task's own program
        trial.introduce(introduction(WarmLevel.INTERPRETER.value, "", (), (), idle_seconds=0.0))
    began = time.time_ns()
    names = ("runpy", *options.modules) if recipe.is_module else ()
    with _Hatching(starter.start(recipe.words), options, keep_going) as hatching:
        told = introduction(
            options.level.value,
            recipe.target,
            ("AZ_BATCH_", *options.own_prefixes),
            names,
            idle_seconds=options.idle_seconds,
        )
        watched = {path: _mark(path) for path in hatching.introduce(told)}
        if any(mark is not None and mark[0] > began - _SETTLED_NS for mark in watched.values()):
            raise Unsettled("its files have just changed")
        return hatching.release(watched)


class _Hatching:
    """A process that is to become a template; ended at the end of a ``with`` statement unless it is released."""

    def __init__(
        self,
        started: tuple[subprocess.Popen[bytes], socket.socket],
        options: WarmOptions,
        keep_going: Callable[[], bool],
    ) -> None:
        self._process, self._control = started
        self._options = options
        self._keep_going = keep_going
        self._is_released = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_released:
            self._process.kill()
            self._process.wait()
            self._control.close()

    def introduce(self, message: bytes) -> tuple[str, ...]:
        """Tell it what to be; return the paths to watch.

        Raises:
            TemplateError: it did not become that.
        """
        self._control.settimeout(_LOOK_AGAIN_SECONDS)
        try:
            self._control.send(message)
            return read_introduced(self._receive())
        except OSError:
            raise TemplateError("it ended before it was ready") from None
        except ValueError as error:
            raise TemplateError(str(error)) from None

    def _receive(self) -> bytes:
        deadline = time.monotonic() + self._options.ready_seconds
        while True:
            try:
                return self._control.recv(MOST_BYTES)
            except TimeoutError:
                if time.monotonic() >= deadline:
                    limit = f"{self._options.ready_seconds:g} s"
                    raise TemplateError(f"what it imports has not ended after {limit}") from None
                if not self._keep_going():
                    raise TemplateError("the node was closed") from None

    def release(self, watched: Mapping[str, Mark | None]) -> Template:
        """Return the template."""
        self._is_released = True
        self._control.settimeout(self._options.answer_seconds)
        return Template(self._process, self._control, watched, self._options.answer_seconds)


class _Starter:
    """Starts processes with all that a recipe says but the command."""

    def __init__(self, recipe: Recipe, root: str, folder: Path, null: int) -> None:
        environment = dict(recipe.environment)
        search = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = str(HOOK) if search is None else f"{HOOK}:{search}"
        self._environment = {**environment, "HOME": str(folder), "AZ_BATCH_NODE_ROOT_DIR": root}
        self._program = recipe.program
        self._folder = folder
        self._null = null

    def start(self, words: Sequence[str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
        """Return a process and what to speak to it with.

        Raises:
            TemplateError: it cannot be started.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._folder.mkdir(mode=0o700, exist_ok=True)
                with (self._folder / OUTPUT).open("wb") as output:
                    process = self._popen(words, output.fileno(), theirs.fileno())
            except OSError as error:
                ours.close()
                raise TemplateError(str(error)) from None
        lower_for_task(process.pid)
        return process, ours

    def _popen(self, words: Sequence[str], output: int, control: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            executable=self._program,
            stdin=self._null,
            stdout=output,
            stderr=output,
            cwd=self._folder,
            env={**self._environment, _VARIABLE: str(control)},
            start_new_session=True,
            pass_fds=(control,),
        )


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


def _mark(path: str) -> Mark | None:
    """Return a file's or folder's; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - many for every task
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
