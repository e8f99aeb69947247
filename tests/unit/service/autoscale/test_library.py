"""The formulas' library over a simulated day, and the page that shows it."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.autoscale_formulas import FORMULAS
from dispatcher.service.autoscale import (
    SAMPLE_PERIOD,
    DeallocationOption,
    Metrics,
    SampleHistory,
    evaluate,
    parse_formula,
    record,
)
from tests.unit.service.autoscale.page import PAGE, SHOWN, blocks, day_of, filled, tables
from tests.unit.service.autoscale.simulation import ARRIVALS, Day, Moment
from tests.unit.service.autoscale.support import NOW, context, metrics, sampled

ALL = pytest.mark.parametrize("name", SHOWN)


def at(name: str, hour: int, minute: int = 0) -> Moment:
    """Return the pool at a time of day."""
    time = timedelta(hours=hour, minutes=minute)
    return next(moment for moment in day_of(name).moments if moment.at == time)


def nodes(day: Day) -> list[int]:
    """Return the nodes of the pool at each evaluation."""
    return [moment.dedicated + moment.spot for moment in day.moments]


def test_page_shows_every_formula_of_the_library() -> None:
    """None is without its day."""
    page = PAGE.read_text()
    assert set(SHOWN) == set(FORMULAS)
    assert blocks(page) == set(tables())
    assert all(f"### `{name}(" in page for name in FORMULAS)


def test_page_says_what_the_simulation_gives() -> None:
    """Run ``python -m tests.unit.service.autoscale.page`` when this fails."""
    assert PAGE.read_text() == filled(PAGE.read_text())


@ALL
def test_formula_never_fails_and_lets_tasks_end(name: str) -> None:
    """Not in the pool's first minutes either."""
    evaluations = [moment.evaluation for moment in day_of(name).moments]
    assert [evaluation.error for evaluation in evaluations if evaluation.error] == []
    assert {evaluation.deallocation_option for evaluation in evaluations} == {DeallocationOption.TASK_COMPLETION}


@ALL
def test_formula_gets_the_days_work_done(name: str) -> None:
    """Every task ends, nobody waits an hour, and the pool has no node at midnight."""
    day = day_of(name)
    assert day.done == sum(arrival.tasks for arrival in ARRIVALS)
    assert day.longest_wait < timedelta(hours=1)
    assert nodes(day)[-1] == 0


@ALL
def test_formula_keeps_its_cap_and_its_nodes_under_running_tasks(name: str) -> None:
    """A task that runs has a node."""
    assert all(count <= 28 for count in nodes(day_of(name)))
    assert all(m.running <= 4 * (m.dedicated + m.spot) for m in day_of(name).moments)


@ALL
def test_formula_leaves_a_pool_alone_of_which_too_little_is_known(name: str) -> None:
    """A new pool, and one whose samples stopped coming."""
    for samples in (SampleHistory(), sampled(100, until=NOW - timedelta(minutes=3))):
        pool = context(target_dedicated=5, target_low_priority=0, history=samples)
        evaluation = evaluate(parse_formula(SHOWN[name]), pool)
        assert (evaluation.target_dedicated, evaluation.target_low_priority) == (5, 0)


@ALL
@given(st.lists(st.integers(0, 10**6), min_size=8, max_size=40), st.integers(0, 20), st.integers(1, 256))
def test_formula_stays_under_its_cap_whatever_comes(name: str, pending: list[int], target: int, slots: int) -> None:
    """And asks for something while there is work."""
    history = SampleHistory()
    for index, tasks in enumerate(reversed(pending)):
        history = record(history, NOW - SAMPLE_PERIOD * (len(pending) - index - 1), metrics(tasks))
    pool = context(target_dedicated=target, history=history, metrics=Metrics(task_slots_per_node=slots))
    evaluation = evaluate(parse_formula(SHOWN[name]), pool)
    assert evaluation.error is None
    assert 1 <= (evaluation.target_dedicated or 0) + (evaluation.target_low_priority or 0) <= 28


def test_page_shows_code_that_gives_the_formula_it_shows() -> None:
    """The example is run as it stands."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["formula"] == SHOWN["slots_aware"]


def test_fixed_while_pending_has_all_nodes_or_none() -> None:
    """Ten while tasks are pending, none long after."""
    assert set(nodes(day_of("fixed_while_pending"))) == {0, 10}


def test_slots_aware_has_a_node_for_four_tasks() -> None:
    """The pool's nodes have four slots."""
    assert at("slots_aware", 11).dedicated == 16 / 4
    assert at("slots_aware", 15, 30).dedicated == 60 / 4


def test_scale_to_zero_keeps_nodes_until_they_were_idle() -> None:
    """They are still there after half an hour, and gone after an hour."""
    assert at("scale_to_zero", 13, 45).dedicated == 20
    assert at("scale_to_zero", 14, 30).dedicated == 0


def test_ramp_up_adds_no_more_than_its_step() -> None:
    """Four nodes at each evaluation."""
    counts = nodes(day_of("ramp_up"))
    assert max(after - before for before, after in pairwise(counts)) == 4


def test_working_hours_are_warm_before_the_first_task() -> None:
    """Three nodes from eight to six, none at night."""
    assert [at("working_hours", hour).dedicated for hour in (7, 8, 12, 17, 18)] == [0, 3, 3, 3, 0]


def test_spot_falls_back_to_dedicated_while_nodes_are_preempted() -> None:
    """Then the dedicated ones go again."""
    before, during, after = (at("spot_with_dedicated_fallback", *time) for time in ((15, 40), (16, 0), (18, 0)))
    assert (before.dedicated, before.preempted) == (0, 0)
    assert (during.dedicated, during.preempted, during.running) == (8, 8, 60)
    assert (after.dedicated, after.preempted) == (0, 0)
