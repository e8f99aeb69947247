"""Applications: add, list, get, change, delete."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import invalid_property
from dispatcher.service.management.calls import Errand, ManagementCall, ManagementHandler, ManagementReply, weak_etag
from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.lookup import Account, find_account, get_account, require_storage
from dispatcher.service.management.package_storage import container_of
from dispatcher.service.management.resources import after, check_match, listed, reply_with, resource
from dispatcher.service.store.applications import ApplicationRecord, PackageState
from dispatcher.service.wire import JsonObject

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_DISPLAY_NAME = 1024
_TAGS = "/tags"
"""Where the document keeps the resource's tags: no property has such a name."""


def create(call: ManagementCall) -> ManagementReply:
    """Add an application, or change one."""
    account = get_account(call)
    require_storage(call, account)
    name = call.parameters["applicationName"]
    if _NAME.fullmatch(name) is None:
        raise invalid_property("applicationName", name, "1 to 64 letters, digits, hyphens and underscores are allowed")
    application = account.core.store.applications.find(name)
    check_match(call, None if application is None else weak_etag(application.version))
    if application is None and account.core.store.applications.count() >= call.limits.applications:
        message = f"The account has {call.limits.applications} applications, which is as many as it can have."
        raise ManagementError(Fault.APPLICATION_QUOTA_REACHED, message)
    return _put(call, account, application, {})


def update(call: ManagementCall) -> ManagementReply:
    """Change what the request names of an application."""
    account = get_account(call)
    application = account.core.store.applications.get(call.parameters["applicationName"])
    check_match(call, weak_etag(application.version))
    return _put(call, account, application, json.loads(application.document))


def get(call: ManagementCall) -> ManagementReply:
    """Return an application."""
    account = get_account(call)
    application = account.core.store.applications.get(call.parameters["applicationName"])
    return reply_with(_body(account, application))


def list_all(call: ManagementCall) -> ManagementReply:
    """List applications, by id."""
    account = get_account(call)
    applications = account.core.store.applications.scan(after(call))
    return listed(call, applications, render=lambda item: _body(account, item), cursor=lambda item: item.id)


def delete(call: ManagementCall) -> ManagementReply | Errand[bool]:
    """Delete an application that has no versions; one that is not there needs no deletion."""
    account = find_account(call)
    name = call.parameters["applicationName"]
    application = None if account is None else account.core.store.applications.find(name)
    if account is None or application is None:
        return ManagementReply(status=204)
    check_match(call, weak_etag(application.version))
    if account.core.store.applications.count_packages(application.id):
        raise ManagementError(Fault.APPLICATION_PACKAGES_NOT_EMPTY)
    account.core.store.applications.remove(application.id)
    if (storage := call.find_storage()) is None:
        return ManagementReply()
    container = container_of(account.name, application.id)
    return Errand(work=lambda: storage.remove(container), then=lambda _: ManagementReply())


def _put(
    call: ManagementCall, account: Account, application: ApplicationRecord | None, base: JsonObject
) -> ManagementReply:
    """Store what the request says, laid over ``base``; the default version stays unless another is given.

    Tags are replaced as a whole where a request has some, as those of an account are.
    """
    fields = Fields(values=call.body).object("properties") or Fields(values={}, path="properties.")
    fields.text("displayName", longest=_LONGEST_DISPLAY_NAME)
    given = {name: value for name, value in fields.values.items() if value is not None}
    allows_updates = fields.boolean("allowUpdates", default=bool(base.get("allowUpdates", True)))
    default_version = None if application is None else application.default_version
    if (asked := fields.text("defaultVersion")) is not None:
        default_version = _active_version(account, application, asked) if asked else None
    if (tags := Fields(values=call.body).object("tags")) is not None:
        for key in tags.values:
            tags.text(key)
        given[_TAGS] = tags.values
    name = call.parameters["applicationName"] if application is None else application.id
    store = account.core.store.applications
    document = json.dumps({**base, **given})
    store.put(name, document, allows_updates=allows_updates, default_version=default_version, now=call.now)
    return reply_with(_body(account, store.get(name)))


def _active_version(account: Account, application: ApplicationRecord | None, version: str) -> str:
    package = None if application is None else account.core.store.applications.find_package(application.id, version)
    if package is None or package.state is not PackageState.ACTIVE:
        raise ManagementError(Fault.REQUESTED_DEFAULT_VERSION_NOT_ACTIVE)
    return package.name


def _body(account: Account, application: ApplicationRecord) -> JsonObject:
    properties: JsonObject = {**json.loads(application.document), "allowUpdates": application.allows_updates}
    properties.pop("defaultVersion", None)
    if application.default_version is not None:
        properties["defaultVersion"] = application.default_version
    tags = properties.pop(_TAGS, {})
    own_id = f"{account.id}/applications/{application.id}"
    return {**resource(own_id, "/applications", properties, etag=weak_etag(application.version)), "tags": tags}


HANDLERS: Mapping[str, ManagementHandler] = {
    "Application_Create": create,
    "Application_Update": update,
    "Application_Get": get,
    "Application_List": list_all,
    "Application_Delete": delete,
}
