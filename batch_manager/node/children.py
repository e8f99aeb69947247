"""Runs a child in this process's place: the same streams, its signals passed on, its exit code given back."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NamedTuple

from batch_manager.errors import DefinitionError
from batch_manager.node.watchdog import Watchdog

SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What is passed on to the child; Batch ends a task with the first."""

GRACE = 10.0
"""Seconds a child has after it was asked to end."""

_UNFIT = {errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ENOEXEC, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""What the system says of a program that cannot be started at any time."""


class ChildEnd(NamedTuple):
    """How a child ended."""

    exit_code: int
    """128 and the number of the signal if one ended it, as a shell has it."""
    out_of_time: bool = False
    """Whether it was ended since its time was over."""
    asked_to_end: bool = False
    """Whether this process was asked to end meanwhile, and the child with it."""


def run_child(words: Sequence[str], environ: Mapping[str, str], *, timeout: float | None = None) -> int:
    """Run a program until it ends, and give its exit code, as ``watch_child`` does.

    Raises:
        DefinitionError: as ``watch_child``.
        subprocess.TimeoutExpired: the time is over. The child was asked to end and, after a pause, killed.
    """
    end = watch_child(words, environ, timeout=timeout)
    if end.out_of_time and timeout is not None:
        raise subprocess.TimeoutExpired(list(words), timeout)
    return end.exit_code


def watch_child(
    words: Sequence[str], environ: Mapping[str, str], *, timeout: float | None = None, grace: float = GRACE
) -> ChildEnd:
    """Run a program until it ends.

    It leads a process group of its own: what it started is asked to end, and killed, with it when its time is over, and
    killed when this process is.

    Args:
        words: the program and its arguments.
        environ: its environment.
        timeout: seconds it may take; None for no limit.
        grace: seconds it has after it was asked to end because its time is over.

    Raises:
        DefinitionError: there is no such program, or it is none that can be started.
    """
    with _passing_on() as signals:
        child = _start(words, environ)
        signals.pass_on_to(child)
        watchdog = Watchdog(child.pid)
        clock = _Clock(child, timeout, grace)
        code = child.wait()
        clock.stop()
        watchdog.stop()
    return ChildEnd(exit_code=code if code >= 0 else 128 - code, out_of_time=clock.is_over, asked_to_end=signals.came)


def _start(words: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        if sys.platform == "win32":
            return subprocess.Popen(words, env=dict(environ))
        return subprocess.Popen(words, env=dict(environ), process_group=0)
    except OSError as error:
        if error.errno not in _UNFIT:
            raise
        raise DefinitionError(
            f"the command cannot be started: {words[0]!r}: {error.strerror}. "
            "Install it on the pool's nodes, send it as an input file, or correct the command line"
        ) from None


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a child and to what it started."""
    try:
        if sys.platform == "win32":
            child.send_signal(number)
        else:
            os.killpg(child.pid, number)
    except OSError:
        pass  # all of them have ended


class _Clock:
    """Ends a child when its time is over."""

    def __init__(self, child: subprocess.Popen[bytes], timeout: float | None, grace: float) -> None:
        self.is_over = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        if timeout is not None:
            self._thread = threading.Thread(target=self._watch, args=(child, timeout, grace), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """The child has ended."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, child: subprocess.Popen[bytes], timeout: float, grace: float) -> None:
        if self._ended.wait(min(max(timeout, 0.0), threading.TIMEOUT_MAX)):
            return
        self.is_over = True
        _signal_group(child, signal.SIGTERM)
        self._ended.wait(grace)
        _signal_group(child, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


class _Signals:
    """What this process was sent: passed on to the child, also if it came before that was there."""

    def __init__(self) -> None:
        self.came = False
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def pass_on_to(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for number in self._early:
            _signal_group(child, number)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        self.came = True
        if self._child is None:
            self._early.append(number)
        elif self._child.returncode is None:
            _signal_group(self._child, number)


@contextmanager
def _passing_on() -> Iterator[_Signals]:
    signals = _Signals()
    before = {number: signal.signal(number, signals.handle) for number in SIGNALS}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
