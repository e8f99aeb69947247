"""Finds out what ``why`` explains: some dozen requests, and two for each of a few tasks that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from batch_manager.causes import one_line
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, NodeRecord, PreparationRecord, TaskCounts, TaskDetail, TaskRecord
from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.job_operations import JobOperations, JobQuery, JobSummary
from batch_manager.naming import (
    CALLBACK_BLOB,
    CALLBACK_SENT_BLOB,
    FINALIZE_TASK_ID,
    JOB_MANAGER_TASK_ID,
    OWN_FOLDER,
    WORKLOAD_METADATA,
    container_name,
)
from batch_manager.node_files import NodeFiles
from batch_manager.supervision import ObstacleKind, Snapshot, SupervisionLimits, find_obstacle
from batch_manager.supervision.looking import look_at
from batch_manager.watching.facts import MAX_LISTED, Facts
from batch_manager.watching.logs import STDERR, STDOUT
from batch_manager.watching.overview import find_job, read_outcome_of, unsuccessful_page

PARALLEL_REQUESTS = 8
MAX_ASKED = 20
"""Tasks that run whose files are looked at, those that have run for longest."""

MAX_LOG_BYTES = 4096
MAX_LOG_LINES = 5
"""Of a start task's or a preparation task's standard error."""

_PREPARATION = "jobpreparation"
_LEAVING = (JobState.TERMINATING, JobState.DELETING, JobState.COMPLETED)
_STARTUP_FAILED = frozenset({"starttaskfailed", "waitingforstarttask"})

T = TypeVar("T")


def gather(
    operations: JobOperations,
    client: BatchClient,
    files: NodeFiles,
    job_id: str,
    *,
    now: datetime,
    silent: timedelta,
) -> Facts:
    """Look at a job and at its pool.

    Args:
        operations: the job's account.
        client: the same.
        files: the same account's nodes.
        job_id: the job.
        now: the time, UTC.
        silent: for how long a task that runs may write nothing.

    Raises:
        NotFoundError: there is no such job.
    """
    job = find_job(operations, job_id)
    if job.state in _LEAVING:
        return Facts(job=job, now=now, ended=read_outcome_of(client, job))
    limits = SupervisionLimits()
    counts = client.get_task_counts(job_id)
    snapshot = look_at(client, client.get_job(job_id), counts, tries=limits.preparation_tries)
    suspects = find_obstacle(snapshot, limits, now).suspects
    running = tuple(islice(operations.list_running(job_id), MAX_LISTED))
    nodes = snapshot.nodes or _nodes(client, job.pool_id)
    return Facts(
        job=job,
        now=now,
        counts=counts,
        suspects=suspects,
        manager=_own_task(client, job_id, JOB_MANAGER_TASK_ID),
        finalize=_own_task(client, job_id, FINALIZE_TASK_ID),
        running=running,
        waiting=tuple(islice(operations.list_active(job_id), MAX_LISTED)),
        unsuccessful=tuple(task.record for task in unsuccessful_page(operations, job_id)) if counts.failed else (),
        quiet=_quiet(files, job_id, running, now),
        silent=silent,
        pool=snapshot.pool,
        nodes=nodes,
        logs=_logs(files, job, snapshot, nodes),
        other_jobs=_other_jobs(operations, job) if counts.active else (),
        callback_waits=_callback_waits(client, job, counts),
    )


def _quiet(files: NodeFiles, job_id: str, running: tuple[TaskDetail, ...], now: datetime) -> Mapping[str, timedelta]:
    """For how long tasks have written nothing on standard output and standard error."""
    begun = [task.record for task in running if task.record.start_time is not None]
    begun.sort(key=lambda record: record.start_time or now)
    asked = begun[:MAX_ASKED]
    with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
        last = pool.map(lambda record: _last_word(files, job_id, record), asked)
        return {record.id: now - at for record, at in zip(asked, last, strict=True) if at is not None}


def _last_word(files: NodeFiles, job_id: str, record: TaskRecord) -> datetime | None:
    """When a task wrote last, or began; None if its files cannot be looked at."""
    times = [record.start_time] if record.start_time is not None else []
    for path in (STDOUT, STDERR):
        found = _ask(lambda path=path: files.task_file(job_id, record.id, path))  # type: ignore[misc]
        if found is None:
            return None
        times.append(found.last_modified)
    return max(times)


def _logs(
    files: NodeFiles, job: JobSummary, snapshot: Snapshot, nodes: tuple[NodeRecord, ...]
) -> dict[str, tuple[str, ...]]:
    """The ends of what the start task and the preparation task wrote, of the first node where they failed."""
    found = {}
    startup = next((node for node in nodes if node.state in _STARTUP_FAILED and node.start_task_failure), None)
    if startup is not None:
        found[ObstacleKind.START_TASK_FAILS.value] = _last_lines(files, job.pool_id, startup.id, "startup/stderr.txt")
    prepared = next((record for record in snapshot.preparation if _has_failed(record)), None)
    if prepared is not None:
        path = f"workitems/{job.id}/job-1/{_PREPARATION}/stderr.txt"
        found[ObstacleKind.PREPARATION_FAILS.value] = _last_lines(files, job.pool_id, prepared.node_id, path)
    return found


def _has_failed(record: PreparationRecord) -> bool:
    return record.succeeded is False or record.retry_count > 0


def _last_lines(files: NodeFiles, pool_id: str, node_id: str, path: str) -> tuple[str, ...]:
    content = _ask(lambda: files.read_node_file(pool_id, node_id, path, at_most=MAX_LOG_BYTES))
    lines = (content or b"").decode(errors="replace").splitlines()
    return tuple(f"{node_id}, {path}: {one_line(line)}" for line in lines if line.strip())[-MAX_LOG_LINES:]


def _other_jobs(operations: JobOperations, job: JobSummary) -> tuple[str, ...]:
    jobs = operations.list_jobs(JobQuery.NOT_ENDED)
    return tuple(other.id for other in jobs if other.pool_id == job.pool_id and other.id != job.id and job.pool_id)


def _callback_waits(client: BatchClient, job: JobSummary, counts: TaskCounts) -> bool:
    """Whether FinalizeTask has written its outcome down and is left with the callback."""
    if WORKLOAD_METADATA not in job.metadata or counts.active + counts.running > 1:
        return False
    if read_outcome_of(client, job) is None:
        return False
    blobs = _ask(lambda: set(client.storage.list_blobs(container_name(job.id), OWN_FOLDER))) or set()
    return CALLBACK_BLOB in blobs and CALLBACK_SENT_BLOB not in blobs


def _own_task(client: BatchClient, job_id: str, task_id: str) -> TaskRecord | None:
    found = _ask(lambda: client.get_task(job_id, task_id))
    return None if found is None else found.record


def _nodes(client: BatchClient, pool_id: str) -> tuple[NodeRecord, ...]:
    return (_ask(lambda: tuple(client.list_nodes(pool_id))) or ()) if pool_id else ()


def _ask(request: Callable[[], T]) -> T | None:
    """None where what is asked for is not there, or just not in a state to be asked for."""
    try:
        return request()
    except (NotFoundError, ConflictError, InputError):
        return None
