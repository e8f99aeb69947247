"""The graph of a job: levels, kinds of tasks, the longest chain."""

import itertools
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from batch_manager.planning.job_graph import Group, build_graph
from batch_manager.specification import TaskSpecification
from tests.unit.batch_manager.planning.jobs import graph_of, job, jobs

DIAMOND = [("Split", ()), ("Part", (0,)), ("Part", (0,)), ("Merge", (1, 2))]


def test_graph_of_a_diamond_has_three_levels() -> None:
    """One, two and one task, by type, with the edges between them."""
    graph = graph_of(job(*DIAMOND))
    assert graph.widths == [1, 2, 1]
    assert graph.groups == {Group(1, "Split"): 1, Group(2, "Part"): 2, Group(3, "Merge"): 1}
    assert graph.edges == {
        (Group(1, "Split"), Group(2, "Part")): 2,
        (Group(2, "Part"), Group(3, "Merge")): 2,
    }


def test_parent_that_is_named_twice_is_one_edge() -> None:
    """Batch has a set of parents, not a list."""
    graph = graph_of(job(("A", ()), ("B", (0, 0))))
    assert list(graph.parents) == [0, 1]
    assert list(graph.children_of(0)) == [1]


def test_longest_chain_goes_by_time() -> None:
    """Two short tasks one after another are less than one long one."""
    graph = graph_of(job(("A", ()), ("B", (0,)), ("C", ()), ("D", (1, 2))))
    assert graph.longest_chain([1, 1, 9, 1]) == [2, 3]
    assert graph.longest_chain([1, 1, 1, 1]) == [0, 1, 3]


def test_graph_of_no_tasks_is_empty() -> None:
    """A job may have nothing to do."""
    graph = graph_of([])
    assert (graph.depth, graph.widths, graph.longest_chain([])) == (0, [], [])


@given(jobs())
def test_longest_chain_by_number_is_as_long_as_there_are_levels(tasks: list[TaskSpecification]) -> None:
    """And each of its tasks waits for the one before."""
    graph = graph_of(tasks)
    chain = graph.longest_chain([1.0] * graph.size)
    assert len(chain) == graph.depth
    for before, after in itertools.pairwise(chain):
        assert tasks[before] in tasks[after].dependencies


@given(jobs(), st.data())
def test_no_chain_takes_longer_than_the_longest(tasks: list[TaskSpecification], data: st.DataObject) -> None:
    """Against the plain recursion over the parents."""
    seconds = data.draw(st.lists(st.integers(0, 9), min_size=len(tasks), max_size=len(tasks)))
    ends: list[int] = []
    for number, task in enumerate(tasks):
        ends.append(seconds[number] + max((ends[int(parent.id) - 1] for parent in task.dependencies), default=0))
    chain = graph_of(tasks).longest_chain(list(map(float, seconds)))
    assert sum(seconds[number] for number in chain) == max(ends)


def test_graph_of_a_large_job_takes_few_bytes_a_task() -> None:
    """The drafts are the user's; beside them a plan of 100,000 tasks takes a few megabytes."""
    tasks = job(*[("A", ())] * 20_000, ("B", range(20_000)))
    names = [task.task_name for task in tasks]
    tracemalloc.start()
    graph = build_graph(tasks, names)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert graph.size == len(tasks)
    assert held / len(tasks) < 64
