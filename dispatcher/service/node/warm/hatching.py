"""From a recipe to a template: a Python is started, stops before its program, and says what it depends on."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from dispatcher.service.node.limits import lower_for_task
from dispatcher.service.node.warm.messages import MOST_BYTES, introduction, read_introduced
from dispatcher.service.node.warm.options import WarmLevel, WarmOptions
from dispatcher.service.node.warm.recipe import Recipe
from dispatcher.service.node.warm.template import Mark, Template, mark_of

OUTPUT = "output.txt"
"""What a template's modules print, for whoever looks why there is none."""
HOOK = Path(__file__).with_name("hook")
_VARIABLE = "DISPATCHER_WARM_START"
_LOOK_AGAIN_SECONDS = 0.1
_SETTLED_NS = 20_000_000
"""How long before a template's start the last change of a file must be: clocks of file systems tick coarsely."""


class TemplateError(Exception):
    """There is no template; the message says why."""


class Unsettled(TemplateError):  # noqa: N818 - it says what happened
    """A file that it depends on has just changed; later there may be one."""


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
        watched = {path: mark_of(path) for path in hatching.introduce(told)}
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
