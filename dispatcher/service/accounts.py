"""The accounts of one service: the seam between the host, which keeps them, and the management plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dispatcher.service.account import Service


class KeyName(StrEnum):
    """One of an account's two keys."""

    PRIMARY = "Primary"
    SECONDARY = "Secondary"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountKeys:
    """An account's keys, base64; either signs validly."""

    primary: str = field(repr=False)
    secondary: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Removal:
    """What is left to do about an account that was taken away; until it is done the account comes back at a start."""

    end: Callable[[], None]
    """Ends its tasks, which may take a while; on any thread."""
    finish: Callable[[], None]
    """Deletes its state, after that; on the thread that owns the stores."""


class AccountLeaving(Exception):  # noqa: N818 - it says what happens
    """An account of the name is being removed."""


class Accounts(Protocol):
    """The accounts of one service; every method is called by the thread that owns their stores."""

    def names(self) -> tuple[str, ...]:
        """Return the names; the first is the default account's, which is also served at the root."""
        ...

    def find(self, name: str) -> Service | None:
        """Return a running account; letters' case does not matter."""
        ...

    def create(self, name: str, document: str | None = None) -> Service:
        """Return the account of a name, made and started if there is none; it is there again after a restart.

        An account that is made has ``document`` from the first moment, whenever the process dies.

        Raises:
            AccountLeaving: one of that name is being removed.
        """
        ...

    def remove(self, name: str) -> Removal:
        """Take an account that is there and not the default one away; what is returned deletes all of its state."""
        ...

    def keys(self, name: str) -> AccountKeys:
        """Return an account's keys."""
        ...

    def regenerate(self, name: str, key: KeyName) -> AccountKeys:
        """Replace one of an account's keys, which is worth nothing from then on; return both."""
        ...

    def host(self, name: str) -> str:
        """Return where an account is served over TLS, without a scheme: ``127.0.0.1:PORT/a/<name>``."""
        ...
