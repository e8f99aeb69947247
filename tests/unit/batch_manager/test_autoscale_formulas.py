"""The formulas' library: what it gives and what it refuses. Their behaviour is tested where they are evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from batch_manager.autoscale_formulas import (
    FORMULAS,
    fixed_while_pending,
    ramp_up,
    scale_to_zero,
    slots_aware,
    spot_with_dedicated_fallback,
    working_hours,
)
from batch_manager.errors import AutoscaleFormulaError

GOOD: dict[str, dict[str, int]] = {
    "fixed_while_pending": {"nodes": 3},
    "slots_aware": {"max_nodes": 3},
    "scale_to_zero": {"max_nodes": 3},
    "ramp_up": {"max_nodes": 3, "step": 1},
    "working_hours": {"warm_nodes": 1, "max_nodes": 3},
    "spot_with_dedicated_fallback": {"max_nodes": 3, "max_dedicated": 2},
}


@pytest.mark.parametrize(
    ("formula", "parameters", "field"),
    [
        (fixed_while_pending, {"nodes": 0}, "nodes"),
        (fixed_while_pending, {"nodes": 100_001}, "nodes"),
        (fixed_while_pending, {"nodes": 2.5}, "nodes"),
        (fixed_while_pending, {"nodes": True}, "nodes"),
        (fixed_while_pending, {"nodes": 2, "idle_nodes": 3}, "idle_nodes"),
        (fixed_while_pending, {"nodes": 2, "window": timedelta(minutes=4)}, "window"),
        (fixed_while_pending, {"nodes": 2, "window": timedelta(hours=13)}, "window"),
        (fixed_while_pending, {"nodes": 2, "window": timedelta(minutes=6, milliseconds=1)}, "window"),
        (fixed_while_pending, {"nodes": 2, "window": 300}, "window"),
        (slots_aware, {"max_nodes": 2, "min_nodes": 3}, "min_nodes"),
        (slots_aware, {"max_nodes": 2, "slots_per_task": 257}, "slots_per_task"),
        (scale_to_zero, {"max_nodes": 2, "idle": timedelta(minutes=1)}, "idle"),
        (scale_to_zero, {"max_nodes": 2, "window": "long"}, "window"),
        (ramp_up, {"max_nodes": 2, "step": 3}, "step"),
        (working_hours, {"max_nodes": 2, "warm_nodes": 3}, "warm_nodes"),
        (working_hours, {"max_nodes": 2, "warm_nodes": 1, "start_hour": 24}, "start_hour"),
        (working_hours, {"max_nodes": 2, "warm_nodes": 1, "end_hour": 8}, "end_hour"),
        (working_hours, {"max_nodes": 2, "warm_nodes": 1, "utc_offset_hours": 15}, "utc_offset_hours"),
        (spot_with_dedicated_fallback, {"max_nodes": 2, "max_dedicated": 3}, "max_dedicated"),
        (spot_with_dedicated_fallback, {"max_nodes": 3, "max_dedicated": 2, "min_dedicated": 3}, "min_dedicated"),
    ],
)
def test_parameter_out_of_its_limits_is_refused_by_name(
    formula: Callable[..., str], parameters: dict[str, object], field: str
) -> None:
    """The error has the field, the value and the limit, as facts and in its words."""
    with pytest.raises(AutoscaleFormulaError) as caught:
        formula(**parameters)
    error = caught.value
    assert (error.field, error.value) == (field, parameters[field])
    assert str(error) == f"{field} is {parameters[field]!r}: give {error.limit}"


@pytest.mark.parametrize("name", FORMULAS)
def test_formula_fits_azures_limits_and_sets_everything(name: str) -> None:
    """One statement a line, as Azure wants it; both targets, the option, a guard against missing samples."""
    text = FORMULAS[name](**GOOD[name])
    lines = text.splitlines()
    assert len(text) <= 8192
    assert all(line.count(";") == 1 and line.endswith(";") for line in lines)
    assert "$TargetDedicatedNodes = " in text
    assert "$TargetLowPriorityNodes = " in text
    assert lines[-1] == "$NodeDeallocationOption = taskcompletion;"
    assert len(re.findall("GetSamplePercent", text)) == len(re.findall(r"GetSample\(", text))


def test_spot_formula_asks_for_spot_nodes_only() -> None:
    """The other target is zero."""
    assert "$TargetDedicatedNodes = 0;" in slots_aware(max_nodes=2, spot=True)
    assert "$TargetLowPriorityNodes = 0;" in slots_aware(max_nodes=2)
