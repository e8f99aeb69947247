"""The seam to Batch and Blob Storage: two small protocols.

Implementations: ``_azure`` (Microsoft's clients) and ``testing`` (in memory). The values are in ``definitions``.
This module stays light: workloads name its types in their constructors, in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from batch_manager.definitions import (
        JobDefinition,
        JobRecord,
        PoolDefinition,
        TaskCounts,
        TaskDefinition,
        TaskQuery,
        TaskRecord,
    )


class BlobStorage(Protocol):
    """The job's storage account. Every method raises a ``ServiceError`` of the fitting kind when the service says
    no."""

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end."""
        ...

    @property
    def identity_reference(self) -> str | None:
        """ARM id of the managed identity that nodes read and write this account's blobs with; None if none is set."""
        ...

    def create_container(self, container: str) -> None:
        """Create a container; success if it exists."""
        ...

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """Write a blob, over what was there."""
        ...

    def download(self, container: str, blob: str, target: Path) -> None:
        """Write a blob's content to a file, whose folder is made. ``NotFoundError`` if there is no such blob."""
        ...

    def read(self, container: str, blob: str) -> bytes:
        """A blob's content. ``NotFoundError`` if there is no such blob or container."""
        ...

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """The names that begin with ``prefix``, in order."""
        ...


class BatchClient(Protocol):
    """A Batch account. Every method raises a ``ServiceError`` of the fitting kind when the service says no."""

    @property
    def storage(self) -> BlobStorage:
        """The storage account that the account's jobs use."""
        ...

    def create_pool(self, pool: PoolDefinition) -> None:
        """Create a pool. ``ConflictError`` if the id is taken."""
        ...

    def create_job(self, job: JobDefinition) -> None:
        """Create a job. ``ConflictError`` if the id is taken."""
        ...

    def get_job(self, job_id: str) -> JobRecord:
        """The job. ``NotFoundError`` if there is none."""
        ...

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> None:
        """Add up to ``definitions.MAX_TASKS_PER_REQUEST`` tasks; one that exists and is the same counts as added.

        Raises:
            ConflictError: a task with that id exists and differs.
            ServiceError: Batch refused one; those before and after it may have been added, so that doing it again is
                right.
        """
        ...

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """The tasks of a job, page by page; None means all of them."""
        ...

    def get_task_counts(self, job_id: str) -> TaskCounts:
        """How far the job is."""
        ...

    def terminate_job_when_tasks_complete(self, job_id: str) -> None:
        """From now on the job completes once all its tasks have (REST ``onAllTasksComplete``)."""
        ...

    def terminate_job(self, job_id: str, reason: str) -> None:
        """End a job and its running tasks; success if it has ended."""
        ...

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """Let a task have no further retry when the attempt that runs now fails."""
        ...

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """End a task; success if it has ended."""
        ...
