"""Tasks that wait for one another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from batch_manager.specification import TaskSpecification


class Cycle(NamedTuple):
    """Tasks of which each waits for each other, by way of its parents."""

    members: tuple[TaskSpecification, ...]
    path: tuple[TaskSpecification, ...]
    """A shortest way from the one that was added first, from task to parent, back to it; it is not repeated."""


def find_cycles(tasks: Sequence[TaskSpecification]) -> Iterator[Cycle]:
    """The largest sets of two and more tasks that wait for one another, in the order of their first tasks."""
    order = {id(task): place for place, task in enumerate(tasks)}
    sets = [[tasks[place] for place in sorted(found)] for found in _components(tasks, order) if len(found) > 1]
    for members in sorted(sets, key=lambda found: order[id(found[0])]):
        yield Cycle(members=tuple(members), path=_way_round(members))


def _components(tasks: Sequence[TaskSpecification], order: dict[int, int]) -> Iterator[list[int]]:
    """Strongly connected components (Tarjan's algorithm, with a stack of its own instead of recursion)."""
    number: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    for root in range(len(tasks)):
        if root in number:
            continue
        work = [(root, _parents(tasks[root], order))]
        number[root] = low[root] = len(number)
        path.append(root)
        on_path.add(root)
        while work:
            place, parents = work[-1]
            parent = next(parents, None)
            if parent is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[place])
                if low[place] == number[place]:
                    yield _taken_off(path, on_path, place)
            elif parent not in number:
                number[parent] = low[parent] = len(number)
                path.append(parent)
                on_path.add(parent)
                work.append((parent, _parents(tasks[parent], order)))
            elif parent in on_path:
                low[place] = min(low[place], number[parent])


def _parents(task: TaskSpecification, order: dict[int, int]) -> Iterator[int]:
    return (order[id(parent)] for parent in task.dependencies if id(parent) in order)


def _taken_off(path: list[int], on_path: set[int], last: int) -> list[int]:
    found: list[int] = []
    while not found or found[-1] != last:
        found.append(path.pop())
        on_path.discard(found[-1])
    return found


def _way_round(members: Sequence[TaskSpecification]) -> tuple[TaskSpecification, ...]:
    """A shortest way from the first member back to it, from task to parent."""
    first = members[0]
    inside = {id(task) for task in members}
    came_from: dict[int, TaskSpecification] = {}
    front = [first]
    while front:
        reached = []
        for task in front:
            for parent in task.dependencies:
                if parent is first and task is not first:
                    return _back(task, first, came_from)
                if id(parent) in inside and id(parent) not in came_from:
                    came_from[id(parent)] = task
                    reached.append(parent)
        front = reached
    return (first,)


def _back(
    last: TaskSpecification, first: TaskSpecification, came_from: dict[int, TaskSpecification]
) -> tuple[TaskSpecification, ...]:
    way = [last]
    while way[-1] is not first:
        way.append(came_from[id(way[-1])])
    return tuple(reversed(way))
