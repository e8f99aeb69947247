"""How pools come to the nodes they are to have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.service.planning.views import PoolView
from dispatcher.service.records import Deallocation
from dispatcher.service.states import AllocationState, NodeState, PoolState


@dataclass(frozen=True, kw_only=True, slots=True)
class AddNodes:
    """Add nodes to a pool."""

    pool_id: str
    count: int
    is_dedicated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LeavePool:
    """Give a node no more tasks, and deal with those that run there; a node that lingers may be told to hurry."""

    pool_id: str
    node_id: str
    deallocation: Deallocation


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveNode:
    """Close a node on which nothing runs."""

    pool_id: str
    node_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlePool:
    """A pool has the nodes it is to have."""

    pool_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovePool:
    """A pool that is being deleted has no nodes left."""

    pool_id: str


PoolAction = AddNodes | LeavePool | RemoveNode | SettlePool | RemovePool


def plan_pool(pool: PoolView) -> Iterator[PoolAction]:
    """Bring a pool towards its targets. A deleted pool's targets are none, and its tasks go back to the queue."""
    leaving = [node for node in pool.nodes if node.state is NodeState.LEAVING_POOL]
    deleting = pool.state is PoolState.DELETING
    for node in leaving:
        if node.used_slots == 0:
            yield RemoveNode(pool_id=pool.id, node_id=node.id)
        elif deleting and node.lingers:
            yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=Deallocation.REQUEUE)
    if not deleting and pool.allocation_state is AllocationState.STEADY:
        return
    actions: list[PoolAction] = [*_resize(pool, is_dedicated=True), *_resize(pool, is_dedicated=False)]
    yield from actions
    if actions or leaving:
        return
    yield RemovePool(pool_id=pool.id) if deleting else SettlePool(pool_id=pool.id)


def _resize(pool: PoolView, *, is_dedicated: bool) -> Iterator[PoolAction]:
    target = pool.target_dedicated if is_dedicated else pool.target_low_priority
    target = 0 if pool.state is PoolState.DELETING else target
    staying = [n for n in pool.nodes if n.is_dedicated == is_dedicated and n.state is not NodeState.LEAVING_POOL]
    if len(staying) < target:
        yield AddNodes(pool_id=pool.id, count=target - len(staying), is_dedicated=is_dedicated)
    deallocation = Deallocation.REQUEUE if pool.state is PoolState.DELETING else pool.deallocation
    idle_first = sorted(staying, key=lambda node: node.used_slots)
    for node in idle_first[: max(0, len(staying) - target)]:
        yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=deallocation)
