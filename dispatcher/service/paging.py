"""Lists: ``$filter``, ``$select``, ``maxresults`` and next links."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from dispatcher.service.calls import Call, Reply
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.odata import Expression, filter_roots, matches, parse_filter, parse_select, select
from dispatcher.service.wire import JsonObject, JsonValue

MOST_RESULTS = 1000

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a client asked of a list."""

    most: int
    after: str
    """Where the page before ended; empty for the first."""
    filter: Expression | None
    select: frozenset[str] | None

    def reads_only(self, names: frozenset[str]) -> bool:
        """Say whether the answer needs no other top-level properties than these."""
        if self.select is None or not self.select <= names:
            return False
        return self.filter is None or filter_roots(self.filter) <= names


def read_listing(call: Call) -> Listing:
    """Read a list's query.

    Raises:
        BatchError: InvalidQueryParameterValue.
    """
    text = call.query.get("$filter")
    return Listing(
        most=_most_results(call.query.get("maxresults")),
        after=_read_token(call.query.get("$skiptoken")),
        filter=parse_filter(text) if text else None,
        select=read_select(call),
    )


def read_select(call: Call) -> frozenset[str] | None:
    """Return the properties the client asked for; None is all."""
    text = call.query.get("$select")
    return parse_select(text) if text else None


def page(
    call: Call,
    listing: Listing,
    items: Iterable[T],
    *,
    render: Callable[[T], JsonObject],
    cursor: Callable[[T], str],
) -> Reply:
    """Answer with the first items that pass the filter, and a link to the rest if there are more.

    Args:
        call: the call.
        listing: its query.
        items: those after ``listing.after``, in order; no more are taken than the page needs.
        render: an item's body.
        cursor: what a next page is to begin after.
    """
    values: list[JsonValue] = []
    last: T | None = None
    next_after: str | None = None
    for item in items:
        body = render(item)
        if listing.filter is not None and not matches(listing.filter, body):
            continue
        if len(values) == listing.most and last is not None:
            next_after = cursor(last)
            break
        values.append(select(body, listing.select))
        last = item
    answer: JsonObject = {
        "odata.metadata": f"{call.base_url}/$metadata#{call.path.rsplit('/', 1)[-1]}",
        "value": values,
    }
    if next_after is not None:
        answer["odata.nextLink"] = _next_link(call, next_after)
    return Reply(body=answer)


def _next_link(call: Call, after: str) -> str:
    token = base64.urlsafe_b64encode(after.encode()).decode("ascii").rstrip("=")
    pairs = [(name, value) for name, value in call.query.items() if name != "$skiptoken"]
    query = "&".join(
        f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in [*pairs, ("$skiptoken", token)]
    )
    return f"{call.base_url}{call.path}?{query}"


def _read_token(text: str | None) -> str:
    if not text:
        return ""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _invalid("$skiptoken", text, "it is not one this service made") from None


def _most_results(text: str | None) -> int:
    if text is None:
        return MOST_RESULTS
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_RESULTS):
        raise _invalid("maxresults", text, f"it must lie between 1 and {MOST_RESULTS}")
    return int(text)


def _invalid(name: str, value: str, reason: str) -> BatchError:
    values = (("QueryParameterName", name), ("QueryParameterValue", value[:200]), ("Reason", reason))
    return BatchError(Refusal.INVALID_QUERY_PARAMETER_VALUE, values=values)
