"""User accounts of compute nodes, and how to log in there.

A node is this machine, so users are recorded and never made, and passwords are not kept. There is no operation that
reads a user; what a client sees is whether one exists.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.node_users import read_new_user, read_user
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.fleet import LiveNode
from dispatcher.service.handlers.nodes import find
from dispatcher.service.states import NodeState

LOOPBACK = "127.0.0.1"
SSH_PORT = 22

_READY = frozenset({NodeState.IDLE, NodeState.RUNNING})


def create(call: Call) -> Reply:
    """Add a user to a node that is idle or running."""
    node = _ready(call).record
    user = read_new_user(Fields(values=call.body), call.now)
    users = call.core.store.node_users
    if users.exists(node.pool_id, node.id, user.name, call.now):
        raise BatchError(Refusal.NODE_USER_EXISTS)
    users.put(node.pool_id, node.id, user)
    url = f"{call.base_url}/pools/{node.pool_id}/nodes/{node.id}/users/{user.name}"
    return Reply(headers={"Location": url, "DataServiceId": url})


def replace(call: Call) -> Reply:
    """Replace a user's ways to log in and its expiry time."""
    node, name = _ready(call).record, _existing(call)
    users = call.core.store.node_users
    is_admin = users.is_admin(node.pool_id, node.id, name)
    users.put(node.pool_id, node.id, read_user(Fields(values=call.body), name, call.now, is_admin=is_admin))
    return Reply()


def delete(call: Call) -> Reply:
    """Remove a user from a node."""
    node, name = _ready(call).record, _existing(call)
    call.core.store.node_users.remove(node.pool_id, node.id, name)
    return Reply()


def remote_login(call: Call) -> Reply:
    """Say where a login to a node would go: to this machine, by its loopback address."""
    find(call)
    return Reply(body={"remoteLoginIPAddress": LOOPBACK, "remoteLoginPort": SSH_PORT})


def _ready(call: Call) -> LiveNode:
    live = find(call)
    if live.state not in _READY:
        raise BatchError(Refusal.NODE_NOT_READY)
    return live


def _existing(call: Call) -> str:
    """Return the name of a user that exists."""
    node, name = find(call).record, call.parameters["userName"]
    if not call.core.store.node_users.exists(node.pool_id, node.id, name, call.now):
        raise BatchError(Refusal.NODE_USER_NOT_FOUND)
    return name


HANDLERS: Mapping[str, Handler] = {
    "create_node_user": create,
    "replace_node_user": replace,
    "delete_node_user": delete,
    "get_node_remote_login_settings": remote_login,
}
