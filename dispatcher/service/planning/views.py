"""Pools and nodes, as plans see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatcher.service.records import Deallocation, FillType
from dispatcher.service.states import AllocationState, NodeState, PoolState


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView:
    """A node, as the scheduler sees it."""

    id: str
    is_dedicated: bool
    state: NodeState
    used_slots: int
    """Slots taken by attempts that have not ended."""
    lingers: bool = False
    """It leaves, but only when its tasks have ended by themselves."""
    ahead: int = 0
    """Tasks of one slot that may wait there for a slot, beyond those that have one: each would soon start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolView:
    """A pool with its nodes."""

    id: str
    state: PoolState
    allocation_state: AllocationState
    target_dedicated: int
    target_low_priority: int
    deallocation: Deallocation
    slots: int
    """Of each node."""
    fill: FillType
    nodes: tuple[NodeView, ...]
    allocated_from: datetime
    """When nodes that are to be added are there."""
    resize_deadline: datetime
    """When a resize gives up."""
    gave_up: bool = False
    """The resize will not reach its targets."""
    is_inter_node: bool = False
    """Its nodes may talk to each other, as multi-instance tasks need."""

    def free_slots(self) -> int:
        """Return the slots on which tasks can start now."""
        return sum(max(0, self.slots - node.used_slots) for node in self.nodes if takes_tasks(node))

    def room_ahead(self) -> dict[str, int]:
        """Return how many tasks may be given to each node beyond its slots."""
        room = {
            node.id: node.ahead - max(0, node.used_slots - self.slots)
            for node in self.nodes
            if node.ahead and takes_tasks(node)
        }
        return {node_id: count for node_id, count in room.items() if count > 0}

    def takes_now(self) -> int:
        """Return how many tasks of one slot can be given to its nodes."""
        return self.free_slots() + sum(self.room_ahead().values())


def takes_tasks(node: NodeView) -> bool:
    """Say whether tasks may start on a node."""
    return node.state in {NodeState.IDLE, NodeState.RUNNING}
