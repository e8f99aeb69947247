"""The seam to Batch and Blob Storage: two small protocols and the values that pass through them.

Implementations: ``_azure`` (Microsoft's clients) and ``testing`` (in memory). A value here says what Batch says, with
everything resolved: no default is left to be looked up, no name to be derived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from batch_manager.dependencies import TaskDependencies
from batch_manager.specification import (
    ApplicationPackageReference,
    TaskConstraints,
    UploadCondition,
    UserIdentity,
)

MAX_TASKS_PER_REQUEST = 100
"""Tasks in one add-collection request (REST ``BatchTaskGroup``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFile:
    """Blobs to bring to a task (REST ``ResourceFile``). Exactly one of the URLs is set, without a SAS."""

    http_url: str | None = None
    container_url: str | None = None
    blob_prefix: str | None = None
    file_path: str | None = None
    identity_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """Files of a task to upload (REST ``OutputFile``)."""

    file_pattern: str
    container_url: str
    path: str | None = None
    upload_condition: UploadCondition = UploadCondition.TASK_COMPLETION
    identity_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """A task as it is sent to Batch. Each lets its dependents go, however it ends: who depends on it asks how it ended."""

    id: str
    display_name: str | None = None
    command_line: str
    environment: Mapping[str, str] = field(default_factory=dict)
    resource_files: tuple[ResourceFile, ...] = ()
    output_files: tuple[OutputFile, ...] = ()
    depends_on: TaskDependencies = TaskDependencies()
    constraints: TaskConstraints = TaskConstraints()
    required_slots: int = 1
    user_identity: UserIdentity | None = None
    application_package_references: tuple[ApplicationPackageReference, ...] = ()
    affinity_id: str | None = None

    def digest(self) -> str:
        """A short text that two definitions share only if they are the same."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDefinition:
    """A job as it is sent to Batch: its tasks come from its job manager, and it does not end by itself until told."""

    id: str
    pool_id: str
    display_name: str | None = None
    priority: int = 0
    """-1000 to 1000."""
    job_manager: TaskDefinition
    common_environment: Mapping[str, str] = field(default_factory=dict)
    """Set for every task of the job."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    max_wall_clock_time: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDefinition:
    """A pool of a fixed size."""

    id: str
    vm_size: str = "standard_d2s_v5"
    image_publisher: str = "microsoft-dsvm"
    image_offer: str = "ubuntu-hpc"
    image_sku: str = "2204"
    node_agent_sku_id: str = "batch.node.ubuntu 22.04"
    target_dedicated_nodes: int = 1
    task_slots_per_node: int = 1


class JobState(Enum):
    """REST ``BatchJobState``."""

    ACTIVE = "active"
    DISABLING = "disabling"
    DISABLED = "disabled"
    ENABLING = "enabling"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class TaskState(Enum):
    """REST ``BatchTaskState``. ``COMPLETED`` means ended, not succeeded."""

    ACTIVE = "active"
    PREPARING = "preparing"
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What Batch says of a job."""

    id: str
    state: JobState
    creation_time: datetime
    terminate_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """What Batch says of a task."""

    id: str
    state: TaskState
    display_name: str | None = None
    exit_code: int | None = None
    """None while it runs, or when its command never started."""
    succeeded: bool | None = None
    """None until it has ended."""
    failure_code: str | None = None
    failure_message: str | None = None
    retry_count: int = 0
    requeue_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """How many tasks of a job are in which state. Batch counts with a delay: one zero is no proof."""

    active: int
    running: int
    succeeded: int
    failed: int

    @property
    def completed(self) -> int:
        """Those that have ended."""
        return self.succeeded + self.failed


class TaskQuery(Enum):
    """The lists of tasks that are asked for: each is one filter that Batch applies."""

    ALL = "all"
    UNSUCCESSFUL = "unsuccessful"
    """Ended with a failure; a skipped task is among them."""
    SKIPPED = "skipped"


class BlobStorage(Protocol):
    """The job's storage account. Every method raises a ``ServiceError`` of the fitting kind when the service says no."""

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
        """Add up to ``MAX_TASKS_PER_REQUEST`` tasks; one that exists and is the same counts as added.

        Raises:
            ConflictError: a task with that id exists and differs.
            ServiceError: Batch refused one; those before and after it may have been added, so that doing it again is right.
        """
        ...

    def list_tasks(self, job_id: str, query: TaskQuery = TaskQuery.ALL) -> Iterator[TaskRecord]:
        """The tasks of a job, page by page."""
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

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """End a task; success if it has ended."""
        ...
