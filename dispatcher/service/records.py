"""What the store keeps of pools, nodes, jobs and tasks: frozen values, typed where the service acts on them.

``document`` is the request's JSON text as the client sent it, unknown properties included; it is kept beside the typed
fields and echoed in answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatcher.service.node.launch import EndReason, TaskFailure
from dispatcher.service.states import AllocationState, JobState, NodeState, PoolState, ScheduleState, TaskState


class TaskResult(StrEnum):
    """How a completed task went."""

    SUCCESS = "success"
    FAILURE = "failure"


class FillType(StrEnum):
    """How tasks are spread over a pool's nodes."""

    SPREAD = "spread"
    PACK = "pack"


class Deallocation(StrEnum):
    """What becomes of the tasks on a node that leaves the pool."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"
    """As task completion, and then until the tasks' retention times are over."""


def deallocation_end(option: Deallocation) -> EndReason | None:
    """Return how the tasks of a node that is to take no more are ended; None lets them end by themselves."""
    ends = {Deallocation.REQUEUE: EndReason.REQUEUED, Deallocation.TERMINATE: EndReason.TERMINATED}
    return ends.get(option)


class DisableTasks(StrEnum):
    """What becomes of running tasks when their job is disabled."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    WAIT = "wait"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResizeError:
    """Why a resize did not reach its targets."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StartTaskRun:
    """What is known of the start task on a node since it was last switched on."""

    is_running: bool
    """Or about to be: a retry may be pending."""
    started: datetime
    ended: datetime | None = None
    exit_code: int | None = None
    failure: TaskFailure | None = None
    retries: int = 0
    last_retry: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolRecord:
    """A pool."""

    id: str
    document: str
    version: int
    """Grows with every change of the pool; its ETag."""
    state: PoolState
    state_time: datetime
    allocation_state: AllocationState
    allocation_time: datetime
    created: datetime
    modified: datetime
    target_dedicated: int
    target_low_priority: int
    slots: int
    """Task slots of each node."""
    fill: FillType
    deallocation: Deallocation
    """Of the latest resize."""
    allocated_from: datetime
    """When the nodes of the latest resize are there."""
    resize_deadline: datetime
    """When the latest resize gives up."""
    resize_errors: tuple[ResizeError, ...]
    """Why the latest resize did not reach its targets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeRecord:
    """A compute node."""

    pool_id: str
    id: str
    is_dedicated: bool
    state: NodeState
    """As stored: idle also stands for running, which only the live fleet knows."""
    state_time: datetime
    allocated: datetime
    booted: datetime
    """When it was last switched on."""
    until: datetime | None = None
    """What its state waits for takes until then; None where it waits for something else, or for nothing."""
    start: StartTaskRun | None = None
    errors: tuple[TaskFailure, ...] = ()
    """Why it is unusable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecord:
    """A job."""

    key: int
    id: str
    pool_id: str
    document: str
    version: int
    state: JobState
    previous_state: JobState | None
    state_time: datetime
    created: datetime
    modified: datetime
    ended: datetime | None
    terminate_reason: str | None
    priority: int
    terminates_when_done: bool
    """``onAllTasksComplete`` is ``terminatejob``."""
    uses_dependencies: bool
    max_parallel: int
    """Tasks that may run at once; -1 is no limit."""
    max_retries: int
    """Of tasks that do not say; -1 is no limit."""
    counts: TaskCounts
    performs_exit_options: bool
    """``onTaskFailure`` is ``performexitoptionsjobaction``."""
    scheduling_error: TaskFailure | None
    """Why it could not be given a pool of its own."""
    previous_state_time: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobTaskRun:
    """The latest run of a job's preparation or release task on a node."""

    run_number: int
    started: datetime
    ended: datetime | None
    exit_code: int | None
    failure: TaskFailure | None
    retries: int = 0
    last_retry: datetime | None = None

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended well."""
        return self.ended is not None and self.failure is None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobNodeRecord:
    """A node that a job's preparation task has run on, or runs on."""

    key: int
    """Grows in the order of first runs."""
    job_key: int
    pool_id: str
    node_id: str
    preparation: JobTaskRun
    must_prepare: bool
    """It has to run again before the next task of the job starts there."""
    owes_release: bool
    """The job's release task has to run there, and has not yet, when the job ends."""
    release: JobTaskRun | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SubtaskRecord:
    """A multi-instance task on a node that is not its primary."""

    number: int
    """From 1."""
    pool_id: str
    node_id: str
    state: TaskState
    started: datetime
    ended: datetime | None
    exit_code: int | None
    """Of the coordination command."""
    failure: TaskFailure | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleRecord:
    """A job schedule."""

    key: int
    id: str
    document: str
    version: int
    state: ScheduleState
    previous_state: ScheduleState | None
    state_time: datetime
    created: datetime
    modified: datetime
    ended: datetime | None
    due: datetime | None
    """When its next job is due; None where none will be."""
    jobs_made: int
    recent_job: str | None
    """The id of the latest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskCounts:
    """How many tasks of a job are in which state, and how many slots they take."""

    active: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    active_slots: int = 0
    running_slots: int = 0
    succeeded_slots: int = 0
    failed_slots: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRecord:
    """A task."""

    key: int
    """Grows in the order of adding."""
    job_key: int
    id: str
    document: str
    version: int
    state: TaskState
    previous_state: TaskState | None
    state_time: datetime
    created: datetime
    modified: datetime
    slots: int
    is_manager: bool
    kills_job: bool
    """A job manager whose end ends the job."""
    max_retries: int | None
    """None takes the job's."""
    conditions: str | None
    """``exitConditions`` as JSON text; None is Batch's default."""
    run_number: int
    """Launches so far, retries and requeues together."""
    retries: int
    last_retry: datetime | None
    requeues: int
    last_requeue: datetime | None
    started: datetime | None
    ended: datetime | None
    exit_code: int | None
    result: TaskResult | None
    failure: TaskFailure | None
    pool_id: str | None
    node_id: str | None
    """The node of the latest launch."""
    end_reason: EndReason | None
    """Set while a running attempt is being ended from outside."""
    doomed: bool
    """Deleted while it runs: hidden, and removed once it has ended."""
    files_expired: bool
    """The retention time is over: the node's folder of the task is gone."""
    previous_state_time: datetime | None
