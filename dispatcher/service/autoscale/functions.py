"""The functions of the language that look at their arguments alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from dispatcher.service.autoscale.errors import EvaluationError
from dispatcher.service.autoscale.names import MAX_VECTOR
from dispatcher.service.autoscale.values import Value, Vec, number, type_name

Function = Callable[[Sequence[Value]], Value]


def vector(arguments: Sequence[Value]) -> Vec:
    """Return a doubleVecList, any mixture of doubles and vectors, as one vector.

    Raises:
        EvaluationError: an argument is neither, or the vector is longer than ``MAX_VECTOR``.
    """
    found: list[float] = []
    for argument in arguments:
        if isinstance(argument, tuple):
            found.extend(argument)
        elif isinstance(argument, float):
            found.append(argument)
        else:
            raise EvaluationError(f"A {type_name(argument)} is no double and no doubleVec")
        if len(found) > MAX_VECTOR:
            raise EvaluationError(f"A vector may have {MAX_VECTOR} elements")
    return tuple(found)


def _filled(arguments: Sequence[Value]) -> Vec:
    values = vector(arguments)
    if not values:
        raise EvaluationError("The vector is empty")
    return values


def _average(arguments: Sequence[Value]) -> float:
    values = _filled(arguments)
    return sum(values) / len(values)


def _deviation(arguments: Sequence[Value]) -> float:
    values = _filled(arguments)
    if len(values) == 1:
        return 0.0
    mean = _average(arguments)
    return math.sqrt(sum((value - mean) * (value - mean) for value in values) / (len(values) - 1))


def _norm(arguments: Sequence[Value]) -> float:
    return math.hypot(*vector(arguments))


def _percentile(arguments: Sequence[Value]) -> float:
    """The smallest element that at least ``p`` percent of the elements do not exceed (nearest rank)."""
    values, share = sorted(_filled(arguments[:1])), number(arguments[1], "The percentage")
    if not 0 <= share <= 100:
        raise EvaluationError("The percentage must be between 0 and 100")
    return values[max(0, math.ceil(share / 100 * len(values)) - 1)]


def _element(arguments: Sequence[Value]) -> float:
    """The element at a place, counted from zero; 0 where the vector is empty.

    That an empty vector is no error is not documented: public formulas take ``val($ActiveTasks.GetSample(1), 0)``
    from a new pool, where only their later ``GetSample`` is reported to fail.
    """
    values, index = vector(arguments[:1]), number(arguments[1], "The index")
    if not values:
        return 0.0
    if not 0 <= index < len(values):
        raise EvaluationError(f"The vector has {len(values)} elements: there is none at {index:g}")
    return values[int(index)]


def _range(arguments: Sequence[Value]) -> float:
    values = _filled(arguments)
    return max(values) - min(values)


def _by_component(function: Callable[[float], float]) -> Function:
    """Apply to a double alone and give a double; else apply to each of the list and give a vector."""

    def apply(arguments: Sequence[Value]) -> Value:
        if len(arguments) == 1 and isinstance(arguments[0], float):
            return function(arguments[0])
        return tuple(function(value) for value in vector(arguments))

    return apply


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    def apply(value: float) -> float:
        if value > 0:
            return function(value)
        return -math.inf if value == 0 else math.nan

    return apply


def _whole(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda value: float(function(value)) if math.isfinite(value) else value


def _round(value: float) -> float:
    """To the nearest whole number, halves away from zero."""
    return math.copysign(math.floor(abs(value) + 0.5), value) if abs(value) < 2**52 else value


FUNCTIONS: Mapping[str, Function] = {
    "avg": _average,
    "ceil": _by_component(_whole(math.ceil)),
    "floor": _by_component(_whole(math.floor)),
    "len": lambda arguments: float(len(vector(arguments))),
    "lg": _by_component(_logarithm(math.log2)),
    "ln": _by_component(_logarithm(math.log)),
    "log": _by_component(_logarithm(math.log10)),
    "max": lambda arguments: max(_filled(arguments)),
    "min": lambda arguments: min(_filled(arguments)),
    "norm": _norm,
    "percentile": _percentile,
    "range": _range,
    "round": _by_component(_whole(_round)),
    "std": _deviation,
    "sum": lambda arguments: float(sum(vector(arguments))),
    "val": _element,
    "vec": vector,
}
"""All but ``rand``, ``stop`` and ``time``, which look outside."""
