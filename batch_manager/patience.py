"""Asks again, with growing pauses and until a deadline, where a service is busy, throttles or loses its reply.

Microsoft's clients repeat some requests a few times within seconds; a throttled account or a service that restarts
takes minutes. Only what may safely be done twice is repeated: a request that was carried out and whose reply was lost
is repeated too.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from batch_manager.errors import BusyError

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often to ask again.

    Attributes:
        limit: seconds after which a ``BusyError`` is final; 0 for no repetition.
        first_pause: seconds before the first repetition; each later pause is twice as long, give or take a quarter.
        max_pause: seconds of the longest pause. A service that says when to come back is obeyed.
        monotonic: the clock, in seconds.
        sleep: waits so many seconds.
        chance: a number from 0 to 1, so that many clients do not come back at the same moment.
    """

    limit: float = 300.0
    first_pause: float = 0.5
    max_pause: float = 30.0
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def begin(self) -> Deadline:
        """Begin an operation: its time runs from now on."""
        return Deadline(self)

    def repeat(self, request: Callable[[], T]) -> T:
        """Make a request that may be made twice, until it is answered.

        Raises:
            BusyError: the last one, once the time is over; any other error at once.
        """
        deadline = self.begin()
        while True:
            try:
                return request()
            except BusyError as error:
                deadline.pause(error)

    def iterate(self, listing: Callable[[], Iterator[T]]) -> Iterator[T]:
        """What a listing yields. ``next`` is called again after a ``BusyError``, so that what was yielded is not
        yielded twice; a listing that cannot go on after an error lets it out once it has yielded something."""
        items, begun, deadline = self.repeat(listing), False, self.begin()
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except BusyError as error:
                resumes = getattr(items, "goes_on", False)
                if begun and not resumes:
                    raise
                deadline.pause(error)
                items = items if resumes else self.repeat(listing)
                continue
            begun, deadline = True, deadline.renewed()
            yield item


class Deadline:
    """The time of one operation, and the pauses in it."""

    __slots__ = ("_ends", "_patience", "_pauses", "_started")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._started = patience.monotonic()
        self._ends = self._started + patience.limit
        self._pauses = 0

    def renewed(self) -> Deadline:
        """One that begins now; this one if there was no pause yet."""
        return self._patience.begin() if self._pauses else self

    def pause(self, error: BusyError) -> None:
        """Wait before the next try.

        Raises:
            BusyError: the time is over, or would be before the service wants to be asked again.
        """
        patience = self._patience
        now = patience.monotonic()
        length = error.retry_after if error.retry_after is not None else self._next_pause()
        if now >= self._ends or (error.retry_after is not None and now + length > self._ends):
            raise self._final(error, now) from error
        self._pauses += 1
        length = min(length, self._ends - now)
        _log.warning("asking again in %.1f s: %s", length, error)
        patience.sleep(length)

    def _next_pause(self) -> float:
        patience = self._patience
        whole: float = min(patience.max_pause, patience.first_pause * 2.0 ** min(self._pauses, 30))
        return float(min(patience.max_pause, whole * (0.75 + patience.chance() / 2)))

    def _final(self, error: BusyError, now: float) -> BusyError:
        if not self._pauses:
            return error
        return error.extended(f"; asked {self._pauses + 1} times in {now - self._started:.0f} s")


DEFAULT_PATIENCE = Patience()
