"""Asks for the jobs of the account: one list, and one request more for each job that is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, TaskDetail
from batch_manager.errors import InputError, NotFoundError
from batch_manager.exit_codes import ExitCode
from batch_manager.job_operations import JobOperations, JobSummary
from batch_manager.naming import OUTCOME_BLOB, WORKLOAD_METADATA, container_name
from batch_manager.outcome import JobOutcome
from batch_manager.outcome_document import is_settled, read_outcome
from batch_manager.watching.job_lines import JobFilter, JobLine

Asked = TypeVar("Asked")
Told = TypeVar("Told")

PARALLEL_REQUESTS = 8
"""Jobs that are asked for at the same time."""

MAX_UNSUCCESSFUL = 1000
"""Tasks without success that one look takes note of: as many as one page of Batch's list has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The jobs that were asked for, the newest first.

    Attributes:
        lines: at most as many as asked for.
        left_out: how many more there are; where jobs are asked for by outcome, of those not looked at how many may be.
    """

    lines: tuple[JobLine, ...]
    left_out: int = 0


def list_lines(
    operations: JobOperations, client: BatchClient, asked: JobFilter, *, limit: int, now: datetime
) -> Overview:
    """The account's jobs that were asked for.

    Args:
        operations: the account's jobs.
        client: the same account.
        asked: which jobs.
        limit: so many at most.
        now: the time, UTC.
    """
    found = [job for job in operations.list_jobs(asked.query) if asked.takes(job, now)]
    found.sort(key=lambda job: job.creation_time, reverse=True)
    lines: list[JobLine] = []
    begun = 0
    while begun < len(found) and len(lines) < limit:
        some = found[begun : begun + min(limit - len(lines), MAX_UNSUCCESSFUL)]
        begun += len(some)
        lines += filter(asked.takes_outcome, _in_parallel(partial(_line, client), some))
    return Overview(lines=tuple(lines), left_out=len(found) - begun)


def status_lines(operations: JobOperations, client: BatchClient, job_ids: Sequence[str]) -> tuple[JobLine, ...]:
    """The jobs of these ids, in their order, with what of the failed tasks is skipped.

    Raises:
        NotFoundError: one is not there.
    """
    return tuple(_in_parallel(lambda job_id: status_line(operations, client, job_id), job_ids))


def status_line(operations: JobOperations, client: BatchClient, job_id: str) -> JobLine:
    """One job: at most three requests."""
    line = _line(client, find_job(operations, job_id))
    if line.counts is None:
        return line
    skipped = _count_skipped(unsuccessful_page(operations, job_id)) if line.counts.failed else 0
    return JobLine(job=line.job, counts=line.counts, skipped=skipped)


def find_job(operations: JobOperations, job_id: str) -> JobSummary:
    """A job that somebody named.

    Raises:
        NotFoundError: it is not there; the message says where to look.
    """
    try:
        return operations.get_job(job_id)
    except NotFoundError as error:
        raise error.extended("; 'batch-manager list' shows the jobs that there are") from None


def unsuccessful_page(operations: JobOperations, job_id: str) -> tuple[TaskDetail, ...]:
    """The first tasks that ended without success, skipped ones among them: one request, whatever the job's size."""
    return tuple(islice(operations.list_unsuccessful(job_id), MAX_UNSUCCESSFUL))


def read_outcome_of(client: BatchClient, job: JobSummary) -> JobOutcome | None:
    """How a job of this project ended; None if nobody has told it, or what is told may still change."""
    if WORKLOAD_METADATA not in job.metadata:
        return None
    try:
        document = json.loads(client.storage.read(container_name(job.id), OUTCOME_BLOB))
        return read_outcome(document) if is_settled(document, job.creation_time) else None
    except (NotFoundError, InputError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_skip(task: TaskDetail) -> bool:
    """Whether a task that ended without success says that it was skipped."""
    return task.record.exit_code == ExitCode.SKIPPED


def _count_skipped(tasks: Iterable[TaskDetail]) -> int:
    return sum(map(is_skip, tasks))


def _line(client: BatchClient, job: JobSummary) -> JobLine:
    if job.state in (JobState.COMPLETED, JobState.DELETING):
        return JobLine(job=job, ended=read_outcome_of(client, job))
    try:
        return JobLine(job=job, counts=client.get_task_counts(job.id))
    except NotFoundError:  # deleted since it was listed
        return JobLine(job=job)


def _in_parallel(ask: Callable[[Asked], Told], items: Iterable[Asked]) -> Iterator[Told]:
    with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
        yield from pool.map(ask, items)
