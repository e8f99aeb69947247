"""Time as a parameter: the service asks a clock, and tests hold the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC; it never goes back."""
        ...


class SystemClock:
    """The machine's clock, held still where the machine sets it back."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the time, or the latest time told before if that is later."""
        self._last = max(self._last, datetime.now(UTC))
        return self._last


class ManualClock:
    """A clock that moves when it is told to."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time it stands at."""
        return self._now

    def advance(self, delta: timedelta) -> None:
        """Move forward by ``delta``, which is not negative."""
        if delta < timedelta(0):
            raise ValueError(f"a clock does not go back: {delta}")
        self._now += delta
