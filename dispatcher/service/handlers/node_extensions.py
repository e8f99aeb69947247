"""Virtual machine extensions of compute nodes: what the pool declares, of which nothing is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.documents.extensions import Extension, read_extensions
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.handlers.nodes import find
from dispatcher.service.odata import select
from dispatcher.service.paging import page, read_listing, read_select
from dispatcher.service.wire import JsonObject


def list_all(call: Call) -> Reply:
    """List a node's extensions, by name."""
    listing = read_listing(call)
    rest = [extension for extension in _declared(call) if extension.name > listing.after]
    return page(call, listing, rest, render=_body, cursor=lambda extension: extension.name)


def get(call: Call) -> Reply:
    """Return one of a node's extensions."""
    wanted = call.parameters["extensionName"].lower()
    for extension in _declared(call):
        if extension.name.lower() == wanted:
            return Reply(body=select(_body(extension), read_select(call)))
    raise BatchError(Refusal.NODE_EXTENSION_NOT_FOUND)


def _declared(call: Call) -> list[Extension]:
    pool = call.core.store.pools.get(find(call).record.pool_id)
    machine = Fields(values=json.loads(pool.document)).object("virtualMachineConfiguration")
    extensions = () if machine is None else read_extensions(machine)
    return sorted(extensions, key=lambda extension: extension.name)


def _body(extension: Extension) -> JsonObject:
    """Return an extension as Azure does where it was provisioned, with the truth in the message."""
    status: JsonObject = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": "Recorded only: the local Batch service installs no extension.",
    }
    return {
        "provisioningState": "Succeeded",
        "vmExtension": extension.document,
        "instanceView": {"name": extension.name, "statuses": [status]},
    }


HANDLERS: Mapping[str, Handler] = {"list_node_extensions": list_all, "get_node_extension": get}
