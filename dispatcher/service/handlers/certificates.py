"""What only older clients ask for: certificates, of which an account has none, and a remote desktop.

Azure retired certificates in February 2024. What it answers to a new one since then is not documented; the refusal here
is one that no client repeats.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.handlers.nodes import find as find_node
from dispatcher.service.paging import page, read_listing
from dispatcher.service.wire import JsonObject


def list_all(call: Call) -> Reply:
    """List the account's certificates: none."""
    nothing: tuple[JsonObject, ...] = ()
    return page(call, read_listing(call), nothing, render=lambda body: body, cursor=lambda _: "")


def add(call: Call) -> Reply:
    """Refuse a certificate."""
    del call
    message = "The account takes no certificates: Azure Batch retired them in February 2024."
    raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)


def find(call: Call) -> Reply:
    """Say that there is no such certificate."""
    del call
    raise BatchError(Refusal.CERTIFICATE_NOT_FOUND)


def remote_desktop(call: Call) -> Reply:
    """Refuse a remote desktop file of a node that exists: nodes are Linux machines."""
    find_node(call)
    message = "The node has no remote desktop: ask for its remote login settings."
    raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)


HANDLERS: Mapping[str, Handler] = {
    "list_certificates": list_all,
    "add_certificate": add,
    "get_certificate": find,
    "delete_certificate": find,
    "cancel_certificate_deletion": find,
    "get_remote_desktop": remote_desktop,
}
