"""How long a job takes on so many slots: the laws of list scheduling, and cases that can be counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.planning.simulation import Demand, Run, TooSmallError, simulate
from batch_manager.specification import TaskSpecification
from tests.unit.batch_manager.planning.jobs import graph_of, job, jobs


def _run(tasks: list[TaskSpecification], seconds: list[float], *, nodes: int, slots: int) -> Run:
    size = len(tasks)
    return simulate(
        graph_of(tasks), Demand(seconds=seconds, slots=[1] * size, nodes=[0] * size), nodes=nodes, slots=slots
    )


def test_tasks_share_the_slots_in_waves() -> None:
    """Seven tasks of a minute on two nodes with two slots take two waves: 4 and 3."""
    run = _run(job(*[("A", ())] * 7), [60.0] * 7, nodes=2, slots=2)
    assert run == Run(seconds=120, busy_slot_seconds=420, most_tasks=4, most_nodes=2)


def test_task_waits_for_its_slowest_parent() -> None:
    """However many slots are free."""
    run = _run(job(("A", ()), ("A", ()), ("B", (0, 1))), [1, 5, 1], nodes=9, slots=1)
    assert run.seconds == 6


def test_task_of_several_slots_waits_until_one_node_has_them() -> None:
    """Free slots of two nodes are not those of one."""
    tasks = job(*[("A", ())] * 3)
    demand = Demand(seconds=[2, 1, 1], slots=[1, 2, 1], nodes=[0, 0, 0])
    assert simulate(graph_of(tasks), demand, nodes=1, slots=2).seconds == 3
    assert simulate(graph_of(tasks), demand, nodes=2, slots=2).seconds == 2


def test_multi_instance_task_takes_whole_nodes() -> None:
    """It begins once so many nodes have nothing to do."""
    tasks = job(*[("A", ())] * 3)
    demand = Demand(seconds=[3, 5, 1], slots=[1, 1, 1], nodes=[0, 2, 0])
    run = simulate(graph_of(tasks), demand, nodes=2, slots=1)
    assert (run.seconds, run.most_nodes, run.busy_slot_seconds) == (8, 2, 14)


@pytest.mark.parametrize(("slots", "nodes"), [(3, 0), (1, 3)])
def test_task_that_no_node_can_run_is_named(slots: int, nodes: int) -> None:
    """It would wait for ever."""
    demand = Demand(seconds=[1, 1], slots=[1, slots], nodes=[0, nodes])
    with pytest.raises(TooSmallError) as raised:
        simulate(graph_of(job(("A", ()), ("A", ()))), demand, nodes=2, slots=2)
    assert raised.value.task == 1


@given(jobs(), st.integers(1, 4), st.integers(1, 3), st.data())
def test_run_is_within_grahams_bounds(
    tasks: list[TaskSpecification], nodes: int, slots: int, data: st.DataObject
) -> None:
    """Not shorter than the longest chain or the work over the slots, not longer than both together."""
    seconds = [float(each) for each in data.draw(st.lists(st.integers(0, 9), min_size=len(tasks), max_size=len(tasks)))]
    graph = graph_of(tasks)
    chain = sum(seconds[number] for number in graph.longest_chain(seconds))
    run = _run(tasks, seconds, nodes=nodes, slots=slots)
    work = sum(seconds) / (nodes * slots)
    assert max(chain, work) <= run.seconds + 1e-9
    assert run.seconds <= chain + work + 1e-9
    assert run.busy_slot_seconds == sum(seconds)


@given(jobs())
def test_run_with_a_slot_for_each_task_is_as_long_as_the_longest_chain(tasks: list[TaskSpecification]) -> None:
    """No task waits for a slot."""
    assert _run(tasks, [1.0] * len(tasks), nodes=len(tasks), slots=1).seconds == graph_of(tasks).depth
