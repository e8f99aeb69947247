"""What a formula knows of its pool: metrics, sampled every 30 seconds and kept for a day."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

SAMPLE_PERIOD = timedelta(seconds=30)
"""Azure's own."""

HISTORY_LENGTH = timedelta(hours=24)
"""How long samples are kept; Azure does not say how long it keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """A pool's figures at one moment. None is "not measured": then the variable has no samples.

    Attributes:
        active_tasks: tasks that could run but do not; those that wait for others do not count.
        running_tasks: tasks that run, whatever slots they need.
        succeeded_tasks: tasks that have succeeded.
        failed_tasks: tasks that have failed.
        current_dedicated_nodes: nodes that are there.
        current_low_priority_nodes: spot nodes that are there, with those that are preempted.
        preempted_node_count: spot nodes that are preempted.
        usable_node_count: nodes that can run tasks.
        task_slots_per_node: as the pool was made.
    """

    active_tasks: float | None = None
    running_tasks: float | None = None
    succeeded_tasks: float | None = None
    failed_tasks: float | None = None
    current_dedicated_nodes: float | None = None
    current_low_priority_nodes: float | None = None
    preempted_node_count: float | None = None
    usable_node_count: float | None = None
    task_slots_per_node: float | None = None
    cpu_percent: float | None = None
    wall_clock_seconds: float | None = None
    memory_bytes: float | None = None
    disk_bytes: float | None = None
    disk_read_bytes: float | None = None
    disk_write_bytes: float | None = None
    disk_read_ops: float | None = None
    disk_write_ops: float | None = None
    network_in_bytes: float | None = None
    network_out_bytes: float | None = None

    @property
    def pending_tasks(self) -> float | None:
        """The sum of active and running tasks."""
        if self.active_tasks is None or self.running_tasks is None:
            return None
        return self.active_tasks + self.running_tasks

    @property
    def sample_node_count(self) -> float | None:
        """All nodes that are there, of both kinds."""
        if self.current_dedicated_nodes is None or self.current_low_priority_nodes is None:
            return None
        return self.current_dedicated_nodes + self.current_low_priority_nodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Metrics of one moment."""

    time: datetime
    metrics: Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleHistory:
    """Samples, oldest first, no two of one period."""

    samples: tuple[Sample, ...] = ()

    def between(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Return the samples after ``start`` and not after ``end``."""
        first, last = self._until(start), self._until(end)
        return self.samples[first:last]

    def latest(self, metric: str, count: int, end: datetime) -> tuple[float, ...]:
        """Return the last ``count`` values of a metric that are not after ``end``, oldest first."""
        newest = reversed(self.samples[: self._until(end)])
        values = (float(value) for sample in newest if (value := getattr(sample.metrics, metric)) is not None)
        return tuple(islice(values, count))[::-1]

    def _until(self, time: datetime) -> int:
        return bisect_right(self.samples, time, key=_time)


def _time(sample: Sample) -> datetime:
    return sample.time


def is_due(history: SampleHistory, now: datetime) -> bool:
    """Tell whether ``record`` would keep a sample now: none was taken in this period of 30 seconds."""
    return not history.samples or history.samples[-1].time < _period_start(now)


def record(history: SampleHistory, now: datetime, metrics: Metrics) -> SampleHistory:
    """Return the history with a sample of this period of 30 seconds; as it was, where it has one.

    A sample bears the time at which its period began, so that a window of ten minutes holds exactly twenty. Periods
    in which nobody called leave a gap, which lowers the percentage of samples as on Azure. What is older than the
    history's length is dropped.

    Args:
        history: what is known so far.
        now: aware, not before the last sample.
        metrics: the figures of this moment.
    """
    if not is_due(history, now):
        return history
    oldest = now - HISTORY_LENGTH
    first = bisect_right(history.samples, oldest, key=_time)
    return SampleHistory(samples=(*history.samples[first:], Sample(time=_period_start(now), metrics=metrics)))


def _period_start(now: datetime) -> datetime:
    seconds = int(now.timestamp()) // int(SAMPLE_PERIOD.total_seconds()) * int(SAMPLE_PERIOD.total_seconds())
    return datetime.fromtimestamp(seconds, UTC)
