"""The states of pools, nodes, jobs and tasks: an Enum each, and one table of what may follow what.

Spellings are Batch's. A table maps a state and what happens to it to the next state; what it leaves out cannot happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final, Generic, TypeVar

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)


class TransitionError(Exception):
    """Something happened to an entity in a state where it cannot happen.

    Attributes:
        state: the state it is in.
        event: what was to happen.
    """

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        self.state = state
        self.event = event
        super().__init__(f"{event.value!r} cannot happen in state {state.value!r}")


@dataclass(frozen=True, kw_only=True)
class Transitions(Generic[StateT, EventT]):
    """A state machine."""

    table: Mapping[tuple[StateT, EventT], StateT]

    def after(self, state: StateT, event: EventT) -> StateT:
        """Return the state that follows.

        Raises:
            TransitionError: the table has no such step.
        """
        try:
            return self.table[state, event]
        except KeyError:
            raise TransitionError(state, event) from None

    def allows(self, state: StateT, event: EventT) -> bool:
        """Say whether the table has the step."""
        return (state, event) in self.table


class PoolState(StrEnum):
    """Life of a pool."""

    ACTIVE = "active"
    DELETING = "deleting"


class PoolEvent(StrEnum):
    """What happens to a pool."""

    DELETE = auto()


POOL = Transitions(table={(PoolState.ACTIVE, PoolEvent.DELETE): PoolState.DELETING})


class AllocationState(StrEnum):
    """Whether a pool's nodes are as many as asked for."""

    STEADY = "steady"
    RESIZING = "resizing"
    STOPPING = "stopping"


class AllocationEvent(StrEnum):
    """What happens to a pool's size."""

    RESIZE = auto()
    STOP = auto()
    SETTLE = auto()


ALLOCATION = Transitions(
    table={
        (AllocationState.STEADY, AllocationEvent.RESIZE): AllocationState.RESIZING,
        (AllocationState.RESIZING, AllocationEvent.RESIZE): AllocationState.RESIZING,
        (AllocationState.RESIZING, AllocationEvent.STOP): AllocationState.STOPPING,
        (AllocationState.RESIZING, AllocationEvent.SETTLE): AllocationState.STEADY,
        (AllocationState.STOPPING, AllocationEvent.SETTLE): AllocationState.STEADY,
    }
)


class NodeState(StrEnum):
    """Life of a node. Idle and running differ only in whether a task runs there.

    Only a fault on purpose makes a node unknown, and nothing upgrades its system: clients count that state.
    """

    CREATING = "creating"
    STARTING = "starting"
    WAITING_FOR_START_TASK = "waitingforstarttask"
    START_TASK_FAILED = "starttaskfailed"
    IDLE = "idle"
    RUNNING = "running"
    REBOOTING = "rebooting"
    REIMAGING = "reimaging"
    OFFLINE = "offline"
    LEAVING_POOL = "leavingpool"
    PREEMPTED = "preempted"
    UNUSABLE = "unusable"
    UNKNOWN = "unknown"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    UPGRADING_OS = "upgradingos"


class NodeEvent(StrEnum):
    """What happens to a node."""

    ALLOCATED = auto()
    WAIT_FOR_START_TASK = auto()
    READY = auto()
    START_TASK_FAILED = auto()
    TASK_STARTED = auto()
    EMPTIED = auto()
    DISABLE = auto()
    ENABLE = auto()
    """While nothing runs there."""
    ENABLE_BUSY = auto()
    """While a task still runs there."""
    REBOOT = auto()
    REIMAGE = auto()
    DEALLOCATE = auto()
    DEALLOCATED = auto()
    START = auto()
    """It is switched on, after having been off for whatever reason."""
    PREEMPT = auto()
    BREAK = auto()
    """It cannot be set up, or this machine cannot carry it."""
    CRASH = auto()
    """It has to boot again, though nobody asked for that."""
    LOSE = auto()
    """It vanishes with its files; another takes its place."""
    LEAVE = auto()


