"""The check of a request's query before its handler sees it: known options have values that mean something."""

from __future__ import annotations

from dispatcher.service.calls import Call
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.operations import Verb
from dispatcher.service.paging import expands_stats, invalid_query, read_listing

_FLAGS = ("force", "recursive")


def check_query(call: Call) -> None:
    """Refuse a query that could not be answered as asked.

    A read refuses the options of lists that it does not have, and those of OData that no list has, so that none is
    silently ignored; a HEAD has no body that they could shape. Other names that Batch does not know are let through.

    Raises:
        BatchError: UnsupportedQueryParameter, InvalidQueryParameterValue.
    """
    known, query = call.operation.query, call.query
    if call.operation.verb is Verb.GET:
        for name, value in query.items():
            if value and name not in known and _is_option(name):
                raise BatchError(Refusal.UNSUPPORTED_QUERY_PARAMETER, values=(("QueryParameterName", name),))
    for name in _FLAGS:
        if name in known and query.get(name, "true").lower() not in {"true", "false"}:
            raise invalid_query(name, query[name], "true or false is expected")
    if "maxresults" in known:
        read_listing(call)
    if "$expand" in known:
        expands_stats(call)


def _is_option(name: str) -> bool:
    return (name.startswith("$") and name != "$skiptoken") or name == "maxresults"
