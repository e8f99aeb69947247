"""What a handler is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from dispatcher.service.core import Core
from dispatcher.service.operations import Operation
from dispatcher.service.preconditions import Stamp
from dispatcher.service.wire import JsonObject, format_etag, format_http_date


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request that has passed every check of the pipeline before its handler."""

    core: Core
    operation: Operation
    parameters: Mapping[str, str]
    """Of the path, decoded."""
    query: Mapping[str, str]
    """The first value of each name, decoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: JsonObject
    """Empty where there was none."""
    base_url: str
    """The account's URL as the client spelled it, without a slash at the end."""
    path: str
    """Of the request below the account, percent-encoded."""
    request_id: str = ""

    @property
    def now(self) -> datetime:
        """The time."""
        return self.core.clock.now()


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSlice:
    """Bytes of a file to send: ``length`` of them from ``start``."""

    file: BinaryIO
    """Open, so that it stays the one that was asked for; whoever sends it closes it."""
    start: int
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer. Without a status it has the operation's."""

    status: int | None = None
    body: JsonObject | None = None
    file: FileSlice | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Reply]


def is_forced(call: Call) -> bool:
    """Say whether an end is not to wait for what would come before it."""
    return call.query.get("force", "").lower() == "true"


def stamp_headers(stamp: Stamp) -> dict[str, str]:
    """Return ``ETag`` (unquoted, as Batch sends it) and ``Last-Modified`` of an entity."""
    headers = {"Last-Modified": format_http_date(stamp.modified)}
    if stamp.etag is not None:
        headers["ETag"] = stamp.etag
    return headers


def stamp_of(version: int, modified: datetime) -> Stamp:
    """Return what an entity of the store is compared by."""
    return Stamp(etag=format_etag(version), modified=modified)
