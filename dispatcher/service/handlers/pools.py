"""Pools: create, list, get, change, resize, delete."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply, stamp_headers, stamp_of
from dispatcher.service.documents.fields import Fields, check_metadata
from dispatcher.service.documents.pools import check_size, read_pool, read_resize
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.expansion import expand_pool
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.records import PoolRecord
from dispatcher.service.rendering.pools import node_counts_body, pool_body
from dispatcher.service.states import AllocationState, NodeState, PoolState
from dispatcher.service.wire import JsonObject

_CHANGEABLE = frozenset({"metadata", "displayName", "taskSchedulingPolicy"})


def create(call: Call) -> Reply:
    """Add a pool; its nodes come as soon as the answer is sent."""
    pool = call.core.store.pools.add(read_pool(call.body), call.now)
    call.core.wake()
    url = f"{call.base_url}/pools/{pool.id}"
    return Reply(headers={**_stamp(pool), "Location": url, "DataServiceId": url})


def list_all(call: Call) -> Reply:
    """List pools, by id."""
    listing = read_listing(call)
    pools = call.core.store.pools.scan(listing.after)
    return page(call, listing, pools, render=lambda pool: _body(call, pool), cursor=lambda pool: pool.id)


def get(call: Call) -> Reply:
    """Return a pool."""
    pool = call.core.store.pools.get(call.parameters["poolId"])
    return Reply(body=select(_body(call, pool), read_select(call)), headers=_stamp(pool))


def exists(call: Call) -> Reply:
    """Say whether there is such a pool."""
    return Reply(headers=_stamp(call.core.store.pools.get(call.parameters["poolId"])))


def update(call: Call) -> Reply:
    """Change what of a pool can be changed here; anything else is refused."""
    pool = _active(call)
    fields = Fields(values=call.body)
    fields.refuse(name for name in call.body if name not in _CHANGEABLE)
    check_metadata(fields)
    given = {name: value for name, value in call.body.items() if value is not None}
    spec = read_pool({**json.loads(pool.document), **given})
    call.core.store.pools.replace_document(pool, spec, call.now)
    return Reply(headers=_stamp(call.core.store.pools.get(pool.id)))


def resize(call: Call) -> Reply:
    """Begin to bring a pool to another size."""
    pool = _active(call)
    spec = read_resize(call.body)
    if pool.allocation_state is not AllocationState.STEADY:
        raise BatchError(Refusal.POOL_BEING_RESIZED)
    dedicated = pool.target_dedicated if spec.target_dedicated is None else spec.target_dedicated
    low_priority = pool.target_low_priority if spec.target_low_priority is None else spec.target_low_priority
    check_size(dedicated + low_priority, pool.slots)
    call.core.store.pools.resize(pool, spec, call.now)
    call.core.wake()
    return Reply(headers=_stamp(call.core.store.pools.get(pool.id)))


def stop_resize(call: Call) -> Reply:
    """Stop a resize: the pool keeps the nodes it has, without those that are leaving already."""
    pool = _active(call)
    if pool.allocation_state is not AllocationState.RESIZING:
        raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, "The specified pool is not being resized.")
    nodes = call.core.fleet.of_pool(pool.id)
    staying = [live.record for live in nodes if live.state is not NodeState.LEAVING_POOL]
    dedicated = sum(node.is_dedicated for node in staying)
    call.core.store.pools.stop_resize(pool, dedicated, len(staying) - dedicated, call.now)
    call.core.wake()
    return Reply(headers=_stamp(call.core.store.pools.get(pool.id)))


def delete(call: Call) -> Reply:
    """Begin to delete a pool; the tasks on its nodes go back to the queue."""
    pool = _active(call)
    call.core.store.pools.begin_delete(pool, call.now)
    call.core.wake()
    return Reply()


def list_node_counts(call: Call) -> Reply:
    """List how many nodes of each pool are in which state."""
    listing = read_listing(call)
    pools = call.core.store.pools.scan(listing.after)
    return page(
        call,
        listing,
        pools,
        render=lambda pool: node_counts_body(pool, call.core.fleet.of_pool(pool.id)),
        cursor=lambda pool: pool.id,
    )


def _active(call: Call) -> PoolRecord:
    pool = call.core.store.pools.get(call.parameters["poolId"])
    if pool.state is PoolState.DELETING:
        raise BatchError(Refusal.POOL_BEING_DELETED)
    return pool


def _body(call: Call, pool: PoolRecord) -> JsonObject:
    return expand_pool(call, pool, pool_body(pool, call.core.fleet.of_pool(pool.id), call.base_url))


def _stamp(pool: PoolRecord) -> dict[str, str]:
    return stamp_headers(stamp_of(pool.version, pool.modified))


HANDLERS: Mapping[str, Handler] = {
    "create_pool": create,
    "list_pools": list_all,
    "begin_delete_pool": delete,
    "pool_exists": exists,
    "get_pool": get,
    "update_pool": update,
    "begin_resize_pool": resize,
    "begin_stop_pool_resize": stop_resize,
    "list_pool_node_counts": list_node_counts,
}
