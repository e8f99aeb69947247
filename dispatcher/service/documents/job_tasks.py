"""``jobPreparationTask`` and ``jobReleaseTask`` of a job, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.tasks import DEFAULT_RETENTION, check_program
from dispatcher.service.errors import BatchError, Refusal, invalid_property

LONGEST_RELEASE = timedelta(minutes=15)
"""What a release task may take, and takes at most where it does not say (REST reference, ``JobReleaseTask``)."""

_PREPARATION, _RELEASE = "jobPreparationTask", "jobReleaseTask"
_DEFAULT_PREPARATION, _DEFAULT_RELEASE = "jobpreparation", "jobrelease"


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparationTask:
    """What runs on a node before the first task of a job there."""

    id: str
    fields: Fields
    max_retries: int
    """-1 is no limit."""
    wall_clock: timedelta | None
    retention: timedelta | None
    """None keeps the files as long as the node lives."""
    waits_for_success: bool
    """Tasks of the job start only after it, and not at all where it failed."""
    reruns_after_reboot: bool
    """Though it succeeded before the node was rebooted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseTask:
    """What runs on a prepared node when the job has ended."""

    id: str
    fields: Fields
    wall_clock: timedelta
    retention: timedelta | None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobTasks:
    """What a job does on its nodes besides its tasks."""

    preparation: PreparationTask | None = None
    release: ReleaseTask | None = None


def read_job_tasks(fields: Fields) -> JobTasks:
    """Check the two tasks of a job's body.

    Raises:
        BatchError: Azure refuses them, or this service does not do what they ask.
    """
    first, last = fields.object(_PREPARATION), fields.object(_RELEASE)
    if first is None:
        if last is not None:
            reason = "a job release task needs a job preparation task"
            raise invalid_property(_RELEASE, "JobReleaseTask", reason)
        return JobTasks()
    preparation = _read_preparation(first)
    release = None if last is None else _read_release(last)
    if release is not None and release.id.lower() == preparation.id.lower():
        raise invalid_property(f"{_RELEASE}.id", release.id, "the job preparation task has that id")
    return JobTasks(preparation=preparation, release=release)


def check_other_id(job_tasks: JobTasks, task_id: str) -> None:
    """Refuse a task whose id is that of the job's preparation or release task.

    Raises:
        BatchError: TaskIdSameAsJobPreparationTask or TaskIdSameAsJobReleaseTask.
    """
    if job_tasks.preparation is not None and task_id.lower() == job_tasks.preparation.id.lower():
        raise BatchError(Refusal.TASK_ID_SAME_AS_JOB_PREPARATION_TASK)
    if job_tasks.release is not None and task_id.lower() == job_tasks.release.id.lower():
        raise BatchError(Refusal.TASK_ID_SAME_AS_JOB_RELEASE_TASK)


@lru_cache(maxsize=256)
def job_tasks_of(document: str) -> JobTasks:
    """Return the two tasks of a job's document, which was checked when it was added."""
    return read_job_tasks(Fields(values=json.loads(document)))


def _read_preparation(fields: Fields) -> PreparationTask:
    check_program(fields, named_users=True)
    constraints = fields.object("constraints") or Fields(values={})
    return PreparationTask(
        id=_id(fields, _DEFAULT_PREPARATION),
        fields=fields,
        max_retries=constraints.integer("maxTaskRetryCount", lowest=-1, refusal=Refusal.INVALID_CONSTRAINT_VALUE) or 0,
        wall_clock=constraints.duration("maxWallClockTime"),
        retention=_retention(constraints),
        waits_for_success=fields.boolean("waitForSuccess", default=True),
        reruns_after_reboot=fields.boolean("rerunOnNodeRebootAfterSuccess", default=True),
    )


def _read_release(fields: Fields) -> ReleaseTask:
    check_program(fields, named_users=True)
    wall_clock = fields.duration("maxWallClockTime")
    if wall_clock is not None and wall_clock > LONGEST_RELEASE:
        reason = "a job release task may take 15 minutes"
        raise invalid_property(fields.name("maxWallClockTime"), fields.text("maxWallClockTime"), reason)
    return ReleaseTask(
        id=_id(fields, _DEFAULT_RELEASE),
        fields=fields,
        wall_clock=wall_clock or LONGEST_RELEASE,
        retention=_retention(fields),
    )


def _id(fields: Fields, default: str) -> str:
    return fields.required_id() if fields.has("id") else default


def _retention(fields: Fields) -> timedelta | None:
    return fields.duration("retentionTime") if fields.has("retentionTime") else DEFAULT_RETENTION
