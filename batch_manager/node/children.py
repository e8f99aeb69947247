"""Runs a child in this process's place: the same streams, its signals passed on, its exit code given back."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from batch_manager.errors import DefinitionError

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What is passed on to the child; Batch ends a task with the first."""


def run_child(words: Sequence[str], environ: Mapping[str, str], *, timeout: float | None = None) -> int:
    """Run a program until it ends.

    Args:
        words: the program and its arguments.
        environ: its environment.
        timeout: seconds it may take; None for no limit.

    Returns:
        Its exit code; 128 and the number of the signal if one ended it, as a shell has it.

    Raises:
        DefinitionError: there is no such program, or it is none that can be started.
        subprocess.TimeoutExpired: the time is over. The child was asked to end and, after a pause, killed.
    """
    with _passing_on() as children:
        try:
            child = subprocess.Popen(words, env=dict(environ))
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            raise DefinitionError(
                f"the command cannot be started: {words[0]!r}: {error.strerror}. "
                "Install it on the pool's nodes, send it as an input file, or correct the command line"
            ) from None
        children.add(child)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            end_child(child)
            raise
    return code if code >= 0 else 128 - code


GRACE = 10.0
"""Seconds a child has after it was asked to end."""


def end_child(child: subprocess.Popen[bytes], *, grace: float = GRACE) -> None:
    """Ask a child to end, and kill it if it does not in time."""
    child.terminate()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class _Children:
    """The child, and the signals that came before it was there."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def add(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for number in self._early:
            child.send_signal(number)

    def signal(self, number: int, _frame: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
        else:
            self._child.send_signal(number)


@contextmanager
def _passing_on() -> Iterator[_Children]:
    children = _Children()
    before = {number: signal.signal(number, children.signal) for number in SIGNALS}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
