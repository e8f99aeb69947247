"""When a job schedule makes a job, and when it ends.

Jobs are due at ``first``, ``first + interval``, ``first + 2 * interval``, ...; without an interval there is only the
first. A job is made at a due time, or later within the start window and before the next due time, as soon as the
schedule's job before it has ended. A due time that passes without one is lost. After the last time a schedule is
completed as soon as its job is; one that does not recur, as soon as its only job is (REST reference, ``Schedule``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dispatcher.service.states import ScheduleState

TERMINATED: Final = "TerminateJobSchedule"
"""Why the job of a schedule ends that is terminated, in Batch's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """A ``schedule`` as Batch has it; None is "at once" or "without limit"."""

    not_until: datetime | None = None
    not_after: datetime | None = None
    window: timedelta | None = None
    interval: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleView:
    """A job schedule that is active or on its way out."""

    key: int
    state: ScheduleState
    recurrence: Recurrence
    due: datetime | None
    """When its next job is due, or has been since; None where none will be."""
    has_open_job: bool
    """Its latest job is not completed; of those before it none is open, since it makes one at a time."""
    has_jobs: bool
    """Some job of it is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MakeJob:
    """Make a job, and remember when the next one is due."""

    schedule_key: int
    next_due: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PassOver:
    """Due times are lost: remember the next one."""

    schedule_key: int
    next_due: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EndSchedule:
    """A schedule has no more to do: completed, or gone if it was being deleted."""

    schedule_key: int


ScheduleAction = MakeJob | PassOver | EndSchedule


def plan_schedule(view: ScheduleView, now: datetime) -> ScheduleAction | None:
    """Return the one thing that is to be done for a schedule now, or None."""
    if view.state is ScheduleState.DELETING:
        return None if view.has_jobs else EndSchedule(schedule_key=view.key)
    if view.state is ScheduleState.TERMINATING:
        return None if view.has_open_job else EndSchedule(schedule_key=view.key)
    due, last = _latest_due(view, now), view.recurrence.not_after
    if due is None or (last is not None and now > last):
        return None if view.has_open_job else EndSchedule(schedule_key=view.key)
    if due <= now and not view.has_open_job:
        return MakeJob(schedule_key=view.key, next_due=_after(due, view.recurrence))
    return None if due == view.due else PassOver(schedule_key=view.key, next_due=due)


def next_run(due: datetime | None, recurrence: Recurrence) -> datetime | None:
    """Return when a schedule's next job is made at the earliest; None where none will be."""
    last = recurrence.not_after
    return None if due is None or (last is not None and due > last) else due


def next_look(view: ScheduleView, now: datetime) -> datetime | None:
    """Return when time alone next changes what `plan_schedule` says; None where it never does."""
    return min(_times(view, now), default=None)


def _times(view: ScheduleView, now: datetime) -> Iterator[datetime]:
    if view.state is not ScheduleState.ACTIVE or view.due is None:
        return
    recurrence = view.recurrence
    times = [view.due, _after(view.due, recurrence)]
    if recurrence.not_after is not None:
        times.append(recurrence.not_after + _INSTANT)
    if recurrence.window is not None:
        times.append(view.due + recurrence.window + _INSTANT)
    yield from (time for time in times if time is not None and time > now)


def _latest_due(view: ScheduleView, now: datetime) -> datetime | None:
    """Return the due time that counts now: the last one whose window is open, or the next one; None where none is."""
    recurrence, due = view.recurrence, view.due
    if due is None or due > now:
        return due
    if recurrence.interval is not None:
        due += (now - due) // recurrence.interval * recurrence.interval
    if recurrence.window is None or now <= due + recurrence.window:
        return due
    return _after(due, recurrence)


def _after(due: datetime, recurrence: Recurrence) -> datetime | None:
    return None if recurrence.interval is None else due + recurrence.interval


_INSTANT = timedelta(microseconds=1)
