"""Retries failed tasks of a job that has not ended: they are reactivated, and what was skipped because of them too.

Every step may be done again: a task that runs again already is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from batch_manager import environment
from batch_manager.cancelling import read_cancellation
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, TaskDetail, TaskRecord, TaskState
from batch_manager.errors import ConflictError, InputError, NotFoundError, UsageError
from batch_manager.job_operations import JobOperations
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, WORKLOAD_METADATA
from batch_manager.retrying import decode_policy
from batch_manager.watching.naming_tasks import find_task
from batch_manager.watching.overview import find_job
from batch_manager.watching.retry_plan import plan_retry

PARALLEL_REQUESTS = 8
"""Tasks that are reactivated at the same time."""

_OVER = (JobState.TERMINATING, JobState.COMPLETED, JobState.DELETING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What a retry came to.

    Attributes:
        tasks: what was asked for and runs again.
        succeeded: what was asked for and has succeeded, after an earlier retry perhaps: it stays as it is.
        dependents: what was skipped because of it and runs again too, once it may.
        too_late: FinalizeTask began at this very moment, so that it may tell the job as if nothing had been retried.
    """

    tasks: tuple[str, ...]
    dependents: tuple[str, ...]
    succeeded: tuple[str, ...] = ()
    too_late: bool = False


def retry_tasks(operations: JobOperations, client: BatchClient, job_id: str, names: Sequence[str]) -> Retried:
    """Let failed tasks run again, and what was skipped because of them.

    FinalizeTask waits for them, as for all others. What ran because they failed is not undone.

    Args:
        operations: the job's account.
        client: the same.
        job_id: a job that has not ended.
        names: ids or display names of tasks that failed; those that run again already, or have succeeded since, stay as
            they are.

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
    succeeded = tuple(task_id for task_id in asked if client.get_task(job_id, task_id).record.succeeded)
    plan = plan_retry(asked, tuple(operations.list_unsuccessful(job_id)))
    for task_id, parents in plan.blocked_by.items():
        raise InputError(
            f"task {task_id!r} was skipped, since {', '.join(map(repr, parents[:3]))} did not succeed: retry that, and "
            f"{task_id!r} follows"
        )
    for wave in plan.waves:
        _reactivate_all(operations, client, job_id, [task_id for task_id in wave if task_id not in succeeded])
    return Retried(
        tasks=tuple(task_id for task_id in asked if task_id not in succeeded),
        dependents=plan.dependents,
        succeeded=succeeded,
        too_late=_has_begun(_finalize(client, job_id)),
    )


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


def _reactivate_all(operations: JobOperations, client: BatchClient, job_id: str, task_ids: Iterable[str]) -> None:
    with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
        list(pool.map(partial(_reactivate, operations, client, job_id), task_ids))


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
