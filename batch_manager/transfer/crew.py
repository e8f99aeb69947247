"""Threads that make the requests of a transfer, side by side, and stop when they are told to.

They are daemons: a command that is interrupted ends at once, in the midst of requests, as if it had been killed. What
they do can be taken up again, so nothing has to be waited for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from batch_manager.errors import BatchManagerError, BusyError
from batch_manager.exit_codes import ExitCode
from batch_manager.patience import Patience

T = TypeVar("T")
Item = TypeVar("Item")

AHEAD = 8
"""Blocks of one file that are in memory at the same time."""


class StoppedError(BatchManagerError):
    """The transfer was interrupted."""

    exit_code = ExitCode.CANCELLED


class Crew:
    """Some threads and the work that waits for one of them; use it as a context manager.

    Once a request of it was in vain for as long as the patience lasts, the others are not made any more: the account is
    out of reach, and each would wait as long again.
    """

    def __init__(self, size: int, patience: Patience) -> None:
        self.size = size
        self._stop = threading.Event()
        self._gave_up: BusyError | None = None
        self._patience = replace(patience, sleep=self._sleep)
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._stop.set()
        for _ in range(self._threads):
            self._work.put(None)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have a thread do this, after what was submitted before."""
        future: Future[T] = Future()
        self._work.put(lambda: _do(work, future))
        if self._threads < self.size:
            self._threads += 1
            threading.Thread(target=self._run, daemon=True, name="transfer").start()
        return future

    def ask(self, request: Callable[[], T]) -> T:
        """Make a request that may be made twice, until it is answered.

        Raises:
            BusyError: it was not, for as long as the patience lasts.
            StoppedError: the transfer was interrupted.
        """
        self._check()
        try:
            return self._patience.repeat(request)
        except BusyError as error:
            self._gave_up = error
            raise

    def iterate(self, listing: Callable[[], Iterator[T]]) -> Iterator[T]:
        """What a listing yields, likewise."""
        return self._patience.iterate(listing)

    def in_order(self, items: Iterable[Item], work: Callable[[Item], T]) -> Iterator[T]:
        """Do this with each item, ``AHEAD`` at once, and yield what came of it in the items' order. Not for a thread of
        the crew, which would wait for itself."""
        waiting: deque[Future[T]] = deque()
        for item in items:
            waiting.append(self.submit(_Call(work, item)))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError("the transfer was interrupted")
        if (error := self._gave_up) is not None:
            raise BusyError(str(error), operation=error.operation, status=error.status, code=error.code)

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError("the transfer was interrupted")


class _Call(Generic[Item, T]):
    __slots__ = ("_item", "_work")

    def __init__(self, work: Callable[[Item], T], item: Item) -> None:
        self._work, self._item = work, item

    def __call__(self) -> T:
        return self._work(self._item)


def _do(work: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
        future.set_exception(error)
