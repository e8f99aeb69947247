"""Pools: their nodes come and go."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from dispatcher.service.machine_sizes import cores_of
from dispatcher.service.planning.pools import (
    GOING,
    AddNodes,
    LeavePool,
    PoolAction,
    RemoveNode,
    RemovePool,
    SettlePool,
    TimeOut,
    plan_pool,
)
from dispatcher.service.records import NodeRecord, PoolRecord, ResizeError
from dispatcher.service.states import AllocationState, NodeState, PoolState
from dispatcher.service.switching import let_leave
from dispatcher.service.work.parts import WorkContext
from dispatcher.service.work.views import changing_pool_views

_QUOTA_REACHED = {
    True: ResizeError(code="AccountCoreQuotaReached", message="The specified account has reached core quota."),
    False: ResizeError(
        code="AccountLowPriorityCoreQuotaReached",
        message="The specified account has reached low-priority core quota.",
    ),
}
"""By whether the nodes are dedicated. Codes are Azure's, words are like Azure's."""
_TIMED_OUT = ResizeError(
    code="AllocationTimedOut",
    message="Desired number of nodes could not be allocated, or nodes could not be removed, within the resize timeout.",
)


class PoolPart:
    """Brings pools to the nodes they are to have."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._core = context.core

    def step(self, now: datetime) -> bool:
        """Bring every pool towards its targets; what could not be done at all is tried again at the next wake."""
        actions = [action for pool in changing_pool_views(self._core) for action in plan_pool(pool, now)]
        fruitful = [self._apply(action, now) for action in actions]
        return any(fruitful)

    def next_deadline(self) -> datetime | None:
        """Return when nodes are next there, when a resize gives up, or when a node may go."""
        now = self._core.clock.now()
        times = [live.until for live in self._core.fleet if live.state in GOING]
        for pool in self._core.store.pools.scan():
            if pool.allocation_state is AllocationState.RESIZING:
                times += [pool.allocated_from, pool.resize_deadline]
        return min((time for time in times if time is not None and time > now), default=None)

    def _apply(self, action: PoolAction, now: datetime) -> bool:
        """Carry an action out; return whether anything came of it."""
        pools = self._core.store.pools
        match action:
            case AddNodes():
                return self._add(action, now)
            case LeavePool():
                live = self._context.live(action.pool_id, action.node_id)
                let_leave(self._core, live, action.deallocation)
            case RemoveNode():
                return self._remove(action, now)
            case SettlePool():
                pools.settle(pools.get(action.pool_id), now)
            case TimeOut():
                pools.fail_resize(pools.get(action.pool_id), _TIMED_OUT)
                pools.settle(pools.get(action.pool_id), now)
            case RemovePool():
                pools.remove(action.pool_id)
        return True

    def _add(self, action: AddNodes, now: datetime) -> bool:
        pools = self._core.store.pools
        pool = pools.get(action.pool_id)
        count = min(action.count, self._room(pool, is_dedicated=action.is_dedicated))
        if count < action.count:
            pools.fail_resize(pool, _QUOTA_REACHED[action.is_dedicated])
        records = [_new_node(pool, now, is_dedicated=action.is_dedicated) for _ in range(count)]
        opened = [record for record in records if self._core.fleet.try_open(record, pool.slots)]
        pools.add_nodes(opened)
        return bool(opened) or count < action.count

    def _room(self, pool: PoolRecord, *, is_dedicated: bool) -> int:
        """Return how many more nodes of a pool the account may have."""
        quotas = self._core.options.quotas
        quota = quotas.dedicated_cores if is_dedicated else quotas.low_priority_cores
        if quota is None:
            return _NO_LIMIT
        cores = {each.id.lower(): _cores(each) for each in self._core.store.pools.scan()}
        nodes = [live.record for live in self._core.fleet if live.record.is_dedicated == is_dedicated]
        used = sum(cores[node.pool_id.lower()] for node in nodes)
        return max(0, (quota - used) // _cores(pool))

    def _remove(self, action: RemoveNode, now: datetime) -> bool:
        """Close a node on which no task runs, unless it is to be there for a while yet."""
        pools = self._core.store.pools
        live = self._context.live(action.pool_id, action.node_id)
        if pools.get(action.pool_id).state is PoolState.ACTIVE:
            if live.retains and (live.until is None or live.until <= now):
                live.until = pools.retained_until(action.pool_id, action.node_id)
            if live.until is not None and live.until > now:
                return False
        pools.remove_node(action.pool_id, action.node_id, now)
        self._core.fleet.remove(live)
        return True


_NO_LIMIT = 2**31


def _new_node(pool: PoolRecord, now: datetime, *, is_dedicated: bool) -> NodeRecord:
    return NodeRecord(
        pool_id=pool.id,
        id=f"tvmps_{secrets.token_hex(8)}_{'d' if is_dedicated else 'p'}",
        is_dedicated=is_dedicated,
        state=NodeState.CREATING,
        state_time=now,
        allocated=now,
        booted=now,
    )


def _cores(pool: PoolRecord) -> int:
    return cores_of(json.loads(pool.document)["vmSize"])
