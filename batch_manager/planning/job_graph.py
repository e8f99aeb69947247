"""The graph of a job's tasks: levels, widths, kinds of tasks, the longest chains. Pure.

Tasks are numbers here, in the order of adding, and edges lie in two arrays: 100,000 tasks take a few megabytes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from batch_manager.specification import TaskSpecification


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """The tasks of one type on one level."""

    level: int
    task_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGraph:
    """Who waits for whom.

    Attributes:
        names: of each task, its type.
        levels: of each task, 1 for one without parents, otherwise one more than the highest of its parents.
        first_child: where in ``children`` the children of each task begin; one more entry than there are tasks.
        children: the numbers of the children, task by task.
        parents: how many parents each task has.
        edges: between groups, how many edges there are.
    """

    names: Sequence[str]
    levels: array[int]
    first_child: array[int]
    children: array[int]
    parents: array[int]
    edges: Mapping[tuple[Group, Group], int]

    @property
    def size(self) -> int:
        """How many tasks there are."""
        return len(self.levels)

    @property
    def depth(self) -> int:
        """How many levels there are, which is also how many tasks the longest chain has."""
        return max(self.levels, default=0)

    @property
    def widths(self) -> list[int]:
        """How many tasks each level has, from the first."""
        counts = Counter(self.levels)
        return [counts[level] for level in range(1, self.depth + 1)]

    @property
    def groups(self) -> dict[Group, int]:
        """How many tasks each type has on each level, from the first level."""
        counts = Counter(Group(level, name) for level, name in zip(self.levels, self.names, strict=True))
        return dict(sorted(counts.items()))

    def group(self, number: int) -> Group:
        """The group of a task."""
        return Group(self.levels[number], self.names[number])

    def children_of(self, number: int) -> Sequence[int]:
        """The numbers of a task's children."""
        return self.children[self.first_child[number] : self.first_child[number + 1]]

    def longest_chain(self, seconds: Sequence[float]) -> list[int]:
        """The tasks of the chain that takes longest, each waiting for the one before.

        Args:
            seconds: how long each task takes.
        """
        if not self.size:
            return []
        best = array("d", seconds)  # to the end of each task; parents come before their children
        before = array("q", [-1]) * self.size
        for number in range(self.size):
            for child in self.children_of(number):
                if before[child] < 0 or best[number] + seconds[child] > best[child]:
                    best[child] = best[number] + seconds[child]
                    before[child] = number
        last = max(range(self.size), key=best.__getitem__)
        chain = [last]
        while before[chain[-1]] >= 0:
            chain.append(before[chain[-1]])
        return chain[::-1]


def build_graph(tasks: Sequence[TaskSpecification], names: Sequence[str]) -> JobGraph:
    """The graph of tasks in which the pre-flight has found nothing: parents come before their children.

    Args:
        tasks: all of the job.
        names: what to call each, in the same order.
    """
    numbers = {id(task): number for number, task in enumerate(tasks)}
    levels = array("q", [1]) * len(tasks)
    parents = array("q", [0]) * len(tasks)
    counts = array("q", [0]) * (len(tasks) + 1)
    for number, task in enumerate(tasks):
        own = {numbers[id(parent)] for parent in task.dependencies}
        parents[number] = len(own)
        for parent in own:
            counts[parent + 1] += 1
            levels[number] = max(levels[number], levels[parent] + 1)
    first_child = array("q", accumulate(counts))
    children = array("q", [0]) * first_child[-1]
    free = array("q", first_child)
    edges: Counter[tuple[Group, Group]] = Counter()
    for number, task in enumerate(tasks):
        group = Group(levels[number], names[number])
        for parent in {numbers[id(parent)] for parent in task.dependencies}:
            children[free[parent]] = number
            free[parent] += 1
            edges[Group(levels[parent], names[parent]), group] += 1
    return JobGraph(
        names=names, levels=levels, first_child=first_child, children=children, parents=parents, edges=dict(edges)
    )
