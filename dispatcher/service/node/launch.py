"""What the worker tells a node to run, and what the node tells the worker back.

These values are the whole seam between the service's core and its nodes: the core knows nothing of processes, folders
and blobs, and a node knows nothing of HTTP, SQLite and scheduling. All of them are frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.container_launch import ContainerPool, ContainerRun


class UploadCondition(StrEnum):
    """When an output file is uploaded; the spelling is Batch's (swagger ``OutputFileUploadCondition``)."""

    TASK_SUCCESS = "tasksuccess"
    TASK_FAILURE = "taskfailure"
    TASK_COMPLETION = "taskcompletion"


class ErrorCategory(StrEnum):
    """Whose fault a failure is (swagger ``ErrorCategory``, recorded spelling)."""

    USER_ERROR = "UserError"
    SERVER_ERROR = "ServerError"


class Stage(StrEnum):
    """The stage of one attempt in which it ended; it chooses the exit condition that applies."""

    PRE_PROCESSING = "preprocessing"
    """Resource files or packages could not be brought to the node; the command never started."""
    RUN = "run"
    """The command was started, or could not be found."""
    UPLOAD = "upload"
    """The command ended, but an output file could not be uploaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceFile:
    """A file or a container's blobs to bring to the task's working directory before its command starts.

    Exactly one of ``http_url`` and ``container_url`` is set. A URL may carry a SAS, so it never reaches a log.
    """

    http_url: str | None = None
    container_url: str | None = None
    blob_prefix: str | None = None
    """With ``container_url`` only: take the blobs whose names begin so."""
    file_path: str | None = None
    """Where it goes, relative to the working directory; a folder when ``container_url`` is set."""
    file_mode: str | None = None
    """Octal, as Batch has it (``"0770"``); None means 0770."""
    uses_identity: bool = False
    """The file named an identity of the pool: the node signs the request with the storage credential it was given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputFile:
    """Files to upload to a container once the command has ended."""

    file_pattern: str
    """Relative to the working directory; ``*``, ``**``, ``?``, ``[]`` as Batch has them; ``..`` reaches stdout.txt."""
    container_url: str
    path: str | None = None
    """Without a wildcard in the pattern: the blob's name. With one: the virtual folder the files go under."""
    condition: UploadCondition = UploadCondition.TASK_COMPLETION
    uses_identity: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    """HTTP headers that its blobs are written with (``uploadHeaders``), such as ``x-ms-blob-content-type``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskKey:
    """Names what an attempt is made at: one task of the account, or a node's start task."""

    job_id: str
    task_id: str


START_TASK: Final = TaskKey(job_id="", task_id="startup")
"""The start task of whatever node is asked: it belongs to no job, and its folder is the node's ``startup``."""


