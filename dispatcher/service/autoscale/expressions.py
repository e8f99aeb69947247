"""Expressions and statements worked out, one node of the tree at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from dispatcher.service.autoscale.context import Context
from dispatcher.service.autoscale.errors import EvaluationError
from dispatcher.service.autoscale.functions import FUNCTIONS, vector
from dispatcher.service.autoscale.names import MAX_EFFORT
from dispatcher.service.autoscale.sampling import call_method
from dispatcher.service.autoscale.times import Timestamp, parse_timestamp
from dispatcher.service.autoscale.tree import (
    Call,
    Chain,
    Member,
    Method,
    Name,
    Node,
    Number,
    Statement,
    Ternary,
    Text,
    Unary,
    Vector,
)
from dispatcher.service.autoscale.values import Value, combine, negate, number, type_name
from dispatcher.service.autoscale.variables import Variables


class Stopped(Exception):  # noqa: N818 - no error: the formula asked for it
    """``stop()`` was called."""


class Failed(Exception):  # noqa: N818 - wraps the error
    """An evaluation error, and the offset of the node it arose in."""

    def __init__(self, error: EvaluationError, position: int) -> None:
        self.error = error
        self.position = position
        super().__init__(error.reason)


class Effort:
    """How much a run may still do, so that no formula keeps the service busy for long."""

    def __init__(self) -> None:
        self._left = MAX_EFFORT

    def spend(self, elements: int) -> None:
        """Count elements that were worked with.

        Raises:
            EvaluationError: they are too many for one run.
        """
        self._left -= elements
        if self._left < 0:
            raise EvaluationError(f"A formula may work with {MAX_EFFORT} elements of vectors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """Works out nodes. The only state is in the variables, the effort and the source of random numbers."""

    variables: Variables
    context: Context
    random: Random
    effort: Effort = field(default_factory=Effort)

    def execute(self, statement: Statement) -> None:
        """Work out a statement and assign its value.

        Raises:
            Stopped: it called ``stop()``.
            Failed: it could not be worked out.
        """
        value = self._value(statement.expression)
        if statement.target is None:
            return
        try:
            self.variables.write(statement.target, value)
        except EvaluationError as error:
            raise Failed(error, statement.position) from None

    def _value(self, node: Node) -> Value:
        try:
            value = self._dispatch(node)
            if isinstance(value, tuple):
                self.effort.spend(len(value))
            return value
        except EvaluationError as error:
            raise Failed(error, node.position) from None

    def _dispatch(self, node: Node) -> Value:
        match node:
            case Number() | Text():
                return node.value
            case Name():
                return self.variables.read(node.name)
            case Vector():
                return vector(self._values(node.items))
            case Unary():
                return negate(node.operator, self._value(node.operand))
            case Chain():
                return self._chain(node)
            case Ternary():
                return self._value(node.yes if self._truth(node.condition) else node.no)
            case Member():
                return self._member(node)
            case Method():
                return call_method(node.metric, node.method, self._values(node.arguments), self.context)
            case Call():
                return self._call(node.function, self._values(node.arguments))

    def _values(self, nodes: Sequence[Node]) -> tuple[Value, ...]:
        return tuple(self._value(node) for node in nodes)

    def _truth(self, node: Node) -> bool:
        return number(self._value(node), "A condition") != 0

    def _chain(self, node: Chain) -> Value:
        if node.links[0].operator in {"&&", "||"}:
            return self._logical(node)
        value = self._value(node.first)
        for link in node.links:
            value = combine(link.operator, value, self._value(link.operand))
        return value

    def _logical(self, node: Chain) -> float:
        """The first operand that decides ends it; what follows is not worked out."""
        decisive = node.links[0].operator == "||"
        operands = (node.first, *(link.operand for link in node.links))
        return float(decisive if any(self._truth(operand) is decisive for operand in operands) else not decisive)

    def _member(self, node: Member) -> float:
        target = self._value(node.target)
        if not isinstance(target, Timestamp):
            raise EvaluationError(f"A {type_name(target)} has no {node.member}")
        return target.member(node.member)

    def _call(self, function: str, arguments: tuple[Value, ...]) -> Value:
        match function:
            case "rand":
                return self.random.random()
            case "stop":
                raise Stopped
            case "time":
                return self._time(arguments)
        return FUNCTIONS[function](arguments)

    def _time(self, arguments: tuple[Value, ...]) -> Timestamp:
        (text,) = arguments or ("",)
        if not isinstance(text, str):
            raise EvaluationError(f"A time is read from a string, not from a {type_name(text)}")
        return parse_timestamp(text) if text else Timestamp.of(self.context.now)
