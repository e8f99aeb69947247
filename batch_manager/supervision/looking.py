"""Looks at a job: one request while something runs, some more while nothing does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeVar

from batch_manager import environment
from batch_manager.client import BatchClient
from batch_manager.definitions import (
    JobRecord,
    NodeRecord,
    PoolRecord,
    TaskCounts,
    TaskDetail,
    TaskQuery,
    TaskRecord,
    TaskState,
)
from batch_manager.dependencies import TaskDependencies, count_members
from batch_manager.errors import NotFoundError, UsageError
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, container_name, inputs_blob
from batch_manager.supervision.obstacles import Snapshot

MAX_WAITING = 500
"""Tasks that have not ended, of which a look takes note; a page of Batch's list has 1000."""

_T = TypeVar("_T")


def look_at(client: BatchClient, job: JobRecord, counts: TaskCounts, *, tries: int) -> Snapshot:
    """Take a snapshot of a job whose counts are known.

    Args:
        client: the job's account.
        job: the job.
        counts: its counts.
        tries: retries on a node from which on a preparation task counts as failing; where none does and something
            runs, nothing more is asked.
    """
    preparation = tuple(client.list_job_preparation(job.id))
    if counts.running:
        failing = any(record.succeeded is False or record.retry_count >= tries for record in preparation)
        if not failing or any(_runs(record) for record in client.list_tasks(job.id, TaskQuery.NOT_ENDED)):
            return Snapshot(job=job, counts=counts, preparation=preparation, nothing_runs=False)
    waiting = tuple(islice(client.list_tasks(job.id, TaskQuery.NOT_ENDED), MAX_WAITING))
    if any(_runs(record) for record in waiting):  # the counts lag
        return Snapshot(job=job, counts=counts, preparation=preparation, nothing_runs=False)
    manager = _found(lambda: client.get_task(job.id, JOB_MANAGER_TASK_ID))
    finalize = find_finalize(client, job.id)  # after it, since a job manager that has ended adds nothing more
    return Snapshot(
        job=job,
        counts=counts,
        manager=manager.record if manager else None,
        finalize=finalize.record if finalize else None,
        waiting=waiting,
        failed_gates=_failed_gates(client, job.id, finalize) if counts.failed else (),
        pool=_pool(client, job.pool_id),
        nodes=_nodes(client, job.pool_id),
        preparation=preparation,
    )


def find_finalize(client: BatchClient, job_id: str) -> TaskDetail | None:
    """FinalizeTask of a job; None if there is none."""
    return _found(lambda: client.get_task(job_id, FINALIZE_TASK_ID))


def read_finalize_inputs(client: BatchClient, job_id: str, finalize: TaskDetail | None) -> FinalizeInputs:
    """What FinalizeTask was told when it was added; nothing where it was not, or cannot be read."""
    if finalize is None:
        return FinalizeInputs()
    text: str | bytes | None = finalize.environment.get(environment.INPUTS)
    if text is None:
        text = _found(lambda: client.storage.read(container_name(job_id), inputs_blob(FINALIZE_TASK_ID)))
    try:
        values = json.loads(text or "{}")
        return FinalizeInputs.from_values(values) if isinstance(values, dict) else FinalizeInputs()
    except (ValueError, UsageError):
        return FinalizeInputs()


def _failed_gates(client: BatchClient, job_id: str, finalize: TaskDetail | None) -> tuple[TaskRecord, ...]:
    gates = read_finalize_inputs(client, job_id, finalize).gates
    return tuple(_members(client.list_tasks(job_id, TaskQuery.UNSUCCESSFUL), gates)) if gates else ()


def _members(records: Iterator[TaskRecord], ids: TaskDependencies) -> Iterator[TaskRecord]:
    return (record for record in records if count_members(ids, (record.id,)))


def _pool(client: BatchClient, pool_id: str) -> PoolRecord | None:
    return _found(lambda: client.get_pool(pool_id)) if pool_id else None


def _nodes(client: BatchClient, pool_id: str) -> tuple[NodeRecord, ...]:
    return (_found(lambda: tuple(client.list_nodes(pool_id))) or ()) if pool_id else ()


def _runs(record: TaskRecord) -> bool:
    return record.state is TaskState.RUNNING


def _found(ask: Callable[[], _T]) -> _T | None:
    try:
        return ask()
    except NotFoundError:
        return None
