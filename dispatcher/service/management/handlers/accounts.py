"""Batch accounts: create, list, get, change, delete, and their keys."""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.service.accounts import AccountKeys, AccountLeaving, KeyName
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.management.calls import Errand, ManagementCall, ManagementHandler, ManagementReply
from dispatcher.service.management.documents import (
    ACCOUNT_NAME,
    NAME_RULE,
    NO_LIMIT,
    AccountDocument,
    changed,
    synchronized,
)
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import (
    Account,
    auto_storage,
    find_account,
    get_account,
    list_accounts,
)
from dispatcher.service.management.resources import resource
from dispatcher.service.wire import JsonObject, JsonValue


def create(call: ManagementCall) -> ManagementReply:
    """Add an account, or describe one anew; it takes requests when the answer is sent."""
    account = find_account(call)
    scope = _new_scope(call) if account is None else account.document.scope
    location = Fields(values=call.body).text("location")
    if not location:
        raise ManagementError(Fault.LOCATION_REQUIRED)
    if account is not None and scope is not None and location != account.document.location:
        raise ManagementError(Fault.INVALID_RESOURCE_LOCATION)
    bare = AccountDocument(scope=scope, location=location, chose_storage=True)
    document = changed(bare, call.body, call.now)
    _check_storage(call, document)
    if account is not None:
        account.core.store.account.put(document.to_json())
    else:
        try:
            call.accounts.create(call.parameters["accountName"], document.to_json())
        except AccountLeaving:
            raise ManagementError(Fault.ACCOUNT_BEING_DELETED) from None
    return ManagementReply(body=_body(call, get_account(call)))


def update(call: ManagementCall) -> ManagementReply:
    """Change what the request names of an account."""
    account = get_account(call)
    document = changed(account.document, call.body, call.now)
    _check_storage(call, document)
    account.core.store.account.put(document.to_json())
    return ManagementReply(body=_body(call, get_account(call)))


def get(call: ManagementCall) -> ManagementReply:
    """Return an account."""
    return ManagementReply(body=_body(call, get_account(call)))


def list_all(call: ManagementCall) -> ManagementReply:
    """List accounts, by name."""
    values: list[JsonValue] = [_body(call, account) for account in list_accounts(call)]
    return ManagementReply(body={"value": values})


def delete(call: ManagementCall) -> ManagementReply | Errand[None]:
    """Delete an account with all that is in it; one that is not there needs no deletion."""
    account = find_account(call)
    if account is None:
        return ManagementReply(status=204)
    if account.name == call.accounts.names()[0]:
        raise ManagementError(Fault.ACCOUNT_OF_SERVICE)
    applications = account.core.store.applications
    containers = {
        package.container for item in list(applications.scan()) for package in applications.scan_packages(item.id)
    }
    removal, storage = call.accounts.remove(account.name), call.find_storage()

    def clear() -> None:
        removal.end()
        if storage is not None:
            for container in containers:
                storage.remove(container)

    def finish(_: None) -> ManagementReply:
        removal.finish()
        return ManagementReply()

    return Errand(work=clear, then=finish)


def get_keys(call: ManagementCall) -> ManagementReply:
    """Return an account's keys."""
    account = get_account(call)
    return _keys(account, call.accounts.keys(account.name))


def regenerate_key(call: ManagementCall) -> ManagementReply:
    """Replace one of an account's keys."""
    account = get_account(call)
    asked = Fields(values=call.body).required_text("keyName")
    key = next((key for key in KeyName if key.value.lower() == asked.lower()), None)
    if key is None:
        raise invalid_property("keyName", asked, "it must be Primary or Secondary")
    return _keys(account, call.accounts.regenerate(account.name, key))


def synchronize_keys(call: ManagementCall) -> ManagementReply:
    """Note that the storage account's keys are fresh; the service reads them whenever it needs them."""
    account = get_account(call)
    if auto_storage(call, account) is None:
        raise ManagementError(Fault.AUTO_STORAGE_NOT_LINKED)
    account.core.store.account.put(synchronized(account.document, call.now).to_json())
    return ManagementReply()


def _new_scope(call: ManagementCall) -> tuple[str, str]:
    name = call.parameters["accountName"]
    if ACCOUNT_NAME.fullmatch(name) is None:
        raise invalid_property("accountName", name, NAME_RULE)
    if call.accounts.find(name) is not None:
        raise ManagementError(Fault.ACCOUNT_IN_OTHER_GROUP)
    return call.subscription_id, call.parameters["resourceGroupName"]


def _check_storage(call: ManagementCall, document: AccountDocument) -> None:
    """Refuse a storage account where the service has none to stand for it."""
    if document.auto_storage is not None and call.find_storage() is None:
        account = document.auto_storage.get("storageAccountId")
        reason = "the local Batch service was started without a storage account"
        raise invalid_property("properties.autoStorage.storageAccountId", account, reason)


def _body(call: ManagementCall, account: Account) -> JsonObject:
    document, quotas = account.document, account.core.options.quotas
    host = call.accounts.host(account.name)
    properties: JsonObject = {
        "publicNetworkAccess": "Enabled",
        "allowedAuthenticationModes": ["SharedKey", "AAD"],
        "encryption": {"keySource": "Microsoft.Batch"},
        **document.properties,
        "accountEndpoint": host,
        "nodeManagementEndpoint": host,
        "provisioningState": "Succeeded",
        "poolAllocationMode": "BatchService",
        "dedicatedCoreQuota": _shown(quotas.dedicated_cores),
        "lowPriorityCoreQuota": _shown(quotas.low_priority_cores),
        "dedicatedCoreQuotaPerVMFamily": [],
        "dedicatedCoreQuotaPerVMFamilyEnforced": False,
        "poolQuota": _shown(quotas.pools),
        "activeJobAndJobScheduleQuota": _shown(quotas.active_jobs_and_schedules),
    }
    storage = auto_storage(call, account)
    if storage is not None:
        properties["autoStorage"] = storage
    envelope = resource(account.id, "", properties)
    return {**envelope, "location": document.location, "tags": document.tags, "identity": document.identity}


def _shown(quota: int | None) -> int:
    return NO_LIMIT if quota is None else quota


def _keys(account: Account, keys: AccountKeys) -> ManagementReply:
    body: JsonObject = {"accountName": account.name, "primary": keys.primary, "secondary": keys.secondary}
    return ManagementReply(body=body)


HANDLERS: Mapping[str, ManagementHandler] = {
    "BatchAccount_Create": create,
    "BatchAccount_Update": update,
    "BatchAccount_Delete": delete,
    "BatchAccount_Get": get,
    "BatchAccount_List": list_all,
    "BatchAccount_ListByResourceGroup": list_all,
    "BatchAccount_GetKeys": get_keys,
    "BatchAccount_RegenerateKey": regenerate_key,
    "BatchAccount_SynchronizeAutoStorageKeys": synchronize_keys,
}
