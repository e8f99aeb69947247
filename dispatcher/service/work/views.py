"""The views of pools that several parts plan from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache

from dispatcher.service.core import Core
from dispatcher.service.planning.views import PoolView


def pool_views(core: Core) -> Iterator[PoolView]:
    """Return every pool of the account with its nodes."""
    for pool in core.store.pools.scan():
        yield PoolView(
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
