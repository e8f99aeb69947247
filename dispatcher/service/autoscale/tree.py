"""A formula as a tree. Nodes that mean the same are equal, wherever they stand in the text."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    position: int = field(default=0, compare=False)
    """The offset in the text that an error about this node points at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(_Placed):
    """A finite double, not negative."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_Placed):
    """A string, without quotation marks."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(_Placed):
    """A variable or a constant, with its ``$`` where it has one."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector(_Placed):
    """``[1, 2, 3]``"""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(_Placed):
    """``time().hour``"""

    target: Node
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(_Placed):
    """``$ActiveTasks.GetSample(1)``; it stands where its parenthesis opens, as Azure counts columns."""

    metric: str
    method: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(_Placed):
    """``max(1, 2)``"""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(_Placed):
    """``-x`` or ``!x``"""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(_Placed):
    """One operator of a chain and what follows it."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(_Placed):
    """``a + b - c``: operators of one rank, worked out from the left. At least one link."""

    first: Node
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ternary(_Placed):
    """``condition ? yes : no``; only the chosen side is worked out."""

    condition: Node
    yes: Node
    no: Node


Node = Number | Text | Name | Vector | Member | Method | Call | Unary | Chain | Ternary


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """``x = 1``, or an expression alone.

    Attributes:
        target: the variable that is assigned; None where there is none.
        position: where the statement begins.
    """

    target: str | None
    expression: Node
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Statements in their order, and the text they were read from."""

    statements: tuple[Statement, ...]
    text: str = field(compare=False)
