"""What a workload says about a task: the draft that ``JobManager.add_workload_task`` returns.

Names, defaults and limits are Batch's (REST ``BatchTaskCreateOptions``, 2025-06-01). A draft is changed freely until
the job manager submits it; ``preflight.find_problems`` then checks all of them at once, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from batch_manager.dependencies import DependencyRule
from batch_manager.errors import RetryableError

FOLDER_MARK = "/"


class UploadCondition(Enum):
    """When an output file is uploaded (REST ``OutputFileUploadCondition``)."""

    TASK_SUCCESS = "tasksuccess"
    TASK_FAILURE = "taskfailure"
    TASK_COMPLETION = "taskcompletion"


class ElevationLevel(Enum):
    """The rights of a task's user (REST ``ElevationLevel``)."""

    NON_ADMIN = "nonadmin"
    ADMIN = "admin"


class AutoUserScope(Enum):
    """Whether the tasks of a node share their user (REST ``AutoUserScope``)."""

    TASK = "task"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class InputFileSpecification:
    """Blobs that lie in the task's working directory before it starts.

    Attributes:
        storage_account_name: None means the job's storage account.
        container_name: None means the job's container, ``job-<job-id>``.
        source_blob_path: the blob's name in the container. Ending in ``/`` (or empty) it is a virtual folder: all
            blobs whose names begin so.
        target_file_path: where it goes, relative to the working directory; None means the blob's own name. For a
            folder, the directory that the blobs' full names are appended to, as Batch does it; None means the
            working directory.
        identity_reference: ARM id of the managed identity that reads the blob; None means the pool's, from the
            settings.
    """

    storage_account_name: str | None = None
    container_name: str | None = None
    source_blob_path: str = ""
    target_file_path: str | None = None
    identity_reference: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether this stands for every blob under a prefix."""
        return not self.source_blob_path or self.source_blob_path.endswith(FOLDER_MARK)


@dataclass(frozen=True, slots=True)
class OutputFileSpecification:
    """Files of the task that are uploaded when it has ended.

    Attributes:
        source_file_path: relative to the working directory; ``*``, ``**``, ``?`` and ``[...]`` as Batch has them: all
            files below a folder are ``out/**/*``. A pattern, or a plain name, that matches no file is no failure.
        storage_account_name: None means the job's storage account.
        container_name: None means the job's container, ``job-<job-id>``.
        target_blob_path: the blob's name; with a pattern, the virtual folder the files go under. None means the
            file's own path, or for a pattern the container's root.
        task_id: the task that writes the file; None means the one it is attached to, and any other is refused.
        identity_reference: ARM id of the managed identity that writes the blob; None means the one of the settings.
        upload_condition: the outcome of the task that the upload waits for.
    """

    source_file_path: str
    storage_account_name: str | None = None
    container_name: str | None = None
    target_blob_path: str | None = None
    task_id: str | None = None
    identity_reference: str | None = None
    upload_condition: UploadCondition = UploadCondition.TASK_COMPLETION

    @property
    def is_pattern(self) -> bool:
        """Whether this stands for every file that matches."""
        return any(mark in self.source_file_path for mark in "*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskConstraints:
    """Limits on a task (REST ``BatchTaskConstraints``). None leaves Batch's default."""

    max_task_retry_count: int | None = None
    """Retries after an attempt that failed; 0 by default, -1 without limit. Requeues after node loss are not
    counted."""
    max_wall_clock_time: timedelta | None = None
    """How long an attempt may run; 180 days at most."""
    retention_time: timedelta | None = None
    """How long its folder stays on the node after its end; 7 days by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentity:
    """Who a task runs as (REST ``UserIdentity``): a user of the pool by name, or one that Batch makes."""

    user_name: str | None = None
    elevation_level: ElevationLevel = ElevationLevel.NON_ADMIN
    scope: AutoUserScope = AutoUserScope.POOL


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationPackageReference:
    """An application package that is on the node before the task starts (REST ``BatchApplicationPackageReference``)."""

    application_id: str
    version: str | None = None
    """None means the application's default version."""


