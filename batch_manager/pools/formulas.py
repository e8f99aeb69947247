"""The formula that an ``autoscale`` object asks for. Pure."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from datetime import timedelta

from batch_manager.autoscale_formulas import FORMULAS
from batch_manager.errors import AutoscaleFormulaError, InputError
from batch_manager.pools.times import read_time

DEFAULT_INTERVAL = timedelta(minutes=15)
"""Batch's own time between two evaluations."""


def formula_by_name(name: str, parameters: Mapping[str, object]) -> str:
    """A formula of ``autoscale_formulas``, with times as texts such as ``30m``.

    Raises:
        InputError: there is no such formula or parameter, one is missing, or has a value out of its limits.
    """
    formula = FORMULAS.get(name)
    if formula is None:
        raise InputError(
            f"autoscale: there is no formula {name!r}{_near(name, FORMULAS)}; there are {', '.join(FORMULAS)}"
        )
    known = inspect.signature(formula).parameters
    unknown = next((given for given in parameters if given not in known), None)
    if unknown is not None:
        raise InputError(
            f"autoscale: {name} has no parameter {unknown!r}{_near(unknown, known)}; it has {', '.join(known)}"
        )
    missing = [word for word, one in known.items() if one.default is one.empty and word not in parameters]
    if missing:
        raise InputError(f"autoscale: {name} needs {', '.join(missing)}: give a value")
    return _called(formula, name, {word: _value(known[word], word, value) for word, value in parameters.items()})


def _called(formula: Callable[..., str], name: str, values: Mapping[str, object]) -> str:
    try:
        return formula(**values)
    except AutoscaleFormulaError as error:
        raise InputError(f"autoscale: {error} ({name})") from None


def _value(parameter: inspect.Parameter, name: str, value: object) -> object:
    if "timedelta" in str(parameter.annotation):
        try:
            return read_time(value)
        except ValueError as error:
            raise InputError(f"autoscale: {name} is {value!r}: {error}") from None
    if parameter.annotation == "bool" and not isinstance(value, bool):
        raise InputError(f"autoscale: {name} is {value!r}: give true or false")
    return value


def _near(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
