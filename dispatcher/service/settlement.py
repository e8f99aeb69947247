"""What the end of an attempt makes of its task: completed, to be retried, or back in the queue. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dispatcher.service.documents.exit_conditions import (
    DependencyAction,
    ExitConditions,
    JobAction,
    read_exit_conditions,
)
from dispatcher.service.documents.fields import Fields
from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import (
    EndReason,
    ErrorCategory,
    Stage,
    TaskEnding,
    TaskFailure,
    TaskKey,
    TaskLaunch,
)
from dispatcher.service.records import TaskRecord, TaskResult
from dispatcher.service.states import TaskEvent, TaskState

TASK_ENDED: Final = "TaskEnded"
"""The failure code of a task that was ended from outside; such a task is not retried."""


_RETRIES_AT_ONCE = 10
_LONGEST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """What becomes of a task."""

    event: TaskEvent
    """COMPLETE, RETRY, REQUEUE or PUT_BACK."""
    ended: datetime
    started: datetime | None = None
    """When its command did; None where it did not, or where nobody knows better than its launch."""
    exit_code: int | None = None
    result: TaskResult | None = None
    failure: TaskFailure | None = None
    releases: bool = False
    """Whether the tasks that depend on it may go."""
    job_action: JobAction = JobAction.NONE
    """What becomes of its job, where that performs such actions."""
    not_before: datetime | None = None
    """When a task that is retried may start again; None is at once."""


def settle(task: TaskRecord, ending: TaskEnding, job_max_retries: int) -> Settlement:
    """Return what an ending makes of a task that has its place on a node.

    An attempt ended in order to be requeued goes back without counting as a retry; one whose node was still being
    prepared counts as nothing, since the task had not started. A failed one is retried as long as
    the task's retries (or the job's, where the task has none of its own) allow, unless it was ended from outside, or
    its command succeeded and only an upload failed.
    """
    if task.end_reason is EndReason.REQUEUED:
        prepared = task.state is not TaskState.PREPARING
        return Settlement(event=TaskEvent.REQUEUE if prepared else TaskEvent.PUT_BACK, ended=ending.at)
    if ending.failure is not None and _may_retry(task, ending, ending.failure, job_max_retries):
        return Settlement(
            event=TaskEvent.RETRY,
            ended=ending.at,
            started=ending.started,
            exit_code=ending.exit_code,
            failure=ending.failure,
            not_before=pause_end(task.retries + 1, ending.at),
        )
    succeeded = ending.failure is None
    actions = _conditions(task).actions(ending.stage, ending.exit_code, succeeded=succeeded)
    return Settlement(
        event=TaskEvent.COMPLETE,
        ended=ending.at,
        started=ending.started,
        exit_code=ending.exit_code,
        result=TaskResult.SUCCESS if succeeded else TaskResult.FAILURE,
        failure=ending.failure,
        releases=actions.dependency is DependencyAction.SATISFY,
        job_action=actions.job,
    )


def put_back(now: datetime) -> Settlement:
    """Return what becomes of a task that had its place on a node and was not begun there."""
    return Settlement(event=TaskEvent.PUT_BACK, ended=now)


def pause_end(retry: int, failed: datetime) -> datetime | None:
    """Return when a retry may start, so that what always fails and may always retry does not fill its node's time.

    The first ten retries start at once; from there on pauses double from a second to a minute. Azure documents none.
    """
    over = retry - _RETRIES_AT_ONCE
    return None if over <= 0 else failed + min(timedelta(seconds=2 ** min(over - 1, 6)), _LONGEST_PAUSE)


def ended_by_request(job_id: str, task: TaskRecord, now: datetime) -> TaskEnding:
    """Return the ending of a task that is terminated without having run to its end."""
    return ended_early(TaskKey(job_id=job_id, task_id=task.id), task.run_number, now)


def ended_early(key: TaskKey, run_number: int, now: datetime) -> TaskEnding:
    """Return the ending of an attempt that was ended before its command ran."""
    ended = TaskFailure(category=ErrorCategory.USER_ERROR, code=TASK_ENDED, message="Task Was Ended by User Request")
    return TaskEnding(
        key=key,
        run_number=run_number,
        at=now,
        stage=Stage.RUN,
        exit_code=None,
        failure=ended,
    )


def never_started(launch: TaskLaunch, error: Exception, now: datetime) -> TaskEnding:
    """Return the ending of an attempt that this machine could not begin; the fault is the node's, not the task's."""
    return TaskEnding(
        key=launch.key,
        run_number=launch.run_number,
        at=now,
        stage=Stage.PRE_PROCESSING,
        exit_code=None,
        failure=failure("Unknown", Reason=f"{type(error).__name__}: {error}"),
    )


def _may_retry(task: TaskRecord, ending: TaskEnding, failure: TaskFailure, job_max_retries: int) -> bool:
    if task.end_reason is not None or failure.code == TASK_ENDED:
        return False
    if ending.stage is Stage.UPLOAD and ending.exit_code == 0:
        return False
    limit = job_max_retries if task.max_retries is None else task.max_retries
    return limit == -1 or task.retries < limit


def _conditions(task: TaskRecord) -> ExitConditions:
    if task.conditions is None:
        return ExitConditions()
    return read_exit_conditions(Fields(values=json.loads(task.conditions)))
