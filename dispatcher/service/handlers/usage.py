"""Pool usage metrics: core hours of pools by intervals, pools that are gone included."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.paging import invalid_query, page, read_listing
from dispatcher.service.rendering.statistics import usage_metrics
from dispatcher.service.statistics import INTERVAL, interval_start, pool_intervals
from dispatcher.service.wire import from_micros, parse_time, to_micros

_FIRST = from_micros(0)
"""No node was there before."""


def list_metrics(call: Call) -> Reply:
    """List the intervals between two times; without times, the latest one that is over.

    An interval is there as soon as it is over, where Azure's come two hours later.
    """
    listing = read_listing(call)
    over = interval_start(call.now)
    end = max(_FIRST, min(over, _time(call, "endtime") or over))
    start = interval_start(max(_FIRST, _time(call, "starttime") or end - INTERVAL))
    if listing.after:
        start = max(start, _start_of(listing.after))
    intervals = pool_intervals(call.core.store.statistics.stays(start, end), start, end)
    rest = ((_cursor(item.start, item.pool_id, item.vm_size), item) for item in intervals)
    return page(
        call,
        listing,
        (pair for pair in rest if pair[0] > listing.after),
        render=lambda pair: usage_metrics(pair[1]),
        cursor=lambda pair: pair[0],
    )


def _cursor(start: datetime, pool_id: str, vm_size: str) -> str:
    """Return a text that sorts as the list does."""
    return f"{to_micros(start):020d} {pool_id.lower()} {vm_size}"


def _start_of(cursor: str) -> datetime:
    """Return the interval that a page ended in, so that the next one does not begin with the first.

    Raises:
        BatchError: InvalidQueryParameterValue for a token that was made up.
    """
    try:
        return interval_start(from_micros(int(cursor.partition(" ")[0])))
    except (ValueError, OverflowError):
        raise invalid_query("$skiptoken", cursor, "it is not one this service made") from None


def _time(call: Call, name: str) -> datetime | None:
    """Return a time of the query; versions of the client differ in the case of its name."""
    for given, value in call.query.items():
        if given.lower() == name and value:
            try:
                return parse_time(value)
            except ValueError as error:
                raise invalid_query(given, value, str(error)) from None
    return None


HANDLERS: Mapping[str, Handler] = {
    "list_pool_usage_metrics": list_metrics,
}
