"""The views of pools that several parts plan from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from dispatcher.service.core import Core
from dispatcher.service.planning.pools import GOING
from dispatcher.service.planning.views import PoolView
from dispatcher.service.records import PoolRecord
from dispatcher.service.states import AllocationState, PoolState


def pool_views(core: Core) -> Iterator[PoolView]:
    """Return every pool of the account with its nodes."""
    return (_view(core, pool) for pool in core.store.pools.scan())


def changing_pool_views(core: Core) -> Iterator[PoolView]:
    """Return every pool whose nodes may have to come or go."""
    return (_view(core, pool) for pool in core.store.pools.scan() if not _is_at_rest(core, pool))


def _is_at_rest(core: Core, pool: PoolRecord) -> bool:
    if pool.state is PoolState.DELETING or pool.allocation_state is not AllocationState.STEADY:
        return False
    nodes = list(core.fleet.of_pool(pool.id))
    if len(nodes) < pool.target_dedicated + pool.target_low_priority and not pool.resize_errors:
        return False
    return not any(live.state in GOING for live in nodes)


def _view(core: Core, pool: PoolRecord) -> PoolView:
    return PoolView(
        id=pool.id,
        state=pool.state,
        allocation_state=pool.allocation_state,
        target_dedicated=pool.target_dedicated,
        target_low_priority=pool.target_low_priority,
        deallocation=pool.deallocation,
        slots=pool.slots,
        fill=pool.fill,
        allocated_from=pool.allocated_from,
        resize_deadline=pool.resize_deadline,
        gave_up=bool(pool.resize_errors),
        is_inter_node=_is_inter_node(pool.document),
        nodes=tuple(live.view() for live in core.fleet.of_pool(pool.id)),
    )


@lru_cache(maxsize=256)
def _is_inter_node(document: str) -> bool:
    return json.loads(document).get("enableInterNodeCommunication") is True
