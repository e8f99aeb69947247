"""The envelope of a resource in an answer, its ETag and lists of resources."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.management.calls import ManagementCall, ManagementReply
from dispatcher.service.paging import invalid_query
from dispatcher.service.wire import JsonObject, JsonValue, unquote_etag

MOST_RESULTS = 1000

T = TypeVar("T")


def resource(resource_id: str, kind: str, properties: JsonObject, *, etag: str | None = None) -> JsonObject:
    """Return a resource of ``Microsoft.Batch/batchAccounts`` or, with ``kind``, of what is below it."""
    body: JsonObject = {
        "id": resource_id,
        "name": resource_id.rsplit("/", 1)[-1],
        "type": f"Microsoft.Batch/batchAccounts{kind}",
        "properties": properties,
    }
    return body if etag is None else {**body, "etag": etag}


def reply_with(body: JsonObject) -> ManagementReply:
    """Answer with a resource, and its ETag in the header too."""
    etag = body.get("etag")
    return ManagementReply(body=body, headers={"ETag": etag} if isinstance(etag, str) else {})


def check_match(call: ManagementCall, etag: str | None) -> None:
    """Compare the request's conditions with a resource; ``etag`` is None where there is none yet.

    Raises:
        BatchError: ConditionNotMet (412).
    """
    match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
    if match is not None and not _matches(match, etag):
        raise BatchError(Refusal.CONDITION_NOT_MET)
    if none_match is not None and _matches(none_match, etag):
        raise BatchError(Refusal.CONDITION_NOT_MET)


def listed(
    call: ManagementCall, items: Iterable[T], *, render: Callable[[T], JsonObject], cursor: Callable[[T], str]
) -> ManagementReply:
    """Answer with the first items and, if there are more, a link to the rest.

    Args:
        call: the call.
        items: those after `after`, in order.
        render: an item's body.
        cursor: what a next page is to begin after.
    """
    most = _most(call)
    found = list(islice(items, most + 1))
    values: list[JsonValue] = [render(item) for item in found[:most]]
    body: JsonObject = {"value": values}
    if len(found) > most:
        body["nextLink"] = _next_link(call, cursor(found[most - 1]))
    return ManagementReply(body=body)


def after(call: ManagementCall) -> str:
    """Return where the page before ended; empty for the first.

    Raises:
        BatchError: InvalidQueryParameterValue for a token that was made up.
    """
    text = call.query.get("$skiptoken")
    if not text:
        return ""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise invalid_query("$skiptoken", text, "it is not one this service made") from None


def _most(call: ManagementCall) -> int:
    text = call.query.get("maxresults")
    if text is None:
        return MOST_RESULTS
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(MOST_RESULTS)) and 1 <= int(text) <= MOST_RESULTS
    ):
        raise invalid_query("maxresults", text, f"it must lie between 1 and {MOST_RESULTS}")
    return int(text)


def _next_link(call: ManagementCall, last: str) -> str:
    token = base64.urlsafe_b64encode(last.encode()).decode("ascii").rstrip("=")
    return f"{call.base_url}{call.path}?{'&'.join(_pairs(call))}&$skiptoken={token}"


def _pairs(call: ManagementCall) -> Iterator[str]:
    for name, value in call.query.items():
        if name != "$skiptoken":
            yield f"{quote(name, safe='$')}={quote(value, safe='')}"


def _matches(header: str, etag: str | None) -> bool:
    if etag is None:
        return False
    tags = [unquote_etag(tag) for tag in header.split(",")]
    return "*" in tags or unquote_etag(etag) in tags
