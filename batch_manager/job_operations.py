"""The seam to what is done with jobs from outside: lists over the whole account, and what only a person asks for.

``client.BatchClient`` is what a job itself needs. This one stands behind the commands alone, so that workloads' fakes
need none of it. Implementation: ``_azure.job_operations``. The module is light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from batch_manager.definitions import JobState


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


class JobOperations(Protocol):
    """The jobs of a Batch account. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def list_jobs(self) -> Iterator[JobSummary]:
        """All jobs of the account, page by page."""
        ...

    def delete_job(self, job_id: str) -> None:
        """Begin to delete a job with its tasks and their files on nodes; success if there is none, or it is being
        deleted. Its container stays."""
        ...

    def reactivate_task(self, job_id: str, task_id: str) -> None:
        """Let a task that has ended, and did not succeed, run again. ``ConflictError`` if Batch refuses it."""
        ...
