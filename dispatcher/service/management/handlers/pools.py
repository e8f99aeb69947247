"""Pools: the data plane's, in the management plane's form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.management.calls import ManagementCall, ManagementHandler, ManagementReply, weak_etag
from dispatcher.service.management.data_plane import perform, read
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import Account, find_account, get_account
from dispatcher.service.management.pool_bodies import (
    READ_ONLY,
    changes_to_data_plane,
    identity_to_data_plane,
    identity_to_management,
    pool_to_data_plane,
    pool_to_management,
)
from dispatcher.service.management.pool_filters import read_filter, selected
from dispatcher.service.management.pool_scale import change_scale, disable_automatic
from dispatcher.service.management.resources import after, check_match, listed, reply_with, resource
from dispatcher.service.odata import matches
from dispatcher.service.records import PoolRecord
from dispatcher.service.states import PoolState
from dispatcher.service.wire import JsonObject

_CHANGEABLE = frozenset(
    {
        "applicationPackages",
        "certificates",
        "displayName",
        "metadata",
        "resourceTags",
        "scaleSettings",
        "startTask",
        "targetNodeCommunicationMode",
        "taskSchedulingPolicy",
        "upgradePolicy",
    }
)
"""What a request can change of a pool that exists; the data plane may still refuse some of it."""
_RETRY_SECONDS = "1"
_SLOTS_OF_MODEL = 1
"""What the pool's model in azure-mgmt-batch 17 sends with every PATCH, whatever the pool has."""


def create(call: ManagementCall) -> ManagementReply:
    """Add a pool, or change one."""
    account = get_account(call)
    pool = account.core.store.pools.find(call.parameters["poolName"])
    check_match(call, None if pool is None else weak_etag(pool.version))
    if pool is not None:
        _require_same(call, account, pool, _properties(call))
        return _change(call, account, pool)
    properties = _properties(call)
    body = pool_to_data_plane(call.parameters["poolName"], properties)
    if (identity := Fields(values=call.body).object("identity")) is not None:
        body["identity"] = identity_to_data_plane(identity.values)
    perform(call, account, "create_pool", body)
    return _reply(call, account)


def update(call: ManagementCall) -> ManagementReply:
    """Change what the request names of a pool."""
    account = get_account(call)
    pool = account.core.store.pools.get(call.parameters["poolName"])
    check_match(call, weak_etag(pool.version))
    asked = _properties(call)
    if asked.get("taskSlotsPerNode") == _SLOTS_OF_MODEL:
        del asked["taskSlotsPerNode"]
    _require_same(call, account, pool, asked)
    return _change(call, account, pool)


def get(call: ManagementCall) -> ManagementReply:
    """Return a pool."""
    return _reply(call, get_account(call))


def list_all(call: ManagementCall) -> ManagementReply:
    """List pools, by id."""
    account = get_account(call)
    found = _filtered(call, account)
    return listed(call, found, render=lambda body: selected(call, body), cursor=lambda body: str(body["name"]))


def delete(call: ManagementCall) -> ManagementReply:
    """Begin to delete a pool; ``Location`` tells when it is gone. One that is not there needs no deletion."""
    account = find_account(call)
    pool = None if account is None else account.core.store.pools.find(call.parameters["poolName"])
    if account is None or pool is None:
        return ManagementReply(status=204)
    check_match(call, weak_etag(pool.version))
    if pool.state is not PoolState.DELETING:
        perform(call, account, "begin_delete_pool", poolId=pool.id)
    location = f"{call.base_url}{quote(account.id)}/poolOperationResults/{quote(pool.id)}"
    return ManagementReply(headers=_pending(f"{location}?api-version={quote(call.query['api-version'])}"))


def get_deletion(call: ManagementCall) -> ManagementReply:
    """Say whether a deleted pool is gone."""
    account = find_account(call)
    pool = None if account is None else account.core.store.pools.find(call.parameters["poolName"])
    if pool is None or pool.state is not PoolState.DELETING:
        return ManagementReply()
    version = quote(call.query["api-version"])
    return ManagementReply(status=202, headers=_pending(f"{call.base_url}{call.path}?api-version={version}"))


def disable_auto_scale(call: ManagementCall) -> ManagementReply:
    """Leave a pool at the size it has."""
    account = get_account(call)
    disable_automatic(call, account, account.core.store.pools.get(call.parameters["poolName"]))
    return _reply(call, account)


