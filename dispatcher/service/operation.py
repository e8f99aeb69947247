"""What an operation of the data plane is: the columns of the operation table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Verb(StrEnum):
    """An HTTP method."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Body(Enum):
    """Whether a request has a JSON body."""

    NONE = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


class Conditions(Enum):
    """Which conditional headers an operation honours."""

    NONE = auto()
    TIME = auto()
    """If-Modified-Since and If-Unmodified-Since."""
    ALL = auto()
    """Those, If-Match and If-None-Match."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the data plane."""

    name: str
    verb: Verb
    path: str
    """A template: ``{name}`` is percent-encoded text within one segment, and a last ``{filePath}`` all that is left."""
    success: int
    """The HTTP status of success."""
    body: Body
    query: frozenset[str]
    """Query parameters besides ``api-version`` and ``timeOut``."""
    conditions: Conditions
    is_retired: bool
    """Only clients older than azure-batch 15 send it; its name is then that of azure-batch 14.2's method."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.verb in {Verb.GET, Verb.HEAD}


def operation(
    name: str,
    verb: Verb,
    path: str,
    success: int,
    *,
    body: Body = Body.NONE,
    query: str = "",
    conditions: Conditions = Conditions.NONE,
    is_retired: bool = False,
) -> Operation:
    """Return a line of the table; ``query`` holds names between spaces."""
    return Operation(
        name=name,
        verb=verb,
        path=path,
        success=success,
        body=body,
        query=frozenset(query.split()),
        conditions=conditions,
        is_retired=is_retired,
    )
