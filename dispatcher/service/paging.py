"""Lists: ``$filter``, ``$select``, ``maxresults`` and next links."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from dispatcher.service.calls import Call, Reply
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.filters import check_filter
from dispatcher.service.odata import Expression, matcher, parse_select, select
from dispatcher.service.odata_parser import parse_filter
from dispatcher.service.wire import JsonObject, JsonValue

MOST_RESULTS = 1000

_STATS = "stats"
_LONGEST_NUMBER = 18
_FOREIGN_TOKEN = "it is not one this service made"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a client asked of a list."""

    most: int
    after: str
    """Where the page before ended; empty for the first."""
    filter: Expression | None
    select: frozenset[str] | None

    def after_number(self) -> int:
        """Return where the page before ended, where that is a number; 0 for the first.

        Raises:
            BatchError: InvalidQueryParameterValue for a token that was made up.
        """
        if not self.after:
            return 0
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) < _LONGEST_NUMBER):
            raise invalid_query("$skiptoken", self.after, _FOREIGN_TOKEN)
        return int(self.after)


def read_listing(call: Call) -> Listing:
    """Read a list's query.

    Raises:
        BatchError: InvalidQueryParameterValue.
    """
    return Listing(
        most=_most_results(call.query.get("maxresults")),
        after=_read_token(call.query.get("$skiptoken")),
        filter=_read_filter(call),
        select=read_select(call),
    )


def read_select(call: Call) -> frozenset[str] | None:
    """Return the properties the client asked for; None is all."""
    text = call.query.get("$select")
    return parse_select(text) if text else None


def expands_stats(call: Call) -> bool:
    """Say whether the client asks for statistics.

    Raises:
        BatchError: InvalidQueryParameterValue, for anything else that is to be expanded.
    """
    names = {name.strip() for name in call.query.get("$expand", "").split(",")} - {""}
    if names - {_STATS}:
        raise invalid_query("$expand", call.query["$expand"], f"only {_STATS} can be expanded")
    return bool(names)


def page(
    call: Call,
    listing: Listing,
    items: Iterable[T],
    *,
    render: Callable[[T], JsonObject],
    cursor: Callable[[T], str],
    rest: str | None = None,
) -> Reply:
    """Answer with the first items that pass the filter, and a link to the rest if there are more.

    Args:
        call: the call.
        listing: its query.
        items: those after ``listing.after``, in order; no more are taken than the page needs.
        render: an item's body.
        cursor: what a next page is to begin after.
        rest: what that is once these items are through; None where there are no others.
    """
    passes = None if listing.filter is None else matcher(listing.filter)
    values: list[JsonValue] = []
    last: T | None = None
    next_after = rest
    for item in items:
        body = render(item)
        if passes is not None and not passes(body):
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


def _read_filter(call: Call) -> Expression | None:
    text = call.query.get("$filter")
    if not text:
        return None
    expression = parse_filter(text)
    check_filter(call.operation.name, expression)
    return expression


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
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise invalid_query("$skiptoken", text, _FOREIGN_TOKEN) from None


def _most_results(text: str | None) -> int:
    if text is None:
        return MOST_RESULTS
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MOST_RESULTS):
        raise invalid_query("maxresults", text, f"it must lie between 1 and {MOST_RESULTS}")
    return int(text)


def invalid_query(name: str, value: str, reason: str) -> BatchError:
    """Return the refusal of a query parameter."""
    values = (("QueryParameterName", name), ("QueryParameterValue", value[:200]), ("Reason", reason))
    return BatchError(Refusal.INVALID_QUERY_PARAMETER_VALUE, values=values)