def stop_resize(call: ManagementCall) -> ManagementReply:
    """Stop a resize: the pool keeps the nodes it has."""
    account = get_account(call)
    perform(call, account, "begin_stop_pool_resize", poolId=call.parameters["poolName"])
    return _reply(call, account)


def _change(call: ManagementCall, account: Account, pool: PoolRecord) -> ManagementReply:
    """Change a pool, whole or not at all."""
    if pool.state is PoolState.DELETING:
        raise BatchError(Refusal.POOL_BEING_DELETED)
    properties = {name: value for name, value in _properties(call).items() if name in _CHANGEABLE}
    changes = changes_to_data_plane({name: value for name, value in properties.items() if name != "scaleSettings"})
    loses_start_task = changes.get("startTask") == {}
    if loses_start_task:
        del changes["startTask"]
    with account.core.store.transaction():
        if changes:
            perform(call, account, "update_pool", changes, poolId=pool.id)
        if loses_start_task:
            _remove_start_task(call, account, pool.id)
        if "scaleSettings" in properties:
            change_scale(call, account, pool.id, properties)
    return _reply(call, account)


def _remove_start_task(call: ManagementCall, account: Account, pool_id: str) -> None:
    """Do what an empty start task asks for: on the data plane, replacing the rest without it."""
    shown = read(call, account, "get_pool", poolId=pool_id)
    rest: JsonObject = {name: shown.get(name) or [] for name in ("applicationPackageReferences", "metadata")}
    if "targetNodeCommunicationMode" in shown:
        rest["targetNodeCommunicationMode"] = shown["targetNodeCommunicationMode"]
    perform(call, account, "replace_pool_properties", {"certificateReferences": [], **rest}, poolId=pool_id)


def _require_same(call: ManagementCall, account: Account, pool: PoolRecord, asked: JsonObject) -> None:
    """Refuse other values of what cannot change, as far as an answer shows them."""
    shown = _properties_of(_render(account, read(call, account, "get_pool", poolId=pool.id), pool))
    wanted = pool_to_management({**pool_to_data_plane(pool.id, asked), "allocationState": "steady"}, account.id)
    for name in sorted(asked.keys() - _CHANGEABLE - READ_ONLY):
        if json.dumps(wanted.get(name), sort_keys=True).lower() != json.dumps(shown.get(name), sort_keys=True).lower():
            raise ManagementError(Fault.POOL_PROPERTY_FIXED, details=[("PropertyName", name)])


def _filtered(call: ManagementCall, account: Account) -> Iterator[JsonObject]:
    expression = read_filter(call)
    for pool in list(account.core.store.pools.scan(after(call))):
        body = _render(account, read(call, account, "get_pool", poolId=pool.id), pool)
        if expression is None or matches(expression, body):
            yield body


def _reply(call: ManagementCall, account: Account) -> ManagementReply:
    pool = account.core.store.pools.get(call.parameters["poolName"])
    return reply_with(_render(account, read(call, account, "get_pool", poolId=pool.id), pool))


def _render(account: Account, data: JsonObject, pool: PoolRecord) -> JsonObject:
    properties = pool_to_management(data, account.id)
    body = resource(f"{account.id}/pools/{pool.id}", "/pools", properties, etag=weak_etag(pool.version))
    return {**body, "identity": identity_to_management(data.get("identity"))}


def _properties(call: ManagementCall) -> JsonObject:
    """Return what the request gives of a pool; null counts as absent."""
    properties = Fields(values=call.body).object("properties")
    if properties is None:
        return {}
    given: JsonObject = {name: value for name, value in properties.values.items() if value is not None}
    word = properties.text("interNodeCommunication")
    if word is not None and word.lower() not in {"enabled", "disabled"}:
        raise invalid_property("properties.interNodeCommunication", word, "it must be Enabled or Disabled")
    return given


def _properties_of(body: JsonObject) -> JsonObject:
    properties = body["properties"]
    return properties if isinstance(properties, dict) else {}


def _pending(location: str) -> dict[str, str]:
    return {"Location": location, "Retry-After": _RETRY_SECONDS}


HANDLERS: Mapping[str, ManagementHandler] = {
    "Pool_Create": create,
    "Pool_Update": update,
    "Pool_Get": get,
    "Pool_ListByBatchAccount": list_all,
    "Pool_Delete": delete,
    "Pool_DisableAutoScale": disable_auto_scale,
    "Pool_StopResize": stop_resize,
    "PoolOperationResults_Get": get_deletion,
}