_TAKING: Final = (NodeState.IDLE, NodeState.RUNNING)
_MENDABLE: Final = (*_TAKING, NodeState.START_TASK_FAILED, NodeState.UNUSABLE)
"""Azure's reference names idle and running only, and its guides advise to reboot or reimage nodes in the other two."""
_JOINING: Final = (NodeState.STARTING, NodeState.WAITING_FOR_START_TASK)
_OFF: Final = (NodeState.DEALLOCATING, NodeState.DEALLOCATED, NodeState.PREEMPTED, NodeState.LEAVING_POOL)

_GONE: Final = (*_OFF, NodeState.UNKNOWN)

NODE: Transitions[NodeState, NodeEvent] = Transitions(
    table={
        (NodeState.CREATING, NodeEvent.ALLOCATED): NodeState.STARTING,
        (NodeState.STARTING, NodeEvent.WAIT_FOR_START_TASK): NodeState.WAITING_FOR_START_TASK,
        (NodeState.WAITING_FOR_START_TASK, NodeEvent.WAIT_FOR_START_TASK): NodeState.WAITING_FOR_START_TASK,
        (NodeState.STARTING, NodeEvent.READY): NodeState.IDLE,
        (NodeState.WAITING_FOR_START_TASK, NodeEvent.READY): NodeState.IDLE,
        (NodeState.WAITING_FOR_START_TASK, NodeEvent.START_TASK_FAILED): NodeState.START_TASK_FAILED,
        **{(state, NodeEvent.TASK_STARTED): NodeState.RUNNING for state in _TAKING},
        **{(state, NodeEvent.EMPTIED): state for state in NodeState},
        (NodeState.RUNNING, NodeEvent.EMPTIED): NodeState.IDLE,
        **{(state, NodeEvent.DISABLE): NodeState.OFFLINE for state in _TAKING},
        (NodeState.OFFLINE, NodeEvent.ENABLE): NodeState.IDLE,
        (NodeState.OFFLINE, NodeEvent.ENABLE_BUSY): NodeState.RUNNING,
        **{(state, NodeEvent.REBOOT): NodeState.REBOOTING for state in _MENDABLE},
        **{(state, NodeEvent.CRASH): NodeState.REBOOTING for state in (*_MENDABLE, *_JOINING)},
        **{(state, NodeEvent.REIMAGE): NodeState.REIMAGING for state in _MENDABLE},
        **{(state, NodeEvent.DEALLOCATE): NodeState.DEALLOCATING for state in _MENDABLE},
        (NodeState.DEALLOCATING, NodeEvent.DEALLOCATED): NodeState.DEALLOCATED,
        (NodeState.DEALLOCATED, NodeEvent.START): NodeState.STARTING,
        (NodeState.REBOOTING, NodeEvent.START): NodeState.STARTING,
        (NodeState.REIMAGING, NodeEvent.START): NodeState.STARTING,
        (NodeState.PREEMPTED, NodeEvent.START): NodeState.STARTING,
        **{(state, NodeEvent.PREEMPT): NodeState.PREEMPTED for state in NodeState if state not in _OFF},
        **{(state, NodeEvent.LOSE): NodeState.UNKNOWN for state in NodeState if state not in _GONE},
        **{(state, NodeEvent.BREAK): NodeState.UNUSABLE for state in NodeState if state is not NodeState.LEAVING_POOL},
        **{(state, NodeEvent.LEAVE): NodeState.LEAVING_POOL for state in NodeState},
    }
)


class JobState(StrEnum):
    """Life of a job. Enabling takes no time here, so no job is ever seen in that state."""

    ACTIVE = "active"
    DISABLING = "disabling"
    DISABLED = "disabled"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class JobEvent(StrEnum):
    """What happens to a job."""

    DISABLE = auto()
    DISABLED = auto()
    ENABLE = auto()
    TERMINATE = auto()
    TERMINATED = auto()
    DELETE = auto()


