"""Retries failed tasks of a job that has not ended: they are reactivated, and what was skipped because of them too.

Whether a reactivated task waits for another one that was reactivated is not documented, and a task that ran too early
would take its parent's former files for the new ones. So a task is reactivated once what it depends on has succeeded.

Every step may be done again: a task that runs again already is left as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from batch_manager import environment
from batch_manager.cancelling import read_cancellation
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, TaskDetail, TaskQuery, TaskRecord, TaskState
from batch_manager.dependencies import DependencyRule
from batch_manager.errors import ConflictError, InputError, NotFoundError, UsageError
from batch_manager.job_operations import JobOperations
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, WORKLOAD_METADATA
from batch_manager.retrying import decode_policy
from batch_manager.watching.naming_tasks import find_task
from batch_manager.watching.overview import find_job
from batch_manager.watching.retry_plan import left_behind, next_wave, plan_retry

PARALLEL_REQUESTS = 8
"""Tasks that are reactivated at the same time."""

LOOK_INTERVAL = 2.0
"""Seconds between two looks at what is waited for."""

_OVER = (JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What a retry came to.

    Attributes:
        tasks: what was asked for and runs again.
        succeeded: what was asked for and has succeeded, after an earlier retry perhaps: it stays as it is.
        dependents: what was skipped because of it and runs again too.
        too_late: FinalizeTask has begun meanwhile, so that it may tell the job as if nothing had been retried.
    """

    tasks: tuple[str, ...]
    dependents: tuple[str, ...]
    succeeded: tuple[str, ...] = ()
    too_late: bool = False


def retry_tasks(
    operations: JobOperations,
    client: BatchClient,
    job_id: str,
    names: Sequence[str],
    *,
    on_wait: Callable[[Sequence[str], int], None] = lambda task_ids, follow: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Retried:
    """Let failed tasks run again, and what was skipped because of them, once what it depends on has succeeded.

    It returns at once where nothing was skipped because of them. What ran because they failed is not undone.

    Args:
        operations: the job's account.
        client: the same.
        job_id: a job that has not ended.
        names: ids or display names of tasks that failed; those that run again already, or have succeeded since, stay as
            they are.
        on_wait: is told which tasks are waited for, and how many follow.
        sleep: waits between two looks.

    Raises:
        NotFoundError: there is no such job or task.
        InputError: it is too late, or a task is none that can be retried; nothing was done.
        ServiceError: Batch refused something; call again.
    """
    _require_open(operations, client, job_id)
    asked = list(dict.fromkeys(find_task(client, job_id, name).record.id for name in names))
    for task_id in {JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID} & set(asked):
        raise InputError(
            f"{task_id!r} is the job's own and cannot be retried: 'batch-manager rerun --failed {job_id}' runs what "
            "did not succeed as a new job"
        )
    unsuccessful = tuple(operations.list_unsuccessful(job_id))
    plan = plan_retry(asked, unsuccessful)
    for task_id, parents in plan.blocked_by.items():
        raise InputError(
            f"task {task_id!r} was skipped, since {', '.join(map(repr, parents[:3]))} did not succeed: retry that, and "
            f"{task_id!r} follows"
        )
    retry = _Retry(operations, client, job_id)
    succeeded = tuple(task_id for task_id in asked if retry.has_succeeded(task_id))
    again = tuple(task_id for task_id in asked if task_id not in succeeded)
    later = filter(retry.is_for_success, left_behind(unsuccessful) if succeeded else ())
    follow = {*plan.dependents, *later, *again} - set(plan.first)
    retry.reactivate(task_id for task_id in again if task_id not in follow)
    followed = retry.follow(follow, on_wait, sleep)
    return Retried(
        tasks=again,
        dependents=tuple(task_id for task_id in followed if task_id not in asked),
        succeeded=succeeded,
        too_late=retry.is_too_late(),
    )


class _Retry:
    """The requests of a retry."""

    def __init__(self, operations: JobOperations, client: BatchClient, job_id: str) -> None:
        self._operations, self._client, self._job_id = operations, client, job_id

    def has_succeeded(self, task_id: str) -> bool:
        return bool(self._client.get_task(self._job_id, task_id).record.succeeded)

    def is_for_success(self, task_id: str) -> bool:
        """Whether a task waits for the success of what it depends on; one for failures has rightly been skipped."""
        rule = self._client.get_task(self._job_id, task_id).environment.get(environment.RULE)
        return rule != DependencyRule.ANY_FAILED.value

    def reactivate(self, task_ids: Iterable[str]) -> None:
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            list(pool.map(partial(_reactivate, self._operations, self._client, self._job_id), task_ids))

    def follow(
        self, wanted: Set[str], on_wait: Callable[[Sequence[str], int], None], sleep: Callable[[float], None]
    ) -> list[str]:
        """Reactivate each of the wanted tasks once it may run, and return those that were: not those whose parents
        failed again, nor any once FinalizeTask has begun."""
        followed: list[str] = []
        said: Sequence[str] = ()
        while (left := wanted - set(followed)) and not self.is_too_late():
            not_ended = [record.id for record in self._client.list_tasks(self._job_id, TaskQuery.NOT_ENDED)]
            unsuccessful = tuple(self._operations.list_unsuccessful(self._job_id))  # after it: what fails is in one
            ready, pending = next_wave(left, unsuccessful, not_ended)
            self.reactivate(ready)
            followed += ready
            if not ready and not pending:
                break
            if not ready and pending != said:
                said = pending
                on_wait(pending, len(left))
            if not ready:
                sleep(LOOK_INTERVAL)
        return followed

    def is_too_late(self) -> bool:
        return _has_begun(_finalize(self._client, self._job_id))


def _require_open(operations: JobOperations, client: BatchClient, job_id: str) -> None:
    job = find_job(operations, job_id)
    if job.state in _OVER:
        raise InputError(
            f"job {job_id!r} is {job.state.value}, so that Batch starts nothing of it any more: run what did not "
            f"succeed as a new job, 'batch-manager rerun --failed {job_id}'"
        )
    if WORKLOAD_METADATA in job.metadata and read_cancellation(client.storage, job_id) is not None:
        raise InputError(f"job {job_id!r} was cancelled: 'batch-manager rerun --failed {job_id}' once it has ended")
    if _has_begun(_finalize(client, job_id)):
        raise InputError(
            f"every task of job {job_id!r} has ended and FinalizeTask tells it: it is too late for a retry; "
            f"'batch-manager rerun --failed {job_id}' once it has ended"
        )


def _reactivate(operations: JobOperations, client: BatchClient, job_id: str, task_id: str) -> None:
    try:
        operations.reactivate_task(job_id, task_id)
    except ConflictError as error:
        if error.code != "TaskNotCompleted":
            raise
    retries = _retries(client.get_task(job_id, task_id))
    if retries is not None:  # a task that was not worth another try has told Batch so, for good
        operations.allow_retries(job_id, task_id, retries)


def _retries(task: TaskDetail) -> int | None:
    try:
        rules = decode_policy(task.environment.get(environment.RETRY, ""))
    except UsageError:
        return None
    return None if rules is None else rules.max_retries


def _finalize(client: BatchClient, job_id: str) -> TaskRecord | None:
    try:
        return client.get_task(job_id, FINALIZE_TASK_ID).record
    except NotFoundError:
        return None


def _has_begun(finalize: TaskRecord | None) -> bool:
    if finalize is None:
        return False
    return finalize.state is not TaskState.ACTIVE or finalize.requeue_count > 0 or finalize.retry_count > 0
