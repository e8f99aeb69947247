"""Compute nodes: list, get, and whether tasks may start on them."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.fleet import LiveNode
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.records import Deallocation, deallocation_end
from dispatcher.service.rendering.nodes import node_body
from dispatcher.service.states import NodeEvent, NodeState, TransitionError

_BUSY_OR_NOT = frozenset({NodeState.IDLE, NodeState.RUNNING})
_SCHEDULING = {
    NodeEvent.DISABLE: frozenset({NodeState.OFFLINE}),
    NodeEvent.ENABLE: _BUSY_OR_NOT,
    NodeEvent.ENABLE_BUSY: _BUSY_OR_NOT,
}
"""The states that a change of scheduling leads to."""
_REFUSALS = {
    NodeState.CREATING: Refusal.NODE_BEING_CREATED,
    NodeState.STARTING: Refusal.NODE_BEING_STARTED,
    NodeState.REBOOTING: Refusal.NODE_BEING_REBOOTED,
    NodeState.REIMAGING: Refusal.NODE_BEING_REIMAGED,
    NodeState.UNUSABLE: Refusal.NODE_STATE_UNUSABLE,
}
"""By state: Azure's code; for the other states it has none."""


def get(call: Call) -> Reply:
    """Return a node."""
    pool = call.core.store.pools.get(call.parameters["poolId"])
    return Reply(body=select(node_body(find(call), pool, call.base_url), read_select(call)))


def list_all(call: Call) -> Reply:
    """List a pool's nodes, by id."""
    pool = call.core.store.pools.get(call.parameters["poolId"])
    listing = read_listing(call)
    nodes = sorted(call.core.fleet.of_pool(pool.id), key=lambda live: live.record.id)
    rest = (live for live in nodes if live.record.id > listing.after)
    return page(
        call,
        listing,
        rest,
        render=lambda live: node_body(live, pool, call.base_url),
        cursor=lambda live: live.record.id,
    )


def disable_scheduling(call: Call) -> Reply:
    """Start no more tasks on a node."""
    live = find(call)
    option = Fields(values=call.body).choice("nodeDisableSchedulingOption", Deallocation, Deallocation.REQUEUE)
    _happen(call, live, NodeEvent.DISABLE)
    reason = deallocation_end(option)
    if reason is not None:
        call.core.end_attempts(live, reason)
    return Reply()


def enable_scheduling(call: Call) -> Reply:
    """Let tasks start on a node again; it is running where one from before still runs."""
    live = find(call)
    _happen(call, live, NodeEvent.ENABLE_BUSY if live.attempts else NodeEvent.ENABLE)
    call.core.wake()
    return Reply()


def find(call: Call) -> LiveNode:
    """Return the node of the call's path.

    Raises:
        BatchError: PoolNotFound or NodeNotFound.
    """
    pool = call.core.store.pools.get(call.parameters["poolId"])
    live = call.core.fleet.find(pool.id, call.parameters["nodeId"])
    if live is None:
        raise BatchError(Refusal.NODE_NOT_FOUND)
    return live


def state_refusal(error: TransitionError) -> BatchError:
    """Return the refusal of what a node's state does not allow."""
    refusal = next((refusal for state, refusal in _REFUSALS.items() if state is error.state), None)
    return BatchError(refusal or Refusal.NODE_STATE_INVALID, f"The node is {error.state.value}.")


def _happen(call: Call, live: LiveNode, event: NodeEvent) -> None:
    try:
        live.happen(event, call.now)
    except TransitionError as error:
        if live.state in _SCHEDULING[event]:
            raise BatchError(Refusal.NODE_ALREADY_IN_TARGET_SCHEDULING_STATE) from None
        raise state_refusal(error) from None
    call.core.store.pools.save_node(live.snapshot())


HANDLERS: Mapping[str, Handler] = {
    "get_node": get,
    "list_nodes": list_all,
    "disable_node_scheduling": disable_scheduling,
    "enable_node_scheduling": enable_scheduling,
}
