"""Formulas of pools, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from dispatcher.service.autoscale import FormulaError, parse_formula
from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal, invalid_property

DEFAULT_INTERVAL = timedelta(minutes=15)
SHORTEST_INTERVAL = timedelta(minutes=5)
LONGEST_INTERVAL = timedelta(hours=168)

_INTERVAL, _FORMULA = "autoScaleEvaluationInterval", "autoScaleFormula"
_REFUSALS = {
    "AutoScalingFormulaSyntaxError": Refusal.AUTO_SCALING_FORMULA_SYNTAX_ERROR,
    "AutoScaleFormulaTooLong": Refusal.AUTO_SCALE_FORMULA_TOO_LONG,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoscaleSpec:
    """What scales a pool, and how often."""

    formula: str
    interval: timedelta


def read_autoscale(fields: Fields, before: AutoscaleSpec | None = None) -> AutoscaleSpec:
    """Return the formula and the interval of a body; what is not given stays as it was ``before``.

    Raises:
        BatchError: there is no formula, or it is none, or the interval is not allowed.
    """
    if before is None:
        fields.require(_FORMULA)
    formula = fields.text(_FORMULA)
    if formula is not None:
        check_formula(formula)
    interval = fields.duration(_INTERVAL)
    if interval is None and fields.has(_INTERVAL):
        interval = timedelta.max
    if interval is not None and not SHORTEST_INTERVAL <= interval <= LONGEST_INTERVAL:
        raise invalid_property(fields.name(_INTERVAL), fields.text(_INTERVAL), "5 minutes to 168 hours are allowed")
    old = before or AutoscaleSpec(formula="", interval=DEFAULT_INTERVAL)
    return AutoscaleSpec(
        formula=old.formula if formula is None else formula, interval=old.interval if interval is None else interval
    )


def check_formula(formula: str) -> None:
    """Refuse what is no formula.

    Raises:
        BatchError: with Batch's code, and what is wrong where.
    """
    try:
        parse_formula(formula)
    except FormulaError as error:
        raise BatchError(_REFUSALS[error.code], values=(("Message", error.detail),)) from None
