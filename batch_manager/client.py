"""The seam to Batch and Blob Storage: two small protocols.

Implementations: ``_azure`` (Microsoft's clients) and ``testing`` (in memory). The values are in ``definitions``.
This module stays light: workloads name its types in their constructors, in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from batch_manager.definitions import (
        JobDefinition,
        JobRecord,
        NodeRecord,
        PoolDefinition,
        PoolRecord,
        PreparationRecord,
        TaskAddResult,
        TaskCounts,
        TaskDefinition,
        TaskDetail,
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

    def create_container(self, container: str, metadata: Mapping[str, str] | None = None) -> None:
        """Create a container with this metadata, whose names are identifiers; success if it exists, whose metadata
        stays as it is."""
        ...

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """Write a blob, over what was there."""
        ...

    def upload_new(self, container: str, blob: str, content: bytes) -> bool:
        """Write a blob unless there is one: of several that do it at the same moment, one is told that it did. Also
        whoever finds there what he was to write."""
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

    def copy(self, container: str, blob: str, target_container: str) -> None:
        """Copy a blob to the same name in another container of the account, over what was there; the bytes do not
        pass through this machine. ``NotFoundError`` if there is no such blob or container."""
        ...

    def delete(self, container: str, blob: str) -> None:
        """Delete a blob; success if there is none. ``NotFoundError`` if there is no such container."""
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

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
        """Send one add-collection request of up to ``definitions.MAX_TASKS_PER_REQUEST`` tasks, and say what became of
        each, in their order. ``adding.add_all`` is what adds a job's tasks for good: this is its one step.

        Raises:
            ServiceError: Batch refused the request as a whole (413: it is too large), or could not be asked; some of
                the tasks may have been added.
        """
        ...

    def get_task(self, job_id: str, task_id: str) -> TaskDetail:
        """One task. ``NotFoundError`` if there is none."""
        ...

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """The tasks of a job, page by page; None means all of them."""
        ...

    def list_task_details(self, job_id: str) -> Iterator[TaskDetail]:
        """All tasks of a job with their commands and environments, page by page: a multiple of what ``list_tasks``
        carries."""
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

    def limit_wall_clock(self, job_id: str, task_id: str, at_most: timedelta) -> None:
        """Let an attempt at a task run for no longer than this, or than its own limit if that is shorter."""
        ...

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """End a task; success if it has ended."""
        ...

    def get_pool(self, pool_id: str) -> PoolRecord:
        """A pool. ``NotFoundError`` if there is none."""
        ...

    def list_nodes(self, pool_id: str) -> Iterator[NodeRecord]:
        """The nodes of a pool. ``NotFoundError`` if there is no such pool."""
        ...

    def list_job_preparation(self, job_id: str) -> Iterator[PreparationRecord]:
        """How the job's preparation task went, on each node where it was started; nothing if the job has none."""
        ...

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        """The versions of an application that can be used. ``NotFoundError`` if there is no such application."""
        ...
