"""The job's time limit, as each process of the job keeps it. Light: imported on a node if the job has one.

Batch has time limits for an attempt and for a whole job, and at the end of the latter it ends every task, FinalizeTask
too. So the processes keep the limit themselves, and the job's own comes ``submit.JOB_GRACE`` later, as the last resort.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from batch_manager.errors import TimeLimitError, UsageError
from batch_manager.exit_codes import ExitCode

LONGEST_WAIT = 366 * 86_400.0
"""Seconds; longer than any job may last, and short enough for every clock."""

CLEANUP_SECONDS = 10.0
"""What a task has for clearing up after it was interrupted; then its process ends."""

_INTERRUPT = getattr(signal, "SIGALRM", signal.SIGINT)  # Windows has no SIGALRM


def read_time_limit(text: str) -> float | None:
    """When the job's time is over, in seconds since 1970; None if it has no limit.

    Raises:
        UsageError: the text is no number.
    """
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"the job's time limit {text!r} is no number of seconds since 1970") from None


def time_limit_error(ends_at: float) -> TimeLimitError:
    """The error that says when it was over."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ends_at))
    return TimeLimitError(f"the job's time limit was over at {when} UTC")


class TimeLimit:
    """A context that the job's time limit interrupts.

    Entered too late, it raises ``TimeLimitError`` at once. When time is over, ``TimeLimitError`` is raised in the main
    thread, wherever it is; any exception that comes of it counts as one. Code that catches it and goes on has
    ``cleanup_seconds`` before the process ends with ``ExitCode.TIME_LIMIT``. On a thread that is not the main one,
    only the beginning is looked at.
    """

    def __init__(self, ends_at: float, *, cleanup_seconds: float = CLEANUP_SECONDS) -> None:
        """
        Args:
            ends_at: seconds since 1970.
            cleanup_seconds: see the class.
        """
        self._ends_at = ends_at
        self._cleanup_seconds = cleanup_seconds
        self._left = threading.Event()
        self._fired = False
        self._thread: threading.Thread | None = None
        self._former: Callable[[int, FrameType | None], Any] | int | None = None

    def __enter__(self) -> None:
        remaining = self._ends_at - time.time()
        if remaining <= 0:
            raise time_limit_error(self._ends_at)
        if threading.current_thread() is not threading.main_thread():
            return
        self._former = signal.signal(_INTERRUPT, self._interrupt)
        self._thread = threading.Thread(target=self._watch, args=(remaining,), name="time limit", daemon=True)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left.set()
        if self._thread is not None:
            self._thread.join()  # no interrupt comes after it, so the former handler may be there again
            signal.signal(_INTERRUPT, self._former if self._former is not None else signal.SIG_DFL)
        if self._fired and error is not None and not isinstance(error, TimeLimitError) and not _is_success(error):
            raise time_limit_error(self._ends_at) from error

    def _watch(self, remaining: float) -> None:
        if self._left.wait(min(remaining, LONGEST_WAIT)):
            return
        self._send_interrupt()
        if not self._left.wait(self._cleanup_seconds):
            _end_process(f"{time_limit_error(self._ends_at)}; it did not stop when interrupted")

    def _send_interrupt(self) -> None:
        main = threading.main_thread().ident
        if sys.platform != "win32" and main is not None:
            signal.pthread_kill(main, _INTERRUPT)  # wakes a main thread that sleeps or waits
        else:
            signal.raise_signal(_INTERRUPT)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._left.is_set():
            self._fired = True
            raise time_limit_error(self._ends_at)


def end_process_at(ends_at: float, *, cleanup_seconds: float = CLEANUP_SECONDS) -> None:
    """End this process when the job's time is over, but not before ``cleanup_seconds``, if it does not end by itself
    until then: a thread that goes on would keep it."""
    seconds = max(ends_at - time.time(), cleanup_seconds)

    def wait_and_end() -> None:
        time.sleep(min(seconds, LONGEST_WAIT))
        _end_process(f"{time_limit_error(ends_at)}; a thread of this process did not end")

    threading.Thread(target=wait_and_end, name="time limit", daemon=True).start()


def _is_success(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _end_process(message: str) -> None:
    """End this process at once; what it has printed is written if nothing holds that up."""
    flush = threading.Thread(target=_flush, args=(message,), daemon=True)
    flush.start()
    flush.join(1.0)
    os._exit(ExitCode.TIME_LIMIT)


def _flush(message: str) -> None:
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)
