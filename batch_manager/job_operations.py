"""The seam to what is done with jobs from outside: lists over the whole account, and what only a person asks for.

``client.BatchClient`` is what a job itself needs. This one stands behind the commands alone, so that workloads' fakes
need none of it. Implementation: ``_azure.job_operations``. The module is light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from batch_manager.definitions import JobState, TaskDetail


class JobQuery(Enum):
    """The lists of jobs that are asked for: each is one filter that Batch applies."""

    NOT_ENDED = "not ended"
    """Neither completed nor being deleted."""
    ENDED = "ended"
    """Completed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """A job in a list of the account's jobs."""

    id: str
    state: JobState
    creation_time: datetime
    pool_id: str = ""
    display_name: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    """None until it has completed."""
    terminate_reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """``naming`` and ``ownership`` name what this project writes."""
    etag: str | None = field(default=None, compare=False)
    """Of this state of the job; Batch gives it another with every change."""


class JobOperations(Protocol):
    """The jobs of a Batch account. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def list_jobs(self, query: JobQuery | None = None) -> Iterator[JobSummary]:
        """The jobs of the account, page by page; None means all of them."""
        ...

    def get_job(self, job_id: str) -> JobSummary:
        """One job. ``NotFoundError`` if there is none."""
        ...

    def delete_job(self, job_id: str, etag: str | None = None) -> None:
        """Begin to delete a job with its tasks and their files on nodes; success if there is none, or it is being
        deleted; ``PreconditionError`` if it was changed since ``etag``. Its container stays."""
        ...

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        """Let a task that has ended, and did not succeed, run again, with all its retries before it.
        ``ConflictError`` if Batch refuses it: it has not ended, it succeeded, or its job has ended."""
        ...

    def allow_retries(self, job_id: str, task_id: str, count: int) -> None:
        """Let a task that has not ended have so many retries, -1 for any number; its other constraints stay. Success
        if it has ended."""
        ...

    def list_active(self, job_id: str) -> Iterator[TaskDetail]:
        """The tasks that wait, each with what it depends on, page by page; without commands and environments."""
        ...

    def list_running(self, job_id: str) -> Iterator[TaskDetail]:
        """The tasks that run, each with its node, page by page; without commands and environments."""
        ...

    def list_unsuccessful(self, job_id: str) -> Iterator[TaskDetail]:
        """The tasks that ended without success, skipped ones among them, each with what it depends on, page by page;
        without commands and environments."""
        ...
