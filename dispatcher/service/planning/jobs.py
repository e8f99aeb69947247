"""When jobs end, and when the files of completed tasks go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dispatcher.service.states import JobState


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosingJob:
    """A job that is disabling, terminating or deleting."""

    key: int
    state: JobState
    running: int
    is_releasing: bool = False
    """Its release task, or its preparation task, has not ended on all nodes; nothing to a job that is disabling."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A job or task by its key, and the time at which something is to happen to it."""

    key: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class JobsView:
    """The jobs and tasks to which something may have to happen."""

    done_jobs: tuple[int, ...] = ()
    """Active jobs with every task completed that are to be terminated then."""
    job_deadlines: tuple[Due, ...] = ()
    """When jobs' wall clock limits are over; later ones than the plan's time may be left out."""
    closing_jobs: tuple[ClosingJob, ...] = ()
    file_deadlines: tuple[Due, ...] = ()
    """When completed tasks' retention times are over; later ones than the plan's time may be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TerminateJob:
    """Terminate a job, for a reason in Batch's words."""

    job_key: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishJob:
    """Nothing of a closing job runs any more: disabled, completed or gone."""

    job_key: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpireFiles:
    """Delete the folder of a completed task."""

    task_key: int


JobAction = TerminateJob | FinishJob | ExpireFiles


def plan_jobs(view: JobsView, now: datetime) -> Iterator[JobAction]:
    """Return what is to be done at a time, in order; a job is terminated at most once."""
    reasons = dict.fromkeys(view.done_jobs, "AllTasksComplete")
    for due in view.job_deadlines:
        if due.at <= now:
            reasons.setdefault(due.key, "MaxWallClockTimeExpiry")
    for key, reason in reasons.items():
        yield TerminateJob(job_key=key, reason=reason)
    for job in view.closing_jobs:
        if job.running == 0 and not (job.is_releasing and job.state is not JobState.DISABLING):
            yield FinishJob(job_key=job.key)
    for due in view.file_deadlines:
        if due.at <= now:
            yield ExpireFiles(task_key=due.key)
