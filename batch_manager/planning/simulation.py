"""How long a job would take on a pool: tasks are dealt out to slots, in the order of adding, once they are ready. Pure.

It is list scheduling, as Batch does it: a task starts as soon as its parents have ended and a node has the slots free.
Nodes are there from the beginning and none is lost; starting a task and moving its files take no time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import islice

from batch_manager.planning.job_graph import JobGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it.

    Attributes:
        seconds: from the first task's start to the last one's end.
        busy_slot_seconds: slots times how long they were taken.
        most_tasks: how many tasks ran at the same time at most.
        most_nodes: how many nodes had a task at the same time at most.
    """

    seconds: float
    busy_slot_seconds: float
    most_tasks: int
    most_nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What each task takes, by its number.

    Attributes:
        seconds: how long it runs.
        slots: of a node.
        nodes: how many whole nodes; 0 for a task that shares one.
    """

    seconds: Sequence[float]
    slots: Sequence[int]
    nodes: Sequence[int]


class TooSmallError(Exception):
    """A task that no such pool could ever run.

    Attributes:
        task: its number.
    """

    def __init__(self, task: int) -> None:
        super().__init__(f"task {task} does not fit")
        self.task = task


def simulate(graph: JobGraph, demand: Demand, *, nodes: int, slots: int) -> Run:
    """Run a job on so many nodes with so many slots each.

    Raises:
        TooSmallError: a task wants more slots than a node has, or more nodes than there are.
    """
    for task in range(graph.size):
        if demand.slots[task] > slots or demand.nodes[task] > nodes:
            raise TooSmallError(task)
    return _Simulation(graph, demand, nodes, slots).run()


class _Simulation:
    """One run. Tasks that are ready wait in a heap for each demand, nodes in a set for each number of free slots."""

    def __init__(self, graph: JobGraph, demand: Demand, nodes: int, slots: int) -> None:
        self._graph = graph
        self._demand = demand
        self._slots = slots
        self._waiting = graph.parents[:]
        self._ready: dict[tuple[int, int], list[int]] = defaultdict(list)
        self._free: list[set[int]] = [set() for _ in range(slots + 1)]
        self._free[slots] = set(range(nodes))
        self._taken = [0] * nodes
        self._running: list[tuple[float, int, tuple[int, ...]]] = []
        self._busy_nodes = self._most_nodes = self._most_tasks = 0
        self._now = self._busy = 0.0

    def run(self) -> Run:
        for task in range(self._graph.size):
            if not self._waiting[task]:
                self._ready[self._key(task)].append(task)
        for tasks in self._ready.values():
            heapify(tasks)
        self._start_all()
        while self._running:
            self._end_next()
            self._start_all()
        return Run(
            seconds=self._now,
            busy_slot_seconds=self._busy,
            most_tasks=self._most_tasks,
            most_nodes=self._most_nodes,
        )

    def _key(self, task: int) -> tuple[int, int]:
        return self._demand.nodes[task], self._demand.slots[task]

    def _end_next(self) -> None:
        """Let everything end that ends next."""
        self._now = self._running[0][0]
        while self._running and self._running[0][0] == self._now:
            _, task, places = heappop(self._running)
            self._give_back(task, places)
            for child in self._graph.children_of(task):
                self._waiting[child] -= 1
                if not self._waiting[child]:
                    heappush(self._ready[self._key(child)], child)

    def _start_all(self) -> None:
        """Start what is ready and fits, in the order of adding."""
        keys = [(tasks[0], key) for key, tasks in self._ready.items() if tasks]
        heapify(keys)
        while keys:
            _, key = heappop(keys)
            places = self._take(*key)
            if places is None:
                continue  # nor will another of the same demand fit
            tasks = self._ready[key]
            self._begin(heappop(tasks), places)
            if tasks:
                heappush(keys, (tasks[0], key))
        self._most_tasks = max(self._most_tasks, len(self._running))
        self._most_nodes = max(self._most_nodes, self._busy_nodes)

    def _begin(self, task: int, places: tuple[int, ...]) -> None:
        seconds = self._demand.seconds[task]
        slots = len(places) * self._slots if self._demand.nodes[task] else self._demand.slots[task]
        self._busy += seconds * slots
        heappush(self._running, (self._now + seconds, task, places))

    def _take(self, nodes: int, slots: int) -> tuple[int, ...] | None:
        """The places for a task: whole nodes, or one with as few slots free as will do; None if there are none."""
        if nodes:
            idle = self._free[self._slots]
            if len(idle) < nodes:
                return None
            places = tuple(islice(idle, nodes))
            for node in places:
                self._change(node, self._slots)
            return places
        for free in range(slots, self._slots + 1):
            if self._free[free]:
                node = next(iter(self._free[free]))
                self._change(node, slots)
                return (node,)
        return None

    def _give_back(self, task: int, places: tuple[int, ...]) -> None:
        slots = self._slots if self._demand.nodes[task] else self._demand.slots[task]
        for node in places:
            self._change(node, -slots)

    def _change(self, node: int, slots: int) -> None:
        """Let so many more slots of a node be taken."""
        before = self._taken[node]
        after = self._taken[node] = before + slots
        self._busy_nodes += (after > 0) - (before > 0)
        self._free[self._slots - before].remove(node)
        self._free[self._slots - after].add(node)
