"""How far a job is, how fast it goes and how long it will take, from Batch's counts alone. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from batch_manager.definitions import TaskCounts
from batch_manager.watching.words import in_words

RECENT = timedelta(minutes=5)
"""What a job did in this time says how fast it goes: its beginning, when nodes came, says little of its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """One look at a job. The job manager and FinalizeTask count as tasks, as they do for Batch.

    Attributes:
        counts: Batch's counts.
        skipped: how many of the failed ones are skipped.
        seconds: since the job was submitted.
        recent_rate: tasks ended each second, lately; None where only the average is known.
    """

    counts: TaskCounts
    skipped: int
    seconds: float
    recent_rate: float | None = None

    @property
    def total(self) -> int:
        """Tasks added so far."""
        return self.counts.active + self.counts.running + self.counts.completed

    @property
    def rate(self) -> float:
        """Tasks ended each second: lately, or else on average."""
        if self.recent_rate is not None:
            return self.recent_rate
        return self.counts.completed / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """What the rest takes at that rate; None while nothing has ended or nothing runs."""
        if not self.counts.running:
            return None
        remaining = self.total - self.counts.completed
        return remaining / self.rate if self.rate > 0 else None

    def __str__(self) -> str:
        counts = self.counts
        pace = f", {_rate_in_words(self.rate)}" if self.rate else ""
        left = "" if self.seconds_left is None else f", {in_words(self.seconds_left)} left"
        return (
            f"{counts.active} active, {counts.running} running, {counts.succeeded} succeeded, "
            f"{counts.failed - self.skipped} failed, {self.skipped} skipped{pace}{left}"
        )


_ENOUGH = timedelta(minutes=1)
"""After so much of looking, what was before the first look is no longer asked for."""


class Pace:
    """How fast a job went lately.

    Args:
        begun: when it had done nothing yet: its creation.
        window: how long ago still counts as lately.
    """

    def __init__(self, begun: datetime, window: timedelta = RECENT) -> None:
        self._looks: deque[tuple[datetime, int]] = deque([(begun, 0)])
        self._window = window
        self._looked = False

    def note(self, now: datetime, ended: int) -> float | None:
        """Take note of how many tasks have ended, and return how many each second, lately: since the last look that is
        no longer recent, or the first; at the beginning since the job's. None if no time has passed."""
        self._looks.append((now, ended))
        if not self._looked and now - self._looks[1][0] >= _ENOUGH:
            self._looked = True
            self._looks.popleft()
        while len(self._looks) > 2 and now - self._looks[1][0] >= self._window:
            self._looks.popleft()
        then, before = self._looks[0]
        seconds = (now - then).total_seconds()
        return max(ended - before, 0) / seconds if seconds > 0 else None


def _rate_in_words(rate: float) -> str:
    """Of what takes long, by the minute or the hour."""
    for word, seconds in (("s", 1), ("min", 60)):
        if rate * seconds >= 1:
            return f"{rate * seconds:.1f} tasks/{word}"
    return f"{rate * 3600:.1f} tasks/h"
