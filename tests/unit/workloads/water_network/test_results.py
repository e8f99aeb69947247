"""Results as JSON."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager import InputError
from workloads.water_network.results import BreakResult, Conditions, EngineFailure, EngineWarning, Pipe, Simulation

ids = st.text(string.ascii_letters + string.digits + "-_/#é", min_size=1, max_size=31)
amounts = st.floats(min_value=-1e6, max_value=1e6)
pipes = st.builds(Pipe, id=ids, start_node=ids, end_node=ids, diameter_mm=amounts, length_m=amounts)
simulations = st.builds(
    Simulation,
    demand_m3=amounts,
    unserved_m3=amounts,
    customers=st.lists(ids).map(tuple),
    minimum_pressure_m=st.dictionaries(ids, amounts, max_size=5),
    warnings=st.lists(st.builds(EngineWarning, code=st.integers(1, 6), text=st.text(), time=st.text())).map(tuple),
)
failures = st.builds(EngineFailure, code=st.integers(), text=st.text())


@given(st.builds(BreakResult, pipe=pipes, outcome=simulations | failures))
def test_result_survives_json(result: BreakResult) -> None:
    """What one task writes, the next reads."""
    assert BreakResult.from_json(result.to_json()) == result


def test_failure_is_in_the_document_under_its_own_name() -> None:
    """A reader of the blob sees the engine's error without knowing this code."""
    pipe = Pipe(id="10", start_node="1", end_node="2", diameter_mm=100.0, length_m=5.0)
    document = json.loads(BreakResult(pipe=pipe, outcome=EngineFailure(code=110, text="cannot solve")).to_json())
    assert document["engine_error"] == {"code": 110, "text": "cannot solve"}
    assert document["simulation"] is None


def test_conditions_take_the_duration_from_the_task_s_inputs() -> None:
    """Minutes and seconds are not lost."""
    assert Conditions.of_inputs({"duration_hours": 1.5}).duration_seconds == 5400


def test_conditions_refuse_a_duration_that_is_no_number() -> None:
    """The message names the input."""
    with pytest.raises(InputError, match="duration_hours is 'long'"):
        Conditions.of_inputs({"duration_hours": "long"})
