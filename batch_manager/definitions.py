"""The values that pass through the seam to Batch: what is sent, with everything resolved, and what comes back.

A value here says what Batch says: no default is left to be looked up, no name to be derived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from batch_manager.dependencies import TaskDependencies
from batch_manager.specification import (
    ApplicationPackageReference,
    ContainerSettings,
    MultiInstanceSettings,
    TaskConstraints,
    UploadCondition,
    UserIdentity,
)

MAX_TASKS_PER_REQUEST = 100
"""Tasks in one add-collection request (REST ``BatchTaskGroup``)."""

MAX_REQUEST_BYTES = 1_000_000
"""Bytes of the body of one request; Azure answers 413 ``RequestBodyTooLarge`` to a longer one."""


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
    """A task as it is sent to Batch."""

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
    container: ContainerSettings | None = None
    multi_instance: MultiInstanceSettings | None = None
    blocks_on_failure: bool = False
    """False: it lets its dependents go however it ends, and who depends on it asks how it ended. True, for gates
    alone: only exit codes 0 and ``ExitCode.SKIPPED`` let them go."""

    def conflict(self, command_line: str | None) -> str:
        """How a task of the job that has this id and runs ``command_line`` differs, and what to do."""
        if command_line == self.command_line:
            differs = f"both run {command_line!r}, but their inputs, files or settings differ"
        else:
            differs = f"it runs {command_line!r}, this one {self.command_line!r}"
        return (
            f"the job has another task with this id: {differs}. "
            "A job manager that is restarted must add the same tasks again"
        )

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
    pool_id: str = ""
    terminate_reason: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    common_environment: Mapping[str, str] = field(default_factory=dict)


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
    failure_details: tuple[tuple[str, str], ...] = ()
    """Names and values that say more, such as which file."""
    retry_count: int = 0
    requeue_count: int = 0
    required_slots: int = 1
    start_time: datetime | None = None
    """Of the last attempt; None while it has not started."""
    end_time: datetime | None = None
    max_wall_clock_time: timedelta | None = None
    """How long Batch lets it run; None for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDetail:
    """One task of a job, with what tells whether it is the one that was meant."""

    record: TaskRecord
    command_line: str | None = None
    definition: str | None = None
    """The ``TaskDefinition.digest`` it was added with; None if somebody else added it."""
    environment: Mapping[str, str] = field(default_factory=dict)
    depends_on: TaskDependencies = TaskDependencies()
    node_id: str | None = field(default=None, compare=False)
    """Where it ran last; None if it never did. Of ``get_task`` alone: a list does not tell it."""


class AddStatus(Enum):
    """What became of one task of an add-collection request (REST ``BatchTaskAddStatus``)."""

    SUCCESS = "success"
    CLIENT_ERROR = "clienterror"
    """It cannot be added as it is."""
    SERVER_ERROR = "servererror"
    """It may be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAddResult:
    """What became of one task of an add-collection request."""

    task_id: str
    status: AddStatus
    code: str | None = None
    """Batch's code, such as ``TaskExists``; None on success."""
    message: str | None = None


class AllocationState(Enum):
    """REST ``AllocationState``."""

    STEADY = "steady"
    RESIZING = "resizing"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeProblem:
    """Why a pool has not the nodes it should have (REST ``ResizeError``)."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRecord:
    """What Batch says of a pool."""

    id: str
    state: str
    """``active`` or ``deleting``."""
    allocation_state: AllocationState
    allocation_state_since: datetime | None = None
    task_slots_per_node: int = 1
    current_nodes: int = 0
    """Dedicated and spot nodes that are there."""
    target_nodes: int = 0
    enable_auto_scale: bool = False
    inter_node_communication: bool = False
    has_containers: bool = False
    """Whether tasks may name a container image."""
    resize_problems: tuple[ResizeProblem, ...] = ()
    has_start_task: bool = False
    start_task_waits: bool = True
    """Whether no task runs on a node before its start task has succeeded."""
    application_packages: tuple[ApplicationPackageReference, ...] = ()
    is_windows: bool = False
    """Whether its nodes run Windows, as their node agent tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """What Batch says of a node."""

    id: str
    state: str
    """REST ``BatchNodeState``: ``idle``, ``running``, ``starttaskfailed``, ``unusable``, ..."""
    state_since: datetime | None = None
    start_task_failure: str | None = None
    """How the start task failed, in words, with its exit code; None if it did not."""
    errors: tuple[str, ...] = ()
    """What Batch says is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationRecord:
    """How a job's preparation task went on one node."""

    node_id: str
    state: str
    """``running`` or ``completed``."""
    succeeded: bool | None = None
    exit_code: int | None = None
    failure_message: str | None = None
    retry_count: int = 0


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

    UNSUCCESSFUL = "unsuccessful"
    """Ended with a failure; a skipped task is among them."""
    SKIPPED = "skipped"
    NOT_ENDED = "not ended"
    """Active, preparing or running."""
