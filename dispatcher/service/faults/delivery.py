"""How an answer reaches its client, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Cut(Enum):
    """The end of a connection in place of an answer."""

    UNHEARD = auto()
    """Before the request took effect: the connection is reset."""
    UNANSWERED = auto()
    """After it took effect: the connection is closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What becomes of an answer that was made."""

    seconds: float = 0.0
    """How long it is kept back first."""
    cut: Cut | None = None
