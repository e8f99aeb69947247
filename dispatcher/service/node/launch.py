"""What the worker tells a node to run, and what the node tells the worker back.

These values are the whole seam between the service's core and its nodes: the core knows nothing of processes, folders
and blobs, and a node knows nothing of HTTP, SQLite and scheduling. All of them are frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


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


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskKey:
    """Names one task of the account."""

    job_id: str
    task_id: str


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
    """Seconds this attempt may run, from the start of its command; None is no limit."""
    keep_files: bool = False
    """True for a retry on the same node: the working directory of the attempt before is kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFailure:
    """Why an attempt failed, in Batch's own fields (``BatchTaskFailureInfo``)."""

    category: ErrorCategory
    code: str
    """``FailureExitCode``, ``CommandProgramNotFound``, ``TaskEnded``, ``ResourceContainerAccessDenied``, ..."""
    message: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskStarted:
    """The command of an attempt was started."""

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


NodeEvent = TaskStarted | TaskEnding


class EndReason(StrEnum):
    """Why the worker ends an attempt that runs."""

    TERMINATED = "terminated"
    """By a user or the job's end: the attempt ends with failure code ``TaskEnded``; output files are still uploaded."""
    REQUEUED = "requeued"
    """The task goes back to the queue (job disabled with requeue): nothing is uploaded and no ending counts."""


class Node(Protocol):
    """One compute node: a folder with Azure's layout that runs attempts, each in processes of its own.

    ``launch`` and ``end`` return at once; what happens is reported through the callback given to the node's maker,
    from any thread, in order for one attempt: at most one ``TaskStarted``, then exactly one ``TaskEnding``.
    """

    def launch(self, launch: TaskLaunch) -> None:
        """Begin an attempt. There is a free slot; the caller sees to that.

        Raises:
            ValueError: an attempt at the task runs here already.
            RuntimeError: the node is closed, or the machine has no thread left.
            OSError: the machine has no descriptor left; the node stays usable.
        """
        ...

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """End a running attempt, with all its processes. Unknown or ended ones are ignored (it may have just ended)."""
        ...

    def forget(self, key: TaskKey) -> None:
        """Delete the task's folder: its retention is over or the task was deleted. If it runs, once it has ended."""
        ...

    def close(self) -> None:
        """End everything that runs, wait for it, report nothing more. Folders stay. Not for the listener to call."""
        ...


NodeListener = Callable[[NodeEvent], None]
