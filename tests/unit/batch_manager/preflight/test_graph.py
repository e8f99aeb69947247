"""Cycles are found and named, whatever the graph."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from batch_manager.preflight import find_problems
from batch_manager.preflight.cycles import find_cycles
from batch_manager.specification import TaskSpecification
from tests.support.planted import a_task, facts

Edges = list[tuple[int, int]]
SIZE = 7
_edges = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=14)


def _tasks(edges: Edges) -> list[TaskSpecification]:
    """Tasks ``1`` to ``7``; an edge leads from a task to its parent."""
    tasks = [a_task(id=str(n + 1)) for n in range(SIZE)]
    for task, parent in edges:
        tasks[task].dependencies += (tasks[parent],)
    return tasks


def _reachable(edges: Edges, start: int) -> set[int]:
    reached: set[int] = set()
    front = {start}
    while front:
        front = {parent for task, parent in edges if task in front} - reached
        reached |= front
    return reached


def _places(tasks: Sequence[TaskSpecification]) -> list[int]:
    return [int(task.id) - 1 for task in tasks]


@given(_edges)
def test_tasks_that_wait_for_one_another_are_in_one_cycle(edges: Edges) -> None:
    """Two tasks are in the same cycle if and only if each can be reached from the other."""
    reached = [_reachable(edges, n) for n in range(SIZE)]
    sets = [_places(cycle.members) for cycle in find_cycles(_tasks(edges))]
    together = {(a, b) for members in sets for a in members for b in members}
    wanted = {(a, b) for a in range(SIZE) for b in range(SIZE) if a in reached[b] and b in reached[a]}
    alone = {(n, n) for n in range(SIZE) if not any((n, m) in wanted for m in range(SIZE) if m != n)}
    assert together == wanted - alone


@given(_edges)
def test_named_way_round_a_cycle_is_one(edges: Edges) -> None:
    """From each task to its parent and back to the first, and none comes twice."""
    for cycle in find_cycles(_tasks(edges)):
        way = _places(cycle.path)
        assert len(set(way)) == len(way) >= 2
        assert all(step in edges for step in pairwise([*way, way[0]]))


@given(_edges)
def test_graph_has_problems_only_if_a_parent_does_not_come_first(edges: Edges) -> None:
    """Whatever else is wrong with it, a job whose parents come first has no cycle."""
    found = {problem.rule for problem in find_problems(_tasks(edges), facts())}
    assert bool(found) == any(parent >= task for task, parent in edges)
    assert found <= {"parent-later", "parent-itself", "parents-in-a-cycle"}


def test_a_chain_of_many_tasks_is_no_cycle_and_a_ring_is_one() -> None:
    """However long: nothing here recurses."""
    tasks = [a_task(id=str(n + 1)) for n in range(5_000)]
    for child, parent in pairwise(tasks):
        child.dependencies = (parent,)
    assert list(find_cycles(tasks)) == []
    tasks[-1].dependencies = (tasks[0],)
    (cycle,) = find_cycles(tasks)
    assert len(cycle.path) == 5_000
