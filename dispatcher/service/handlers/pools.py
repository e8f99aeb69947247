"""Pools: create, list, get, change, resize, delete."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply, stamp_headers, stamp_of
from dispatcher.service.documents.pools import (
    PoolSpec,
    ResizeSpec,
    changed_pool,
    check_size,
    read_pool,
    read_removal,
    read_resize,
    replaced_pool,
)
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.expansion import expand_pool
from dispatcher.service.fleet import LiveNode
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.pool_creation import add_pool, allocated_from, check_machine
from dispatcher.service.records import PoolRecord
from dispatcher.service.rendering.pools import node_counts_body, pool_body
from dispatcher.service.states import AllocationState, NodeState, PoolState
from dispatcher.service.switching import let_leave
from dispatcher.service.wire import JsonObject


def create(call: Call) -> Reply:
    """Add a pool; its nodes come as soon as the answer is sent."""
    pool = add_pool(call.core, read_pool(call.body), call.now)
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
    """Change what of a pool can be changed; nodes that are there see it when they are rebooted or reimaged."""
    pool = active_pool(call)
    spec = changed_pool(pool.document, call.body, has_nodes=bool(call.core.fleet.of_pool(pool.id)))
    check_size(pool.target_dedicated + pool.target_low_priority, spec.slots)
    return _replace(call, pool, spec)


def replace_properties(call: Call) -> Reply:
    """Replace a pool's start task, packages and metadata; what is not given goes."""
    pool = active_pool(call)
    return _replace(call, pool, replaced_pool(pool.document, call.body))


def resize(call: Call) -> Reply:
    """Begin to bring a pool to another size."""
    pool = _steady(call)
    spec = read_resize(call.body)
    if call.core.store.autoscale.find(pool.id) is not None:
        message = "The specified pool has automatic scaling enabled: disable it to resize the pool."
        raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)
    dedicated = pool.target_dedicated if spec.target_dedicated is None else spec.target_dedicated
    low_priority = pool.target_low_priority if spec.target_low_priority is None else spec.target_low_priority
    check_size(dedicated + low_priority, pool.slots)
    return _resize(call, pool, spec)


def remove_nodes(call: Call) -> Reply:
    """Take certain nodes from a pool; its targets shrink with them."""
    pool = _steady(call)
    spec = read_removal(call.body)
    leaving = [_find_node(call, pool, node_id) for node_id in spec.nodes]
    dedicated = sum(live.record.is_dedicated for live in leaving)
    with call.core.store.transaction():
        for live in leaving:
            let_leave(call.core, live, spec.deallocation)
        targets = ResizeSpec(
            target_dedicated=max(0, pool.target_dedicated - dedicated),
            target_low_priority=max(0, pool.target_low_priority - (len(leaving) - dedicated)),
            deallocation=spec.deallocation,
            timeout=spec.timeout,
        )
        return _resize(call, pool, targets)


def stop_resize(call: Call) -> Reply:
    """Stop a resize: the pool keeps the nodes it has, without those that are leaving already."""
    pool = active_pool(call)
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
    pool = active_pool(call)
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


def active_pool(call: Call) -> PoolRecord:
    """Return the pool of the call's path.

    Raises:
        BatchError: PoolNotFound or PoolBeingDeleted.
    """
    pool = call.core.store.pools.get(call.parameters["poolId"])
    if pool.state is PoolState.DELETING:
        raise BatchError(Refusal.POOL_BEING_DELETED)
    return pool


def _steady(call: Call) -> PoolRecord:
    pool = active_pool(call)
    if pool.allocation_state is not AllocationState.STEADY:
        raise BatchError(Refusal.POOL_BEING_RESIZED)
    return pool


def _find_node(call: Call, pool: PoolRecord, node_id: str) -> LiveNode:
    live = call.core.fleet.find(pool.id, node_id)
    if live is None:
        raise BatchError(Refusal.NODE_NOT_FOUND, values=(("NodeId", node_id),))
    return live


def _replace(call: Call, pool: PoolRecord, spec: PoolSpec) -> Reply:
    check_machine(call.core, spec)
    call.core.store.pools.replace_document(pool, spec, call.now)
    return Reply(headers=_stamp(call.core.store.pools.get(pool.id)))


def _resize(call: Call, pool: PoolRecord, spec: ResizeSpec) -> Reply:
    call.core.store.pools.resize(pool, spec, call.now, allocated_from=allocated_from(call.core, call.now))
    call.core.wake()
    return Reply(headers=_stamp(call.core.store.pools.get(pool.id)))


def _body(call: Call, pool: PoolRecord) -> JsonObject:
    return expand_pool(
        call,
        pool,
        pool_body(pool, call.core.fleet.of_pool(pool.id), call.core.store.autoscale.find(pool.id), call.base_url),
    )


def _stamp(pool: PoolRecord) -> dict[str, str]:
    return stamp_headers(stamp_of(pool.version, pool.modified))


HANDLERS: Mapping[str, Handler] = {
    "create_pool": create,
    "list_pools": list_all,
    "begin_delete_pool": delete,
    "pool_exists": exists,
    "get_pool": get,
    "update_pool": update,
    "replace_pool_properties": replace_properties,
    "begin_resize_pool": resize,
    "begin_remove_nodes": remove_nodes,
    "begin_stop_pool_resize": stop_resize,
    "list_pool_node_counts": list_node_counts,
}
