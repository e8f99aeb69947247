"""Pools: their nodes come and go."""

from __future__ import annotations

import secrets
from datetime import datetime

from dispatcher.service.planning.pools import (
    AddNodes,
    LeavePool,
    PoolAction,
    RemoveNode,
    RemovePool,
    SettlePool,
    plan_pool,
)
from dispatcher.service.records import NodeRecord, deallocation_end
from dispatcher.service.states import NodeEvent, NodeState
from dispatcher.service.work.parts import WorkContext
from dispatcher.service.work.views import pool_views


class PoolPart:
    """Brings pools to the nodes they are to have."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core

    def recover(self, now: datetime) -> None:
        """Open the stored nodes."""
        del now
        slots = {pool.id.lower(): pool.slots for pool in self._core.store.pools.scan()}
        for record in self._core.store.pools.nodes():
            self._core.fleet.open(record, slots[record.pool_id.lower()])

    def step(self, now: datetime) -> bool:
        """Bring every pool towards its targets; what could not be done at all is tried again at the next wake."""
        actions = [action for pool in pool_views(self._core) for action in plan_pool(pool)]
        fruitful = [self._apply(action, now) for action in actions]
        return any(fruitful)

    def next_deadline(self) -> datetime | None:
        """Return None: nodes come and go at once."""
        return None

    def _apply(self, action: PoolAction, now: datetime) -> bool:
        """Carry an action out; return whether anything came of it."""
        pools = self._core.store.pools
        match action:
            case AddNodes():
                return self._add(action, now)
            case LeavePool():
                self._leave(action, now)
            case RemoveNode():
                pools.remove_node(action.pool_id, action.node_id, now)
                self._core.fleet.remove(self._context.live(action.pool_id, action.node_id))
            case SettlePool():
                pools.settle(pools.get(action.pool_id), now)
            case RemovePool():
                pools.remove(action.pool_id)
        return True

    def _add(self, action: AddNodes, now: datetime) -> bool:
        pool = self._core.store.pools.get(action.pool_id)
        suffix = "d" if action.is_dedicated else "p"
        records = [
            NodeRecord(
                pool_id=pool.id,
                id=f"tvmps_{secrets.token_hex(8)}_{suffix}",
                is_dedicated=action.is_dedicated,
                state=NodeState.IDLE,
                allocated=now,
            )
            for _ in range(action.count)
        ]
        opened = [record for record in records if self._core.fleet.try_open(record, pool.slots)]
        self._core.store.pools.add_nodes(opened)
        return bool(opened)

    def _leave(self, action: LeavePool, now: datetime) -> None:
        live = self._context.live(action.pool_id, action.node_id)
        live.happen(NodeEvent.LEAVE, now)
        self._core.store.pools.set_node_state(action.pool_id, action.node_id, live.state)
        reason = deallocation_end(action.deallocation)
        live.lingers = reason is None
        if reason is not None:
            self._core.end_attempts(live, reason)
