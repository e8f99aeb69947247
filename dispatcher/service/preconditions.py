"""Conditional requests: does the state of an entity allow what the client asked under a condition?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.operations import Conditions, Operation
from dispatcher.service.wire import parse_http_date, unquote_etag

_TIME_HEADERS = ("if-modified-since", "if-unmodified-since")
_MATCH_HEADERS = ("if-match", "if-none-match")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """What an entity is compared by."""

    etag: str | None
    """As `format_etag` spells it; None for what has none (files)."""
    modified: datetime


class Verdict(Enum):
    """What follows for a request."""

    PROCEED = auto()
    NOT_MODIFIED = auto()
    """A read whose answer the client has: 304."""


def is_conditional(operation: Operation, headers: Mapping[str, str]) -> bool:
    """Say whether the request has a condition that the operation honours."""
    names = {Conditions.NONE: (), Conditions.TIME: _TIME_HEADERS, Conditions.ALL: _TIME_HEADERS + _MATCH_HEADERS}
    return any(name in headers for name in names[operation.conditions])


def check(operation: Operation, headers: Mapping[str, str], stamp: Stamp) -> Verdict:
    """Compare the request's conditions with an entity; names of headers are in lower case.

    Raises:
        BatchError: ConditionNotMet (412), or InvalidHeaderValue for a date that is none.
    """
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if operation.conditions is not Conditions.ALL:
        match = none_match = None
    if match is not None and not _matches(match, stamp):
        raise BatchError(Refusal.CONDITION_NOT_MET)
    unmodified_since = _date(headers, "if-unmodified-since")
    if unmodified_since is not None and stamp.modified.replace(microsecond=0) > unmodified_since:
        raise BatchError(Refusal.CONDITION_NOT_MET)
    modified_since = _date(headers, "if-modified-since")
    unchanged = modified_since is not None and stamp.modified.replace(microsecond=0) <= modified_since
    if (none_match is not None and _matches(none_match, stamp)) or (none_match is None and unchanged):
        if operation.reads:
            return Verdict.NOT_MODIFIED
        raise BatchError(Refusal.CONDITION_NOT_MET)
    return Verdict.PROCEED


def _matches(header: str, stamp: Stamp) -> bool:
    tags = [unquote_etag(tag) for tag in header.split(",")]
    return "*" in tags or stamp.etag in tags


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    text = headers.get(name)
    if text is None:
        return None
    try:
        return parse_http_date(text)
    except ValueError:
        values = (("HeaderName", name), ("HeaderValue", text))
        raise BatchError(Refusal.INVALID_HEADER_VALUE, values=values) from None
