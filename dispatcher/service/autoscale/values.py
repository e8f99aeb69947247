"""The values of the language: their types, how they print, and what the operators make of them.

Comparisons give 1 or 0; any double but zero is true. Which operators take which types is what the documentation
lists, no more: a formula that works here works on Azure.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.service.autoscale.errors import EvaluationError
from dispatcher.service.autoscale.times import Interval, Timestamp

Vec = tuple[float, ...]
Value = float | Vec | str | Timestamp | Interval

_TYPE_NAMES: Mapping[type, str] = {
    float: "double",
    tuple: "doubleVec",
    str: "string",
    Timestamp: "timestamp",
    Interval: "timeinterval",
}


def type_name(value: Value) -> str:
    """Return what the documentation calls the type of ``value``."""
    return _TYPE_NAMES[type(value)]


def format_value(value: Value) -> str:
    """Spell a value as Azure's results do: ``1``, ``0.25``, ``[1,2,3]``, ``2016-10-13T19:18:47.805Z``."""
    if isinstance(value, tuple):
        return f"[{','.join(_number(item) for item in value)}]"
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(value, ".15G")


def number(value: Value, what: str) -> float:
    """Return a double.

    Raises:
        EvaluationError: it is none.
    """
    if not isinstance(value, float):
        raise EvaluationError(f"{what} must be a double, not a {type_name(value)}")
    return value


def negate(sign: str, value: Value) -> Value:
    """Apply ``-`` or ``!``.

    Raises:
        EvaluationError: the operator does not take this type.
    """
    if sign == "-" and isinstance(value, float):
        return -value
    if sign == "-" and isinstance(value, Interval):
        return Interval(-value.ticks)
    if sign == "!" and isinstance(value, float):
        return float(not value)
    raise EvaluationError(f"Operator {sign} does not take a {type_name(value)}")


def combine(sign: str, left: Value, right: Value) -> Value:
    """Apply an operator between two values.

    Raises:
        EvaluationError: the operator does not take these types, or the result is out of range.
    """
    found = _OPERATIONS.get((sign, type(left), type(right)))
    if found is None:
        raise EvaluationError(f"Operator {sign} does not take a {type_name(left)} and a {type_name(right)}")
    result: Value = found(left, right)
    return result


def divide(left: float, right: float) -> float:
    """Divide as doubles do: by zero it gives infinity, and zero by zero NaN."""
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "!=": operator.ne,
}


def _scaled(interval: Interval, factor: float) -> Interval:
    exact = interval.ticks * factor
    if not math.isfinite(exact):
        raise EvaluationError("The time interval is too long")
    return Interval(round(exact))


def _each(sign: str) -> Callable[[Vec, float], Vec]:
    apply = _ARITHMETIC[sign]
    return lambda vector, scalar: tuple(apply(item, scalar) for item in vector)


def _pairwise(sign: str) -> Callable[[Vec, Vec], Vec]:
    apply = _ARITHMETIC[sign]

    def pairs(left: Vec, right: Vec) -> Vec:
        if len(left) != len(right):
            raise EvaluationError(f"Operator {sign} needs vectors of one length, not {len(left)} and {len(right)}")
        return tuple(apply(*pair) for pair in zip(left, right, strict=True))

    return pairs


def _compared(sign: str) -> Callable[[Any, Any], float]:
    compare = _COMPARISONS[sign]
    return lambda left, right: float(compare(left, right))


def _operations() -> Mapping[tuple[str, type, type], Callable[[Any, Any], Value]]:
    table: dict[tuple[str, type, type], Callable[[Any, Any], Value]] = {
        ("*", float, Interval): lambda factor, interval: _scaled(interval, factor),
        ("*", Interval, float): _scaled,
        ("/", Interval, float): lambda interval, by: _scaled(interval, divide(1.0, by)),
        ("+", Interval, Interval): lambda left, right: Interval(left.ticks + right.ticks),
        ("-", Interval, Interval): lambda left, right: Interval(left.ticks - right.ticks),
        ("+", Interval, Timestamp): lambda interval, time: Timestamp(time.ticks + interval.ticks),
        ("+", Timestamp, Interval): lambda time, interval: Timestamp(time.ticks + interval.ticks),
        ("-", Timestamp, Timestamp): lambda left, right: Interval(left.ticks - right.ticks),
    }
    for sign, apply in _ARITHMETIC.items():
        table[sign, float, float] = apply
        table[sign, tuple, float] = _each(sign)
        table[sign, tuple, tuple] = _pairwise(sign)
    for sign in _COMPARISONS:
        table.update({(sign, kind, kind): _compared(sign) for kind in (float, str, Timestamp, Interval)})
    return table


_OPERATIONS = _operations()