class WorkKind(StrEnum):
    """What an attempt is: it decides who takes in its ending."""

    TASK = "task"
    START_TASK = "starttask"
    JOB_PREPARATION = "jobpreparation"
    JOB_RELEASE = "jobrelease"
    SUBTASK = "subtask"
    """A multi-instance task on a node that is not its primary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationPackage:
    """A version of an application to lay out on a node."""

    application_id: str
    version: str
    is_default: bool
    """It was asked for without a version, so that its environment variable names none."""
    url: str
    """Of the zip, in the storage account that is linked to the service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobMount:
    """A blob container to appear as a folder below the node's ``fsmounts``.

    At most one of ``account_key``, ``sas`` and ``uses_identity`` is set.
    """

    account: str
    """The storage account; another than the linked one is looked for where Azure has it."""
    container: str
    folder: str
    """Relative to ``fsmounts``."""
    read_only: bool = False
    account_key: str | None = field(default=None, repr=False)
    sas: str | None = field(default=None, repr=False)
    """A query string, without its question mark."""
    uses_identity: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeSetup:
    """What a node does once when it joins its pool, before its start task."""

    packages: tuple[ApplicationPackage, ...] = ()
    mounts: tuple[BlobMount, ...] = ()
    containers: ContainerPool | None = None
    """None: containers are not for this pool, and a task that asks for one fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordination:
    """What an attempt at a multi-instance task does on a node before, or instead of, the task's own command."""

    command_line: str
    files: tuple[ResourceFile, ...] = ()
    """Common resource files, for the task's folder on this node, one above the working directory."""
    is_primary: bool
    """The task's own command runs here once `Node.proceed` says so. On the other nodes the attempt lasts, with what
    the coordination command left running, until it is ended; that is no failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskLaunch:
    """One attempt at one task, with everything a node needs to make it."""

    key: TaskKey
    pool_id: str
    node_id: str
    run_number: int
    """Counts the launches of this task from 1, retries and requeues together; an ending carries it back."""
    command_line: str
    """Started without a shell, split as Batch's agent does on Linux."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The job's common settings with the task's over them. The node adds AZ_BATCH_* and a minimal PATH and HOME."""
    resource_files: tuple[ResourceFile, ...] = ()
    output_files: tuple[OutputFile, ...] = ()
    wall_clock_limit: float | None = None
    """Seconds this attempt may run, from the start of its (coordination) command; None is no limit."""
    keep_files: bool = False
    """True for a retry on the same node: the working directory of the attempt before is kept."""
    service_environment: Mapping[str, str] = field(default_factory=dict)
    """What the service itself tells this attempt (``AZ_BATCH_HOST_LIST``); settings of the user do not replace it."""
    packages: tuple[ApplicationPackage, ...] = ()
    """To be laid out before its files are brought; where one cannot be, the attempt ends in pre-processing."""
    coordination: Coordination | None = None
    """For multi-instance tasks."""
    container: ContainerRun | None = None
    """Where there is one, nothing of the command runs outside it. The command line may then be empty."""
    faults: AttemptFaults | None = None
    """What is to go wrong on purpose."""
    slots: int = 0
    """Of the node, that it holds while it runs; it waits until they are free. What takes none waits for nothing."""

    @property
    def is_plain(self) -> bool:
        """Whether its command is all that may take time, or nearly: nothing travels before or after it."""
        return not (self.resource_files or self.output_files or self.packages or self.coordination or self.container)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFailure:
    """Why an attempt failed, in Batch's own fields (``BatchTaskFailureInfo``)."""

    category: ErrorCategory
    code: str
    """``FailureExitCode``, ``CommandProgramNotFound``, ``TaskEnded``, ``ResourceContainerAccessDenied``, ..."""
    message: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What an attempt's processes used, as far as the kernel tells cheaply."""

    user: timedelta = timedelta()
    """Of processors, by the processes themselves."""
    kernel: timedelta = timedelta()
    """Of processors, by the kernel on their behalf."""
    reads: int = 0
    """Blocks of 512 bytes read from disks."""
    writes: int = 0
    """Blocks of 512 bytes written to disks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskStarted:
    """The command of an attempt was started. Nobody is told of one that ends at once: its ending says when it began."""

    key: TaskKey
    run_number: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEnding:
    """An attempt has ended, its output files are uploaded, and no process of it is left."""

    key: TaskKey
    run_number: int
    at: datetime
    stage: Stage
    exit_code: int | None
    """None when the command never started; 128 + n when signal n ended it. At stage ``UPLOAD`` it may be any."""
    failure: TaskFailure | None
    """None exactly when the command ended by itself with exit code 0 and every upload succeeded."""
    usage: Usage | None = None
    """None where the command never started, or nobody measured it."""
    started: datetime | None = None
    """When the command did; None where it never did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskReturned:
    """An attempt that waited for its slots is given back: they will not be free soon. Nothing of it was begun."""

    key: TaskKey
    run_number: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupEnding:
    """A node's setup has ended."""

    at: datetime
    failure: TaskFailure | None = None
    """Why the node cannot be used; None where it can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CoordinationDone:
    """The coordination command of an attempt has returned and succeeded; the attempt waits."""

    key: TaskKey
    run_number: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeLost:
    """What ran the node is gone, and all processes of the node with it, or they will be before it is opened again.

    No ending is reported of what ran there but where `Node.end` asks for it.
    """

    at: datetime


NodeEvent = TaskStarted | TaskEnding | TaskReturned | SetupEnding | CoordinationDone | NodeLost


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRequest:
    """Where the files of a node's log go that hold lines of some time."""

    container_url: str
    folder: str
    """Virtual, in the container."""
    since: datetime
    until: datetime | None = None
    uses_identity: bool = False


class EndReason(StrEnum):
    """Why the worker ends an attempt that runs."""

    TERMINATED = "terminated"
    """By a user or the job's end: the attempt ends with failure code ``TaskEnded``; output files are still uploaded."""
    REQUEUED = "requeued"
    """The task goes back to the queue (job disabled with requeue): nothing is uploaded and no ending counts."""
    LOST = "lost"
    """As ``REQUEUED``, but killed without a warning: the node is gone. No task in the store has it."""


class Node(Protocol):
    """One compute node: a folder with Azure's layout that runs attempts, each in processes of its own.

    ``launch`` and ``end`` return at once; what happens is reported through the callback given to the node's maker,
    from any thread, in order for one attempt: at most one ``TaskStarted``, then exactly one ``TaskEnding``; or one
    ``TaskReturned`` alone. Events may be told some milliseconds late, together with others.
    """

    def set_up(self, setup: NodeSetup) -> None:
        """Begin what a fresh node needs; exactly one `SetupEnding` follows, from any thread."""
        ...

    def launch(self, launch: TaskLaunch) -> None:
        """Begin an attempt, or let it wait for its slots, after those that wait already.

        Raises:
            ValueError: an attempt at the task runs here already.
            RuntimeError: the node is closed, or the machine has no thread left.
            OSError: the machine has no descriptor left; the node stays usable.
        """
        ...

    def proceed(self, key: TaskKey) -> None:
        """Let the primary attempt of a multi-instance task start its own command. An unknown one is ignored."""
        ...

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """End a running attempt, with all its processes. Unknown or ended ones are ignored (it may have just ended)."""
        ...

    def upload_log(self, request: LogRequest) -> int:
        """Begin to upload the node's log; return how many files that are."""
        ...

    def forget(self, key: TaskKey) -> None:
        """Delete the task's folder: its retention is over or the task was deleted. If it runs, once it has ended."""
        ...

    def close(self) -> None:
        """End everything that runs, wait for it, report nothing more. Folders stay. Not for the listener to call."""
        ...


NodeListener = Callable[[NodeEvent], None]
EventsListener = Callable[[Sequence[NodeEvent]], None]