def encode_packages(packages: Iterable[ApplicationPackageReference]) -> str:
    """Package references as one text: ``pi:1.0.0 tools``."""
    return " ".join(each.application_id + ("" if each.version is None else f":{each.version}") for each in packages)


def decode_packages(text: str) -> tuple[ApplicationPackageReference, ...]:
    """The reverse of ``encode_packages``; no text is no package."""
    pairs = (word.partition(":") for word in text.split())
    return tuple(
        ApplicationPackageReference(application_id=name, version=version or None) for name, _, version in pairs
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures of a task are worth another try, and when.

    A try after a node was lost or preempted is Batch's own and not counted here. Usage errors (64), wrong input (65),
    definitions (70), permissions (77), configuration (78), skips (80) and the job's time limit (81) are never
    retried, whatever the policy says.
    """

    max_retries: int = 3
    """Tries after the first; 1 or more."""
    exit_codes: tuple[int, ...] = ()
    """Exit codes of the task's process that are worth another try, whatever ended it: a plain command's own, one given
    to ``sys.exit``, or that of an exception (docs/exit-codes.md)."""
    exceptions: tuple[type[BaseException], ...] = (RetryableError,)
    """Exceptions of ``run`` or of the builder, with their subclasses, that are worth another try."""
    delay: timedelta = timedelta(seconds=5)
    """Before the first retry; each later one waits twice as long. The task keeps its slot meanwhile."""
    max_delay: timedelta = timedelta(minutes=5)
    """The longest pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings:
    """The container a task runs in (REST ``BatchTaskContainerSettings``); the pool must be set up for containers."""

    image_name: str
    run_options: str | None = None
    """Words for the engine's ``create`` command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstanceSettings:
    """Several nodes at the same time for one task (REST ``MultiInstanceSettings``); the pool must have inter-node
    communication and one slot per node."""

    number_of_instances: int
    coordination_command_line: str
    """Runs on every node before the task's command runs on the first; it must return."""


@dataclass(slots=True, kw_only=True, eq=False)
class TaskSpecification:
    """A task of the job, as a draft. Change any field but the first three until ``create_job`` returns."""

    task_name: str
    """The name its type is registered under; of a plain command, a word for people."""
    inputs: str
    """Its inputs as a JSON object, taken down when the task was added."""
    dependencies: tuple[TaskSpecification, ...] = ()
    """The tasks of this job that end before it starts."""
    id: str
    """At most 64 of letters, digits, ``-`` and ``_``; unique in the job without regard to case."""
    display_name: str | None = None
    """At most 1024 characters."""
    run_when: DependencyRule = DependencyRule.ALL_SUCCEEDED
    """Whether it runs or is skipped, by how its dependencies ended."""
    input_files: list[InputFileSpecification] = field(default_factory=list)
    output_files: list[OutputFileSpecification] = field(default_factory=list)
    environment_settings: dict[str, str] = field(default_factory=dict)
    """Never a place for a secret: whoever may read the job reads them."""
    constraints: TaskConstraints = field(default=TaskConstraints())
    required_slots: int = 1
    """Slots of a node it takes; never more than the pool's slots per node, or it waits for ever."""
    user_identity: UserIdentity | None = None
    """None means Batch's default: a user that the pool's tasks share, without administrator's rights."""
    application_package_references: list[ApplicationPackageReference] = field(default_factory=list)
    affinity_id: str | None = None
    """A hint where to run: the ``affinityId`` of a node or of another task."""
    command_line: str | None = None
    """Set for a plain command, which is started without a shell; None for a registered task."""
    retry: RetryPolicy | None = None
    """Which failures are tried again. None: what ``constraints.max_task_retry_count`` says, whatever the failure,
    save those that no retry can mend."""
    container: ContainerSettings | None = None
    multi_instance: MultiInstanceSettings | None = None

    @property
    def carries_check(self) -> bool:
        """Whether the task's own process can ask how its parents ended; if not, a gate stands before it."""
        return self.command_line is None or (self.container is None and self.multi_instance is None)
