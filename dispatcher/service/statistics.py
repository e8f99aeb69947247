"""What tasks have used of the machine, as it is counted and added up. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.service.machine_sizes import cores_of
from dispatcher.service.wire import from_micros, to_micros

BLOCK = 512
"""Bytes of a block: the unit in which the kernel counts what processes read from and wrote to disks."""

INTERVAL = timedelta(minutes=30)
"""Of pool usage metrics, as in Azure."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskUsage:
    """What the ended attempts at a task used together."""

    wall: timedelta = timedelta()
    user: timedelta = timedelta()
    kernel: timedelta = timedelta()
    reads: int = 0
    """Blocks."""
    writes: int = 0
    """Blocks."""
    wait: timedelta = timedelta()
    """From the task's creation to the start of its latest attempt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobUsage:
    """What the tasks of a job, or of a schedule's jobs, used together, and how they went."""

    usage: TaskUsage = TaskUsage()
    retries: int = 0
    succeeded: int = 0
    failed: int = 0
    updated: datetime | None = None
    """None where no task has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolUsage:
    """What tasks used on the nodes of a pool."""

    cpu: timedelta = timedelta()
    reads: int = 0
    writes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeTime:
    """A node's stay in a pool."""

    pool_id: str
    vm_size: str
    is_dedicated: bool
    came: datetime
    went: datetime | None
    """None while it is there."""

    def core_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the time that the node was there between two times, for each of its cores."""
        stay = min(end, self.went or end) - max(start, self.came)
        return max(stay, timedelta()) * cores_of(self.vm_size)


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolInterval:
    """What a pool's nodes of one size amounted to in one interval."""

    pool_id: str
    vm_size: str
    start: datetime
    core_hours: float


def core_time(stays: Iterable[NodeTime], start: datetime, end: datetime) -> timedelta:
    """Return the core time of nodes between two times together."""
    return sum((stay.core_time(start, end) for stay in stays), timedelta())


def interval_start(time: datetime) -> datetime:
    """Return the start of the interval that a time lies in."""
    length = to_micros(from_micros(0) + INTERVAL)
    return from_micros(to_micros(time) // length * length)


def pool_intervals(stays: Iterable[NodeTime], start: datetime, end: datetime) -> Iterator[PoolInterval]:
    """Return the intervals from ``start``, where one begins, that end by ``end``; without those that have no core time.

    They come in the order of time, and within an interval in that of pools and sizes.
    """
    to_come = deque(sorted(stays, key=lambda stay: stay.came))
    present: list[NodeTime] = []
    while start + INTERVAL <= end and (present or to_come):
        if not present:
            start = max(start, interval_start(to_come[0].came))
        stop = start + INTERVAL
        while to_come and to_come[0].came < stop:
            present.append(to_come.popleft())
        if stop <= end:
            yield from _of_interval(present, start)
        present = [stay for stay in present if stay.went is None or stay.went > stop]
        start = stop


def _of_interval(stays: Iterable[NodeTime], start: datetime) -> Iterator[PoolInterval]:
    """Return what stays amount to; a pool that was made anew in another spelling of its id is one pool."""
    hours: dict[tuple[str, str], float] = {}
    names: dict[str, str] = {}
    for stay in stays:
        names[stay.pool_id.lower()] = stay.pool_id
        key = (stay.pool_id.lower(), stay.vm_size)
        hours[key] = hours.get(key, 0.0) + stay.core_time(start, start + INTERVAL) / _HOUR
    for (name, vm_size), amount in sorted(hours.items()):
        if amount:
            yield PoolInterval(pool_id=names[name], vm_size=vm_size, start=start, core_hours=amount)
