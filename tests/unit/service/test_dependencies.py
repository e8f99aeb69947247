"""The law of dependencies: a task starts exactly when all it waits for is satisfied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.store.dependencies import DependencyStore
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue

COUNT = 8
UNMET = "coalesce((SELECT waits.unmet FROM waits WHERE task_key = key), 0)"


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


class Waits:
    """What tasks wait for by ranges, each task for itself: the store keeps equal ranges once and must not be told."""

    def __init__(self) -> None:
        self.met: set[int] = set()
        self.tasks: list[dict[tuple[int, int], set[int]]] = []

    def add(self, ranges: set[tuple[int, int]]) -> None:
        """Take in a task; what is met it does not wait for."""
        self.tasks.append({(low, high): set(range(low, high + 1)) - self.met for low, high in ranges})

    def release(self, number: int) -> None:
        """Take in that the task of a number satisfied those that wait for it."""
        self.met.add(number)
        for _, missing in self._waiting():
            missing.discard(number)

    def hold(self, number: int) -> None:
        """Take in that it is to run again; a task that waits for others too waits for it again."""
        if number in self.met:
            self.met.remove(number)
            for (low, high), missing in self._waiting():
                if low <= number <= high:
                    missing.add(number)

    def forget(self, number: int) -> None:
        """Take in that it was deleted; those that counted it do not wait for it again."""
        self.met.discard(number)

    def unmet(self) -> list[int]:
        """Return how many ranges each task waits for."""
        return [sum(map(bool, ranges.values())) for ranges in self.tasks]

    def _waiting(self) -> list[tuple[tuple[int, int], set[int]]]:
        return [item for ranges in self.tasks for item in ranges.items() if item[1]]


bounds = st.sampled_from([(1, 2), (2, 3), (1, 3)])
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sets(bounds, min_size=1, max_size=2)),
        st.tuples(st.sampled_from(["release", "hold", "forget"]), st.integers(1, 3)),
    ),
    min_size=5,
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(happenings=happenings)
def test_tasks_that_share_a_range_wait_as_if_each_had_its_own(happenings: list[tuple[str, Any]]) -> None:
    """Whatever is satisfied, run again and deleted in between."""
    bench, waits = Bench(), Waits()
    bench.add_job()
    store = bench.service.core.store
    database, dependencies = store._database, DependencyStore(store._database)
    for what, value in happenings:
        if what == "add":
            wanted: list[JsonValue] = [{"start": low, "end": high} for low, high in value]
            child: JsonObject = {"id": f"c{len(waits.tasks)}", "commandLine": "true"}
            bench.call("create_task", {**child, "dependsOn": {"taskIdRanges": wanted}}, jobId="job")
            waits.add(value)
        else:
            getattr(dependencies, what)(1, str(value))
            getattr(waits, what)(value)
        rows = database.all(f"SELECT {UNMET}, unmet FROM tasks ORDER BY key")
        assert [tuple(row) for row in rows] == [(count, int(count > 0)) for count in waits.unmet()]
    bench.service.close()
