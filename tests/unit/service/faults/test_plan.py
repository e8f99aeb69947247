"""The plan of faults: what is decided, and by what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.faults.catalogue import FILTERS, Fault, Kind, Subject
from dispatcher.service.faults.plan import Event, Plan, Rule, draw, node_start, run
from dispatcher.service.faults.text import make_plan, plan_json, plan_text, read_plan

SEEDS = st.integers(-(10**18) + 1, 10**18 - 1)
PATTERNS = st.text("abcXYZ019-_*?", min_size=1, max_size=8)
DRAWN = 0.6937465828534021
EVENTS = [run("local", "pool", "job", f"task-{number}", 0) for number in range(200)]


def _value(kind: Kind) -> st.SearchStrategy[float | None]:
    if kind is Kind.RETRY_AFTER:
        return st.none() | st.integers(0, 86_400).map(float)
    if kind is Kind.EXIT_CODE:
        return st.integers(1, 255).map(float)
    return st.sampled_from([0.0, 1.0]) if kind is Kind.FLAG else st.floats(0, 86_400)


@st.composite
def rules(drawn: st.DrawFn) -> Rule:
    """Draw a rule."""
    fault = drawn(st.sampled_from(Fault))
    names = sorted(FILTERS[fault.subject] - {"op"})
    operations = st.sampled_from(["add-tasks", "management", "create_*"]) if fault.subject is Subject.REQUEST else None
    filters = {name: drawn(PATTERNS) for name in names if drawn(st.booleans())}
    if operations is not None and drawn(st.booleans()):
        filters["op"] = drawn(operations)
    return Rule(
        fault=fault,
        probability=drawn(st.floats(0, 1)),
        filters=tuple(sorted(filters.items())),
        most=drawn(st.none() | st.integers(1, 10**9 - 1)),
        parameters=tuple((one.name, drawn(_value(one.kind))) for one in fault.parameters if drawn(st.booleans())),
    )


PLANS = st.builds(lambda seed, kept: Plan(seed=seed, rules=tuple(kept)), SEEDS, st.lists(rules(), max_size=4))


@given(PLANS)
def test_plan_survives_its_text(plan: Plan) -> None:
    """A plan written as text is read as the same plan."""
    assert read_plan(plan_text(plan), seed=0) == plan


@given(PLANS)
def test_plan_survives_json(plan: Plan) -> None:
    """A plan written as JSON is read as the same plan."""
    assert make_plan(plan_json(plan), seed=0) == plan


def _struck(seed: int, fault: Fault, probability: float, events: list[Event]) -> set[str]:
    plan = Plan(seed=seed, rules=(Rule(fault=fault, probability=probability),))
    return {event.identity for event in events if list(plan.hits(event))}


@given(SEEDS, st.floats(0, 1), st.permutations(EVENTS))
def test_decision_order_is_without_effect(seed: int, probability: float, events: list[Event]) -> None:
    """Events meet the same faults in whatever order they come."""
    assert _struck(seed, Fault.PREEMPT, probability, events) == _struck(seed, Fault.PREEMPT, probability, EVENTS)


@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
def test_probability_raised_keeps_the_faults_before(seed: int, one: float, other: float) -> None:
    """A larger probability adds faults and takes none away."""
    few, many = sorted((one, other))
    assert _struck(seed, Fault.PREEMPT, few, EVENTS) <= _struck(seed, Fault.PREEMPT, many, EVENTS)


@given(SEEDS)
def test_probability_extremes_are_certain(seed: int) -> None:
    """Probability 0 meets nothing, 1 meets everything."""
    assert not _struck(seed, Fault.PREEMPT, 0, EVENTS)
    assert len(_struck(seed, Fault.PREEMPT, 1, EVENTS)) == len(EVENTS)


def test_draw_is_even() -> None:
    """Of many events about as many meet a fault as its probability says."""
    drawn = [draw(7, Fault.PREEMPT, f"local/job/task-{number} run 0") for number in range(20_000)]
    for tenth in range(1, 10):
        assert abs(sum(value < tenth / 10 for value in drawn) / len(drawn) - tenth / 10) < 0.02


def test_draw_stays_what_it_was() -> None:
    """A seed that somebody has noted means the same in later versions."""
    assert draw(7, Fault.THROTTLE, "local/job/task run 0") == DRAWN


def test_filter_of_pool_keeps_others_out() -> None:
    """A rule for one pool leaves the others alone."""
    rule = read_plan("fail-start-task pool=spot-*", seed=1).rules[0]
    assert rule.fits(node_start("local", "spot-1", 1))
    assert not rule.fits(node_start("local", "dedicated", 1))


def test_rule_fits_its_own_subject_only() -> None:
    """A fault of nodes does not meet requests or runs."""
    assert not Rule(fault=Fault.FAIL_START_TASK).fits(run("local", "pool", "job", "task", 0))
