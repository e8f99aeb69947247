"""How pools come to the nodes they are to have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dispatcher.service.planning.views import NodeView, PoolView, takes_tasks
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


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOut:
    """A resize has taken longer than it may."""

    pool_id: str


GOING = frozenset({NodeState.LEAVING_POOL, NodeState.UNKNOWN})
"""The states of nodes that are removed once nothing runs there."""

PoolAction = AddNodes | LeavePool | RemoveNode | SettlePool | RemovePool | TimeOut


def plan_pool(pool: PoolView, now: datetime) -> Iterator[PoolAction]:
    """Bring a pool towards its targets. A deleted pool's targets are none, and its tasks go back to the queue.

    A resize that has given up adds no nodes; it is over when those that leave are gone, or its time is over. A node
    that is lost is removed, and another takes its place though the pool is steady.
    """
    leaving = [node for node in pool.nodes if node.state in GOING]
    deleting = pool.state is PoolState.DELETING
    for node in leaving:
        if node.used_slots == 0:
            yield RemoveNode(pool_id=pool.id, node_id=node.id)
        elif deleting and node.lingers:
            yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=Deallocation.REQUEUE)
    if deleting:
        actions = [*_leave(pool, is_dedicated=True), *_leave(pool, is_dedicated=False)]
        yield from actions
        if not actions and not leaving:
            yield RemovePool(pool_id=pool.id)
    elif pool.allocation_state is not AllocationState.STEADY:
        yield from _resize(pool, now, is_leaving=bool(leaving))
    elif not pool.gave_up:
        yield from (*_add(pool, is_dedicated=True), *_add(pool, is_dedicated=False))


def _resize(pool: PoolView, now: datetime, *, is_leaving: bool) -> Iterator[PoolAction]:
    leaves = [*_leave(pool, is_dedicated=True), *_leave(pool, is_dedicated=False)]
    yield from leaves
    adds = [] if pool.gave_up else [*_add(pool, is_dedicated=True), *_add(pool, is_dedicated=False)]
    if not leaves and not is_leaving and not adds:
        yield SettlePool(pool_id=pool.id)
    elif now >= pool.resize_deadline and pool.allocation_state is AllocationState.RESIZING:
        yield TimeOut(pool_id=pool.id)
    elif now >= pool.allocated_from:
        yield from adds


def _add(pool: PoolView, *, is_dedicated: bool) -> Iterator[AddNodes]:
    missing = _target(pool, is_dedicated=is_dedicated) - len(_staying(pool, is_dedicated=is_dedicated))
    if missing > 0:
        yield AddNodes(pool_id=pool.id, count=missing, is_dedicated=is_dedicated)


def _leave(pool: PoolView, *, is_dedicated: bool) -> Iterator[LeavePool]:
    staying = [node for node in _staying(pool, is_dedicated=is_dedicated) if node.state not in GOING]
    deallocation = Deallocation.REQUEUE if pool.state is PoolState.DELETING else pool.deallocation
    useless_first = sorted(staying, key=lambda node: (takes_tasks(node), node.used_slots))
    for node in useless_first[: max(0, len(staying) - _target(pool, is_dedicated=is_dedicated))]:
        yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=deallocation)


def _target(pool: PoolView, *, is_dedicated: bool) -> int:
    if pool.state is PoolState.DELETING:
        return 0
    return pool.target_dedicated if is_dedicated else pool.target_low_priority


def _staying(pool: PoolView, *, is_dedicated: bool) -> list[NodeView]:
    return [
        node for node in pool.nodes if node.is_dedicated == is_dedicated and node.state is not NodeState.LEAVING_POOL
    ]
