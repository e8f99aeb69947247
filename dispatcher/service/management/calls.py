"""What a handler of the management plane is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from dispatcher.service.accounts import Accounts
from dispatcher.service.clock import Clock
from dispatcher.service.management.operation import ManagementOperation
from dispatcher.service.management.package_storage import StorageFinder
from dispatcher.service.wire import JsonObject, format_etag

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationLimits:
    """How many there can be; the defaults are Azure's."""

    applications: int = 20
    """In an account."""
    versions: int = 40
    """Of an application."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementCall:
    """A request that has passed every check of the pipeline before its handler."""

    accounts: Accounts
    find_storage: StorageFinder
    limits: ApplicationLimits
    clock: Clock
    operation: ManagementOperation
    parameters: Mapping[str, str]
    """Of the path, decoded."""
    query: Mapping[str, str]
    """The first value of each name, decoded; names in lower case."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: JsonObject
    """Empty where there was none."""
    base_url: str
    """Scheme and host as the client spelled them."""
    path: str
    """Percent-encoded."""

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    @property
    def subscription_id(self) -> str:
        """The subscription that the path names."""
        return self.parameters["subscriptionId"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementReply:
    """An answer. Without a status it has the operation's."""

    status: int | None = None
    body: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand(Generic[T]):
    """What a handler wants of storage before it answers; storage is slow, and other requests do not wait for it."""

    work: Callable[[], T]
    """Called on another thread; it may raise `ManagementError`."""
    then: Callable[[T], ManagementReply]
    """Makes the answer on the thread that owns the stores, where anything may have changed in the meantime."""


ManagementHandler = Callable[[ManagementCall], ManagementReply | Errand[Any]]


def weak_etag(version: int) -> str:
    """Spell an entity's version as the management plane does."""
    return f'W/"{format_etag(version)}"'
