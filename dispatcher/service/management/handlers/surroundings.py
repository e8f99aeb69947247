"""The little of other providers that clients of Batch ask for: tenant, subscription, groups and the storage account.

A path may name any subscription and any resource group, so none has to be made before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.documents.fields import Fields
from dispatcher.service.identity.authority import TENANT_ID
from dispatcher.service.management.calls import ManagementCall, ManagementHandler, ManagementReply
from dispatcher.service.management.documents import GROUP, LOCATION
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import list_accounts
from dispatcher.service.wire import JsonObject, JsonValue

SUBSCRIPTION_ID = "6c0ca100-0000-4000-8000-00000000000a"
"""Of the one subscription that is listed."""

_NAME = "Local Batch service"
_STORAGE = "Microsoft.Storage/storageAccounts"


def list_tenants(call: ManagementCall) -> ManagementReply:
    """List the one tenant."""
    del call
    tenant: JsonObject = {
        "id": f"/tenants/{TENANT_ID}",
        "tenantId": TENANT_ID,
        "displayName": _NAME,
        "tenantCategory": "Home",
        "defaultDomain": "local",
        "domains": ["local"],
    }
    return ManagementReply(body={"value": [tenant]})


def list_subscriptions(call: ManagementCall) -> ManagementReply:
    """List the one subscription."""
    del call
    count: JsonObject = {"type": "Total", "value": 1}
    return ManagementReply(body={"value": [_subscription(SUBSCRIPTION_ID)], "count": count})


def get_subscription(call: ManagementCall) -> ManagementReply:
    """Return a subscription: each that is asked for is there."""
    return ManagementReply(body=_subscription(call.subscription_id))


def list_locations(call: ManagementCall) -> ManagementReply:
    """List the one place."""
    place: JsonObject = {
        "id": f"/subscriptions/{call.subscription_id}/locations/{LOCATION}",
        "name": LOCATION,
        "type": "Region",
        "displayName": _NAME,
        "regionalDisplayName": _NAME,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": "Local"},
    }
    return ManagementReply(body={"value": [place]})


def list_groups(call: ManagementCall) -> ManagementReply:
    """List the resource groups that accounts are in."""
    scopes = (account.document.scope for account in list_accounts(call))
    names = sorted({GROUP, *(scope[1] for scope in scopes if scope is not None)})
    values: list[JsonValue] = [_group(call, name) for name in names]
    return ManagementReply(body={"value": values})


def get_group(call: ManagementCall) -> ManagementReply:
    """Return a resource group: each that is asked for is there."""
    return ManagementReply(body=_group(call, call.parameters["resourceGroupName"]))


def check_group(call: ManagementCall) -> ManagementReply:
    """Say that a resource group is there."""
    del call
    return ManagementReply()


def put_group(call: ManagementCall) -> ManagementReply:
    """Answer as if the group had been made."""
    location = Fields(values=call.body).text("location")
    if not location:
        raise ManagementError(Fault.LOCATION_REQUIRED)
    group = _group(call, call.parameters["resourceGroupName"])
    tags = Fields(values=call.body).object("tags")
    return ManagementReply(body={**group, "location": location, "tags": {} if tags is None else tags.values})


def get_provider(call: ManagementCall) -> ManagementReply:
    """Say that a provider is registered with the subscription."""
    name = call.parameters["providerNamespace"]
    return ManagementReply(
        body={
            "id": f"/subscriptions/{call.subscription_id}/providers/{name}",
            "namespace": name,
            "registrationState": "Registered",
            "resourceTypes": [],
        }
    )


def list_storage(call: ManagementCall) -> ManagementReply:
    """List the service's storage account, if it has one."""
    storage = call.find_storage()
    values: list[JsonValue] = [] if storage is None else [_storage(call, storage.account)]
    return ManagementReply(body={"value": values})


def get_storage(call: ManagementCall) -> ManagementReply:
    """Return the service's storage account under the name that was asked for."""
    if call.find_storage() is None:
        raise ManagementError(Fault.RESOURCE_NOT_FOUND, "The local Batch service has no storage account.")
    return ManagementReply(body=_storage(call, call.parameters["storageAccountName"]))


def _subscription(subscription_id: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription_id}",
        "subscriptionId": subscription_id,
        "tenantId": TENANT_ID,
        "displayName": _NAME,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _group(call: ManagementCall, name: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{call.subscription_id}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def _storage(call: ManagementCall, name: str) -> JsonObject:
    group = f"/subscriptions/{call.subscription_id}/resourceGroups/{call.parameters.get('resourceGroupName', GROUP)}"
    return {
        "id": f"{group}/providers/{_STORAGE}/{name}",
        "name": name,
        "type": _STORAGE,
        "location": LOCATION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "properties": {"provisioningState": "Succeeded"},
    }


HANDLERS: Mapping[str, ManagementHandler] = {
    "Tenants_List": list_tenants,
    "Subscriptions_List": list_subscriptions,
    "Subscriptions_Get": get_subscription,
    "Subscriptions_ListLocations": list_locations,
    "ResourceGroups_List": list_groups,
    "ResourceGroups_Get": get_group,
    "ResourceGroups_CheckExistence": check_group,
    "ResourceGroups_CreateOrUpdate": put_group,
    "Providers_Get": get_provider,
    "Providers_Register": get_provider,
    "StorageAccounts_List": list_storage,
    "StorageAccounts_ListByResourceGroup": list_storage,
    "StorageAccounts_GetProperties": get_storage,
}
