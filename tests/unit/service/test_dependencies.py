"""The law of dependencies: a task starts exactly when all it waits for is satisfied."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

COUNT = 8


@dataclass(frozen=True, kw_only=True)
class Node:
    """A task of a made-up job, numbered by its place."""

    ids: frozenset[int]
    ranges: tuple[tuple[int, int], ...]
    exit_code: int
    satisfies_always: bool

    def parents(self) -> set[int]:
        """Return what the task waits for."""
        return set(self.ids) | {number for low, high in self.ranges for number in range(low, high + 1)}

    def releases(self) -> bool:
        """Say whether its end lets others go."""
        return self.exit_code == 0 or self.satisfies_always

    def body(self, number: int) -> JsonObject:
        """Return the task as a client adds it."""
        action: JsonObject = {"default": {"dependencyAction": "satisfy"}} if self.satisfies_always else {}
        wanted: JsonObject = {
            "taskIds": [str(parent) for parent in sorted(self.ids)],
            "taskIdRanges": [{"start": low, "end": high} for low, high in self.ranges],
        }
        return {"id": str(number), "commandLine": "true", "dependsOn": wanted, "exitConditions": action}


numbers = st.integers(0, COUNT)  # COUNT itself never exists
graphs = st.lists(
    st.builds(
        Node,
        ids=st.frozensets(numbers, max_size=2),
        ranges=st.lists(st.tuples(numbers, st.integers(0, 2)).map(lambda pair: (pair[0], sum(pair))), max_size=1).map(
            tuple
        ),
        exit_code=st.integers(0, 1),
        satisfies_always=st.booleans(),
    ),
    min_size=COUNT,
    max_size=COUNT,
)


def started_by_the_law(graph: list[Node]) -> set[int]:
    """Return which tasks ever start."""
    started: set[int] = set()
    while True:
        released = {number for number in started if graph[number].releases()}
        ready = {number for number, node in enumerate(graph) if node.parents() <= released}
        if ready <= started:
            return started
        started |= ready


@settings(max_examples=60, deadline=None)
@given(graph=graphs, order=st.permutations(range(COUNT)), data=st.data())
def test_tasks_start_exactly_when_their_parents_are_satisfied(
    graph: list[Node], order: list[int], data: st.DataObject
) -> None:
    """Whatever the order of adding and ending, the tasks that start are those of the law, cycles and gaps included."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=COUNT)
    bench.add_job()
    waiting = list(order)
    while waiting or bench.running():
        if waiting and (not bench.running() or data.draw(st.booleans())):
            number = waiting.pop()
            bench.call("create_task", graph[number].body(number), jobId="job")
            bench.settle()
        else:
            task_id = data.draw(st.sampled_from(bench.running()))
            bench.finish(task_id, exit_code=graph[int(task_id)].exit_code)
    completed = {number for number in range(COUNT) if bench.state(str(number)) == "completed"}
    bench.service.close()
    assert completed == started_by_the_law(graph)
