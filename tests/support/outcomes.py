"""Outcomes and clocks for tests."""

from typing import Any

from batch_manager.delivery import Clock
from batch_manager.outcome import JobOutcome


def job_outcome(**fields: Any) -> JobOutcome:
    """Of a job with two tasks that succeeded, save for the fields given."""
    values: dict[str, Any] = {"job_id": "j", "succeeded": 2} | fields
    return JobOutcome(**values)


class HandClock:
    """A clock that a test turns: sleeping moves it, nothing else does."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.time = start
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.pauses.append(seconds)
        self.time += seconds

    def clock(self, chance: float = 1.0) -> Clock:
        """What a delivery is given."""
        return Clock(now=lambda: self.time, monotonic=lambda: self.time, sleep=self.sleep, chance=lambda: chance)