JOB: Transitions[JobState, JobEvent] = Transitions(
    table={
        (JobState.ACTIVE, JobEvent.DISABLE): JobState.DISABLING,
        (JobState.DISABLING, JobEvent.DISABLED): JobState.DISABLED,
        (JobState.DISABLING, JobEvent.ENABLE): JobState.ACTIVE,
        (JobState.DISABLED, JobEvent.ENABLE): JobState.ACTIVE,
        (JobState.ACTIVE, JobEvent.TERMINATE): JobState.TERMINATING,
        (JobState.DISABLING, JobEvent.TERMINATE): JobState.TERMINATING,
        (JobState.DISABLED, JobEvent.TERMINATE): JobState.TERMINATING,
        (JobState.TERMINATING, JobEvent.TERMINATED): JobState.COMPLETED,
        **{(state, JobEvent.DELETE): JobState.DELETING for state in JobState if state is not JobState.DELETING},
    }
)


class TaskState(StrEnum):
    """Life of a task; it starts as active. Completed says nothing of success."""

    ACTIVE = "active"
    PREPARING = "preparing"
    """It has its place on a node, where the job's preparation task has not ended yet."""
    RUNNING = "running"
    COMPLETED = "completed"


ON_A_NODE: Final = frozenset({TaskState.PREPARING, TaskState.RUNNING})
"""The states of a task that has its place on a node."""


class TaskEvent(StrEnum):
    """What happens to a task."""

    START = auto()
    HOLD = auto()
    """Its node is to be prepared first."""
    LET_GO = auto()
    """Its node is prepared."""
    PUT_BACK = auto()
    """It loses its place before its command could start, which counts neither as a retry nor as a requeue."""
    RETRY = auto()
    REQUEUE = auto()
    COMPLETE = auto()
    REACTIVATE = auto()


TASK = Transitions(
    table={
        (TaskState.ACTIVE, TaskEvent.START): TaskState.RUNNING,
        (TaskState.RUNNING, TaskEvent.HOLD): TaskState.PREPARING,
        (TaskState.PREPARING, TaskEvent.HOLD): TaskState.PREPARING,
        (TaskState.PREPARING, TaskEvent.LET_GO): TaskState.RUNNING,
        (TaskState.PREPARING, TaskEvent.PUT_BACK): TaskState.ACTIVE,
        (TaskState.PREPARING, TaskEvent.RETRY): TaskState.ACTIVE,
        (TaskState.PREPARING, TaskEvent.COMPLETE): TaskState.COMPLETED,
        (TaskState.RUNNING, TaskEvent.RETRY): TaskState.ACTIVE,
        (TaskState.RUNNING, TaskEvent.REQUEUE): TaskState.ACTIVE,
        (TaskState.RUNNING, TaskEvent.PUT_BACK): TaskState.ACTIVE,
        (TaskState.RUNNING, TaskEvent.COMPLETE): TaskState.COMPLETED,
        (TaskState.ACTIVE, TaskEvent.COMPLETE): TaskState.COMPLETED,
        (TaskState.COMPLETED, TaskEvent.REACTIVATE): TaskState.ACTIVE,
    }
)


class ScheduleState(StrEnum):
    """Life of a job schedule."""

    ACTIVE = "active"
    DISABLED = "disabled"
    TERMINATING = "terminating"
    COMPLETED = "completed"
    DELETING = "deleting"


class ScheduleEvent(StrEnum):
    """What happens to a job schedule."""

    DISABLE = auto()
    ENABLE = auto()
    TERMINATE = auto()
    COMPLETE = auto()
    DELETE = auto()


SCHEDULE: Transitions[ScheduleState, ScheduleEvent] = Transitions(
    table={
        (ScheduleState.ACTIVE, ScheduleEvent.DISABLE): ScheduleState.DISABLED,
        (ScheduleState.DISABLED, ScheduleEvent.ENABLE): ScheduleState.ACTIVE,
        (ScheduleState.ACTIVE, ScheduleEvent.TERMINATE): ScheduleState.TERMINATING,
        (ScheduleState.DISABLED, ScheduleEvent.TERMINATE): ScheduleState.TERMINATING,
        (ScheduleState.ACTIVE, ScheduleEvent.COMPLETE): ScheduleState.COMPLETED,
        (ScheduleState.TERMINATING, ScheduleEvent.COMPLETE): ScheduleState.COMPLETED,
        **{
            (state, ScheduleEvent.DELETE): ScheduleState.DELETING
            for state in ScheduleState
            if state is not ScheduleState.DELETING
        },
    }
)
