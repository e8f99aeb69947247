"""Applications of the account, as pools and tasks may refer to them; the management plane makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.paging import page, read_listing
from dispatcher.service.store.applications import ApplicationRecord
from dispatcher.service.wire import JsonObject, JsonValue


def list_all(call: Call) -> Reply:
    """List the applications that have an active version, by id."""
    listing = read_listing(call)
    store = call.core.store.applications
    usable = (item for item in list(store.scan(listing.after)) if store.active_versions(item.id))
    return page(call, listing, usable, render=lambda item: _body(call, item), cursor=lambda item: item.id)


def get(call: Call) -> Reply:
    """Return an application; one without an active version is not there, as in the list."""
    application = call.core.store.applications.get(call.parameters["applicationId"])
    body = _body(call, application)
    if not body["versions"]:
        raise BatchError(Refusal.APPLICATION_NOT_FOUND)
    return Reply(body=body)


def _body(call: Call, application: ApplicationRecord) -> JsonObject:
    versions: list[JsonValue] = [*call.core.store.applications.active_versions(application.id)]
    display_name = json.loads(application.document).get("displayName") or ""
    return {"id": application.id, "displayName": display_name, "versions": versions}


HANDLERS: Mapping[str, Handler] = {"list_applications": list_all, "get_application": get}
"""By operation."""
