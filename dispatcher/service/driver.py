"""Runs the worker on the event loop: when something happened, and when the clock says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from dispatcher.service.clock import Clock
from dispatcher.service.store import StoreFailed
from dispatcher.service.worker import Worker

logger = logging.getLogger(__name__)

_LONGEST_SLEEP = 60.0
_SHORTEST_SLEEP = 0.001


class Driver:
    """Lets a worker step on a loop; `wake` may be called from any thread, and before the loop is there."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending = False
        self._timer: asyncio.TimerHandle | None = None
        self._step: Callable[[], bool] = lambda: False
        self._next_deadline: Callable[[], datetime | None] = lambda: None
        self._clock: Clock | None = None
        self._failed: Callable[[], None] = lambda: None

    def start(
        self,
        worker: Worker,
        clock: Clock,
        next_deadline: Callable[[], datetime | None],
        failed: Callable[[], None],
    ) -> None:
        """Begin to step on the running loop.

        Args:
            worker: what steps.
            clock: what tells it the time.
            next_deadline: when there is something to do though nothing happens.
            failed: called once when a step raises; no step is made after it, since memory and store may differ.
        """
        self._step, self._clock, self._next_deadline, self._failed = worker.step, clock, next_deadline, failed
        self._loop = asyncio.get_running_loop()
        self._pending = False
        self.wake()

    def stop(self) -> None:
        """Make no more steps."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()

    def wake(self) -> None:
        """Step soon."""
        loop = self._loop
        if loop is not None and not self._pending:
            self._pending = True
            loop.call_soon_threadsafe(self._run)

    def _run(self) -> None:
        if self._loop is None or self._clock is None:
            return
        self._pending = False  # before the step, so that what happens during it wakes the loop again
        try:
            active = self._step()
        except StoreFailed:  # whoever put worker and store together was told, and stops
            return
        except Exception:  # the outermost line of a step: the service ends, and the next start recovers from the store
            logger.critical("the worker failed; the service stops", exc_info=True)
            self.stop()
            self._failed()
            return
        if active:
            self.wake()
        else:
            self._sleep(self._loop, self._clock)

    def _sleep(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._next_deadline()
        wait = _LONGEST_SLEEP if deadline is None else (deadline - clock.now()).total_seconds()
        self._timer = loop.call_later(min(max(wait, _SHORTEST_SLEEP), _LONGEST_SLEEP), self.wake)
