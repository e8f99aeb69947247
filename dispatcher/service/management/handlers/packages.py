"""Application packages: add, upload by a storage URL, activate, list, get, delete."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.management.calls import Errand, ManagementCall, ManagementHandler, ManagementReply, weak_etag
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import Account, find_account, get_account, require_storage
from dispatcher.service.management.package_storage import PackageStorage, container_of, expiry_of, new_blob_of
from dispatcher.service.management.resources import after, listed, reply_with, resource
from dispatcher.service.store.applications import ApplicationRecord, PackageRecord, PackageState
from dispatcher.service.wire import JsonObject, format_time

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_FORMAT = "zip"

Blobs = list[tuple[str, str]]
"""Container and blob of each."""


def create(call: ManagementCall) -> Errand[Blobs]:
    """Add a version as pending and tell where to upload it; of one that is there, tell that again."""
    account, application, _ = _admitted(call)
    storage, container = require_storage(call, account), container_of(account.name, application.id)
    unwanted = account.core.store.applications.unwanted_blobs()

    def work() -> Blobs:
        storage.make_container(container)
        return _clear(storage, unwanted)

    return Errand(work=work, then=lambda gone: _add(call, container, gone))


def _add(call: ManagementCall, container: str, gone: Blobs) -> ManagementReply:
    account, application, package = _admitted(call)
    account.core.store.applications.forget_blobs(gone)
    if package is None:
        name = call.parameters["versionName"]
        blob = new_blob_of(application.id, name)
        account.core.store.applications.add_package(application.id, name, container=container, blob=blob, now=call.now)
    return _with_url(call, account)


def _admitted(call: ManagementCall) -> tuple[Account, ApplicationRecord, PackageRecord | None]:
    """Return account, application and, where it is there, the version that the call may make.

    Raises:
        ManagementError, BatchError: it may not.
    """
    account = get_account(call)
    require_storage(call, account)
    store = account.core.store.applications
    application = store.get(call.parameters["applicationName"])
    name = call.parameters["versionName"]
    if _NAME.fullmatch(name) is None:
        reason = "1 to 64 letters, digits, hyphens, underscores and dots are allowed, the first of them no dot"
        raise invalid_property("versionName", name, reason)
    package = store.find_package(application.id, name)
    if package is not None and package.state is PackageState.ACTIVE and not application.allows_updates:
        raise ManagementError(Fault.APPLICATION_UPDATES_NOT_ALLOWED)
    if package is None and store.count_packages(application.id) >= call.limits.versions:
        message = f"The application has {call.limits.versions} packages, which is as many as it can have."
        raise ManagementError(Fault.APPLICATION_PACKAGE_QUOTA_REACHED, message)
    return account, application, package


def activate(call: ManagementCall) -> Errand[bool]:
    """Let a version be used whose blob is there; that it is a zip file is found out on a node, as in Azure."""
    account = get_account(call)
    package = _get(call, account)
    given = Fields(values=call.body).required_text("format")
    if given.lower() != _FORMAT:
        raise invalid_property("format", given, "it must be zip")
    storage = require_storage(call, account)
    return Errand(
        work=lambda: storage.has(package.container, package.blob), then=lambda found: _activate(call, package, found)
    )


def _activate(call: ManagementCall, looked_for: PackageRecord, found: bool) -> ManagementReply:
    account = get_account(call)
    package = _get(call, account)
    if not found or package.blob != looked_for.blob:  # another one, made meanwhile
        raise ManagementError(Fault.APPLICATION_PACKAGE_BLOB_NOT_FOUND)
    account.core.store.applications.activate_package(package, call.now)
    return _with_url(call, account)


def get(call: ManagementCall) -> ManagementReply:
    """Return a version, with a URL to read or write it."""
    return _with_url(call, get_account(call))


def list_all(call: ManagementCall) -> ManagementReply:
    """List an application's versions, in the order of their names."""
    account = get_account(call)
    store = account.core.store.applications
    packages = store.scan_packages(store.get(call.parameters["applicationName"]).id, after(call))
    return listed(call, packages, render=lambda item: _body(account, item), cursor=lambda item: item.name)


def delete(call: ManagementCall) -> ManagementReply | Errand[Blobs]:
    """Delete a version that no pool refers to, with its blob; one that is not there needs no deletion.

    A blob that storage does not delete now, or that the service is killed before, goes with the next call that deletes
    or adds a version.
    """
    account = find_account(call)
    package = None if account is None else _find(call, account)
    if account is None or package is None:
        return ManagementReply(status=204)
    store = account.core.store.applications
    pool = store.pool_that_refers_to(package)
    if pool is not None:
        message = f"The application package is referenced by the pool {pool}, so it cannot be deleted."
        raise ManagementError(Fault.APPLICATION_PACKAGE_IN_USE, message, (("Pool", pool),))
    store.remove_package(package, call.now)
    if (storage := call.find_storage()) is None:
        return ManagementReply()
    unwanted = store.unwanted_blobs()
    return Errand(work=lambda: _clear(storage, unwanted), then=lambda gone: _cleared(call, gone))


def _clear(storage: PackageStorage, blobs: Blobs) -> Blobs:
    """Delete blobs; return those that are gone."""
    return [blob for blob in blobs if storage.remove(*blob)]


def _cleared(call: ManagementCall, gone: Blobs) -> ManagementReply:
    if (account := find_account(call)) is not None:
        account.core.store.applications.forget_blobs(gone)
    return ManagementReply()


def _find(call: ManagementCall, account: Account) -> PackageRecord | None:
    names = call.parameters
    return account.core.store.applications.find_package(names["applicationName"], names["versionName"])


def _get(call: ManagementCall, account: Account) -> PackageRecord:
    account.core.store.applications.get(call.parameters["applicationName"])
    package = _find(call, account)
    if package is None:
        raise ManagementError(Fault.APPLICATION_PACKAGE_NOT_FOUND)
    return package


def _with_url(call: ManagementCall, account: Account) -> ManagementReply:
    package = _get(call, account)
    body = _body(account, package)
    storage = call.find_storage()
    properties = body["properties"]
    if storage is not None and isinstance(properties, dict):
        expiry = expiry_of(call.now)
        properties["storageUrl"] = storage.upload_url(package.container, package.blob, expiry)
        properties["storageUrlExpiry"] = format_time(expiry)
    return reply_with(body)


def _body(account: Account, package: PackageRecord) -> JsonObject:
    properties: JsonObject = {"state": package.state.value}
    if package.activated is not None:
        properties |= {"format": _FORMAT, "lastActivationTime": format_time(package.activated)}
    own_id = f"{account.id}/applications/{package.application_id}/versions/{package.name}"
    return resource(own_id, "/applications/versions", properties, etag=weak_etag(package.version))


HANDLERS: Mapping[str, ManagementHandler] = {
    "ApplicationPackage_Create": create,
    "ApplicationPackage_Activate": activate,
    "ApplicationPackage_Get": get,
    "ApplicationPackage_List": list_all,
    "ApplicationPackage_Delete": delete,
}
