"""The life of a node: what follows its state, from its allocation until tasks may start, and when it is off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from dispatcher.service.states import NodeState


class Phase(Enum):
    """How far the service has come with what a node's state asks for. It is memory: after a restart all begins anew."""

    NONE = auto()
    RENEWING = auto()
    """It is being closed and opened again."""
    RENEWED = auto()
    SETTING_UP = auto()
    SET_UP = auto()
    """Its start task may run, if it is to."""
    START_TASK = auto()
    """Its start task runs."""


class NodeAction(Enum):
    """What is to be done with a node now."""

    ALLOCATE = auto()
    SET_UP = auto()
    RUN_START_TASK = auto()
    BE_READY = auto()
    SWITCH_OFF = auto()
    BE_DEALLOCATED = auto()
    SWITCH_ON = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeLife:
    """A node, as its life is planned from."""

    state: NodeState
    phase: Phase
    until: datetime | None
    """Nothing is to be done before."""
    is_empty: bool
    """Nothing runs there."""
    start_is_due: bool
    """Its pool has a start task, which did not run to its end since the node was switched on."""


RESTLESS = frozenset(
    {
        NodeState.CREATING,
        NodeState.STARTING,
        NodeState.WAITING_FOR_START_TASK,
        NodeState.REBOOTING,
        NodeState.REIMAGING,
        NodeState.DEALLOCATING,
        NodeState.PREEMPTED,
    }
)
"""The states that pass by themselves."""

WIPED = frozenset({NodeState.REIMAGING, NodeState.DEALLOCATING, NodeState.PREEMPTED})
"""The states after which nothing is left in a node's folder."""


def is_restless(state: NodeState, phase: Phase) -> bool:
    """Say whether there may be something to be done with a node: cheap, for it is asked for each node at each step."""
    return state in RESTLESS or phase is Phase.SET_UP


def plan_node(node: NodeLife, now: datetime) -> NodeAction | None:
    """Return the one thing that is to be done with a node now, or None."""
    if node.state is NodeState.CREATING:
        return NodeAction.ALLOCATE
    off = node.state in RESTLESS and node.state not in {NodeState.STARTING, NodeState.WAITING_FOR_START_TASK}
    if off and node.phase is not Phase.RENEWED:
        return NodeAction.SWITCH_OFF if node.phase is Phase.NONE and node.is_empty else None
    if node.until is not None and node.until > now:
        return None
    if off:
        return NodeAction.BE_DEALLOCATED if node.state is NodeState.DEALLOCATING else NodeAction.SWITCH_ON
    return _joining(node)


def _joining(node: NodeLife) -> NodeAction | None:
    if node.phase is Phase.SET_UP:
        return NodeAction.RUN_START_TASK if node.start_is_due else NodeAction.BE_READY
    is_joining = node.state in {NodeState.STARTING, NodeState.WAITING_FOR_START_TASK}
    return NodeAction.SET_UP if is_joining and node.phase is Phase.NONE else None
