"""Whose places tasks of a job of a higher priority take, where the jobs that have them allow it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanting:
    """A task that is ready and found no place."""

    priority: int
    slots: int
    is_exclusive: bool
    barred: frozenset[str]
    """Nodes, in lower case, where it may not run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Victim:
    """A running task that may lose its place."""

    task_key: int
    node_id: str
    slots: int
    priority: int


def plan_preemptions(
    free_slots: Mapping[str, int], slots: int, wanting: Iterable[Wanting], victims: Iterable[Victim]
) -> Iterator[int]:
    """Return the keys of the tasks to put back in the queue.

    A task loses its place only to one of a job with a higher priority, and only together with others that make room
    for it. Those of the lowest priority go first, and of these the ones that were added last.

    Args:
        free_slots: of the nodes of a pool that take tasks.
        slots: of each node.
        wanting: tasks without a place, by priority.
        victims: tasks of it that may lose theirs.
    """
    free = dict(free_slots)
    by_node: defaultdict[str, list[Victim]] = defaultdict(list)
    for victim in sorted(victims, key=lambda victim: (victim.priority, -victim.task_key)):
        by_node[victim.node_id].append(victim)
    for task in wanting:
        chosen = _cheapest(task, free, by_node, slots)
        if chosen is None:
            continue
        node_id, count = chosen
        gone, by_node[node_id] = by_node[node_id][:count], by_node[node_id][count:]
        free[node_id] += sum(victim.slots for victim in gone) - _need(task, slots)
        yield from (victim.task_key for victim in gone)


def _cheapest(
    task: Wanting, free: Mapping[str, int], by_node: Mapping[str, list[Victim]], slots: int
) -> tuple[str, int] | None:
    """Return the node where the fewest tasks have to go, and how many; None where no room can be made."""
    costs = []
    for node_id, count in free.items():
        if node_id.lower() not in task.barred:
            cost = _cost(_need(task, slots) - count, task.priority, by_node.get(node_id, []))
            if cost is not None:
                costs.append((cost, node_id))
    if not costs:
        return None
    cost, node_id = min(costs)
    return node_id, cost


def _cost(missing: int, priority: int, victims: Iterable[Victim]) -> int | None:
    """Return how many of a node's tasks make room for the slots that are missing; None if all do not."""
    count = 0
    for victim in victims:
        if missing <= 0 or victim.priority >= priority:
            break
        missing -= victim.slots
        count += 1
    return count if missing <= 0 else None


def _need(task: Wanting, slots: int) -> int:
    return slots if task.is_exclusive else task.slots
