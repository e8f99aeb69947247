"""Which account of the service a request means."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.service.core import Core
from dispatcher.service.management.calls import ManagementCall
from dispatcher.service.management.documents import GROUP, AccountDocument, read_document
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.package_storage import PackageStorage
from dispatcher.service.wire import JsonObject, format_time

_PROVIDER = "providers/Microsoft.Batch/batchAccounts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account with what requests have said about it."""

    name: str
    core: Core
    document: AccountDocument
    id: str
    """Its ARM id."""


def find_account(call: ManagementCall) -> Account | None:
    """Return the account that the path names, or None.

    The first label of the request's host, or of the host that the service is at (``127``, ``localhost``), stands for
    the default account: clients that know an account by its endpoint alone take that label for its name.
    """
    asked = call.parameters["accountName"]
    name = next((name for name in call.accounts.names() if name.lower() == asked.lower()), None)
    if name is None and asked.lower() in _labels(call):
        name = call.accounts.names()[0]
    return None if name is None else _in_scope(call, name)


def get_account(call: ManagementCall) -> Account:
    """Return the account that the path names.

    Raises:
        ManagementError: ResourceNotFound, in Resource Manager's words.
    """
    account = find_account(call)
    if account is None:
        name, group = call.parameters["accountName"], call.parameters["resourceGroupName"]
        message = (
            f"The Resource 'Microsoft.Batch/batchAccounts/{name}' under resource group '{group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ManagementError(Fault.RESOURCE_NOT_FOUND, message)
    return account


def list_accounts(call: ManagementCall) -> list[Account]:
    """Return the accounts of the path's subscription and, where it names one, resource group; by name."""
    found = (_in_scope(call, name) for name in sorted(call.accounts.names()))
    return [account for account in found if account is not None]


def auto_storage(call: ManagementCall, account: Account) -> JsonObject | None:
    """Return the auto-storage of an account, or None; of one that nobody described, that is the service's own."""
    if account.document.chose_storage:
        return account.document.auto_storage
    storage = call.find_storage()
    if storage is None:
        return None
    synchronized = (account.document.auto_storage or {}).get("lastKeySync") or format_time(call.now)
    account_id = account.id.rpartition("/providers/")[0]
    return {
        "storageAccountId": f"{account_id}/providers/Microsoft.Storage/storageAccounts/{storage.account}",
        "authenticationMode": "StorageKeys",
        "lastKeySync": synchronized,
    }


def require_storage(call: ManagementCall, account: Account) -> PackageStorage:
    """Return where the account's packages lie.

    Raises:
        ManagementError: it has no auto-storage, or the service has no storage account.
    """
    storage = call.find_storage()
    if storage is None or auto_storage(call, account) is None:
        raise ManagementError(Fault.AUTO_STORAGE_NOT_LINKED)
    return storage


def account_id(subscription: str, group: str, name: str) -> str:
    """Return an account's ARM id."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{_PROVIDER}/{name}"


def _in_scope(call: ManagementCall, name: str) -> Account | None:
    """Return an account, unless it is in another subscription or resource group than the path names."""
    service = call.accounts.find(name)
    if service is None:
        return None
    document = read_document(service.core.store.account.document())
    subscription, group = call.subscription_id, call.parameters.get("resourceGroupName")
    own_subscription, own_group = document.scope or (subscription, group or GROUP)
    if own_subscription.lower() != subscription.lower() or (group and own_group.lower() != group.lower()):
        return None
    own_id = account_id(subscription, group or own_group, name)
    return Account(name=name, core=service.core, document=document, id=own_id)


def _labels(call: ManagementCall) -> set[str]:
    hosts = (call.headers.get("host", ""), call.accounts.host(call.accounts.names()[0]), "localhost")
    return {host.split(":")[0].split(".")[0].lower() for host in hosts} - {""}
