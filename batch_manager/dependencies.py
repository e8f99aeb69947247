"""Task ids as dependencies: one encoder and one decoder, and the rule that decides whether a task runs.

Batch takes dependencies as ids, 64 000 characters together at most, and as inclusive ranges of numbers (REST
``BatchTaskDependencies``). Ids compare as numbers in a range, leading zeros ignored, so only ids that are the canonical
spelling of a number ever become one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import accumulate
from typing import NamedTuple

from batch_manager.errors import UsageError

MAX_IDS_LENGTH = 64_000
"""Characters of all ids in a dependency list together (REST error ``TaskDependencyListTooLong``)."""

MAX_RANGE_NUMBER = 2**31 - 1
"""The largest number in a range: the REST contract gives it 32 bits."""


class DependencyRule(Enum):
    """When a task runs, once all it depends on has ended."""

    ALL_SUCCEEDED = "all_succeeded"
    """Each parent succeeded; otherwise the task is skipped. The default."""
    ALL_ENDED = "all_ended"
    """However the parents ended."""
    ANY_FAILED = "any_failed"
    """At least one parent failed or was skipped; otherwise the task is skipped."""

    def lets_run(self, unsuccessful_parents: int) -> bool:
        """Whether a task with this rule runs, given how many of its parents did not succeed."""
        if self is DependencyRule.ALL_SUCCEEDED:
            return unsuccessful_parents == 0
        if self is DependencyRule.ANY_FAILED:
            return unsuccessful_parents > 0
        return True


class IdRange(NamedTuple):
    """The ids ``start`` to ``end``, both included."""

    start: int
    end: int


class TaskDependencies(NamedTuple):
    """What a task waits for, as Batch takes it."""

    task_ids: tuple[str, ...] = ()
    ranges: tuple[IdRange, ...] = ()

    @property
    def ids_length(self) -> int:
        """Characters of all single ids together, which Batch limits to ``MAX_IDS_LENGTH``."""
        return sum(map(len, self.task_ids))

    def __bool__(self) -> bool:
        return bool(self.task_ids or self.ranges)


def compress(ids: Iterable[str]) -> TaskDependencies:
    """The same ids with each run of two or more consecutive numbers as a range. Order is by number, then by name."""
    numbers: list[int] = []
    names: set[str] = set()
    for task_id in ids:
        if is_canonical_number(task_id):
            numbers.append(int(task_id))
        else:
            names.add(task_id)
    singles: list[str] = []
    ranges: list[IdRange] = []
    numbers.sort()
    for run in _runs(numbers):
        if run.start == run.end:
            singles.append(str(run.start))
        else:
            ranges.append(run)
    return TaskDependencies(task_ids=(*singles, *sorted(names)), ranges=tuple(ranges))


def encode_ids(dependencies: TaskDependencies) -> str:
    """One line of text without spaces: ``1..117,130,prepare``; ids hold no comma, and a range has both its ends."""
    return ",".join([f"{r.start}..{r.end}" for r in dependencies.ranges] + list(dependencies.task_ids))


def decode_ids(text: str) -> TaskDependencies:
    """The reverse of ``encode_ids``.

    Raises:
        UsageError: the text is not one that ``encode_ids`` writes.
    """
    ids: list[str] = []
    ranges: list[IdRange] = []
    for part in filter(None, text.split(",")):
        start, dots, end = part.partition("..")
        if not dots:
            ids.append(part)
        elif start.isdecimal() and end.isdecimal():
            ranges.append(IdRange(int(start), int(end)))
        else:
            raise UsageError(f"the list of parent tasks holds {part!r}, which is neither an id nor a range")
    return TaskDependencies(task_ids=tuple(ids), ranges=tuple(ranges))


def membership(dependencies: TaskDependencies) -> Callable[[str], bool]:
    """Whether an id is among the dependencies, quickly however many they are. Names compare without case, as Batch
    compares ids."""
    names = {task_id.lower() for task_id in dependencies.task_ids}
    spans = sorted(dependencies.ranges)
    starts = [span.start for span in spans]
    ends = list(accumulate((span.end for span in spans), max))

    def is_member(task_id: str) -> bool:
        if task_id.lower() in names:
            return True
        if not starts or not (task_id.isascii() and task_id.isdecimal()):
            return False
        place = bisect_right(starts, int(task_id)) - 1
        return place >= 0 and int(task_id) <= ends[place]

    return is_member


def count_members(dependencies: TaskDependencies, ids: Iterable[str]) -> int:
    """How many of ``ids`` are among the dependencies."""
    return sum(map(membership(dependencies), ids))


def expand(dependencies: TaskDependencies) -> Iterator[str]:
    """Each id of what ``compress`` gave: first the numbers, from the smallest, then the names in alphabetical order."""
    numbers = [number for span in dependencies.ranges for number in range(span.start, span.end + 1)]
    numbers += [int(task_id) for task_id in dependencies.task_ids if is_canonical_number(task_id)]
    yield from map(str, sorted(numbers))
    yield from sorted(task_id for task_id in dependencies.task_ids if not is_canonical_number(task_id))


def is_canonical_number(task_id: str) -> bool:
    """Whether an id is a number in the only spelling that ``str(int(...))`` gives, small enough for a range."""
    return (
        task_id.isascii()
        and task_id.isdecimal()
        and (task_id == "0" or task_id[0] != "0")
        and len(task_id) <= 10
        and int(task_id) <= MAX_RANGE_NUMBER
    )


def _runs(numbers: list[int]) -> Iterator[IdRange]:
    if not numbers:
        return
    start = previous = numbers[0]
    for number in numbers:
        if number > previous + 1:
            yield IdRange(start, previous)
            start = number
        previous = number
    yield IdRange(start, previous)
