"""Ids of pools, jobs and tasks. Pure.

Figures: azure-batch 15.1.0 docstrings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batch_manager.dependencies import MAX_RANGE_NUMBER, is_canonical_number
from batch_manager.errors import Problem
from batch_manager.naming import BATCH_RESERVED_TASK_IDS, FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.specification import TaskSpecification

MAX_ID_LENGTH = 64

RESERVED_TASK_IDS = frozenset({JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID, *BATCH_RESERVED_TASK_IDS})

MALFORMED = Rule(
    "id-malformed",
    "id",
    f"empty, more than {MAX_ID_LENGTH} characters, or others than letters, digits, `-` and `_`",
    "leave the id as it is given, and say the rest in display_name",
)
RESERVED = Rule(
    "id-reserved",
    "id",
    ", ".join(f"`{name}`" for name in sorted(RESERVED_TASK_IDS)),
    "choose another",
)
TAKEN = Rule(
    "id-taken",
    "id",
    "the id of another task, letters' case left aside",
    "give each task an id of its own: Batch compares ids without regard to case",
)
ADDED_TWICE = Rule(
    "task-added-twice", "id", "one task that stands in the job's list twice", "add a second task for a second run"
)
SAME_NUMBER = Rule(
    "id-same-number",
    "id",
    "an id that is the same number as another task's, such as `04` and `4`",
    "spell them otherwise: in a range of ids, which is how FinalizeTask waits for them, Batch takes one for the other",
)
NO_ROOM_FOR_GATES = Rule(
    "id-no-room",
    "id",
    f"a numeric id so near to {MAX_RANGE_NUMBER} that the job's gates find no numbers after it",
    "use smaller numbers",
)

RULES = (MALFORMED, RESERVED, TAKEN, ADDED_TWICE, SAME_NUMBER, NO_ROOM_FOR_GATES)

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_id(value: str, what: str) -> str | None:
    """What is wrong with an id of a pool, job or task; None if nothing."""
    if _ID.fullmatch(value):
        return None
    if not value:
        return f"the {what} is empty"
    if len(value) > MAX_ID_LENGTH:
        return f"the {what} {shown(value)} has {len(value)} characters, at most {MAX_ID_LENGTH} are allowed"
    return f"the {what} {shown(value)} may hold letters, digits, '-' and '_' only"


def check(task: TaskSpecification) -> Sequence[Finding]:
    """What is wrong with a task's id, whatever the other tasks'."""
    task_id = task.id
    if task_id.isdecimal() and task_id.isascii() and len(task_id) <= MAX_ID_LENGTH:
        return ()
    wrong = check_id(task_id, "id")
    if wrong is not None:
        return (MALFORMED.broken(wrong),)
    if task_id.lower() in RESERVED_TASK_IDS:
        return (RESERVED.broken(f"{task_id!r} is kept for the framework or for Batch"),)
    return ()


class IdRegister:
    """The ids of a job's tasks, as they are added."""

    def __init__(self) -> None:
        self._tasks: dict[str, TaskSpecification] = {}
        self._odd_numbers: list[str] = []
        self._largest = 0

    def add(self, task: TaskSpecification) -> Sequence[Finding]:
        """Remember a task; what is wrong with its id among the others."""
        task_id = task.id
        if is_canonical_number(task_id):
            key = task_id
            self._largest = max(self._largest, int(task_id))
        else:
            key = task_id.lower()
            if task_id.isascii() and task_id.isdecimal():
                self._odd_numbers.append(task_id)
        first = self._tasks.setdefault(key, task)
        if first is task:
            return ()
        return (TAKEN.broken(f"{task_id!r} is the id of another task: {first.id!r}"),)

    def problems(self, gates: int) -> Iterator[Problem]:
        """What is wrong with the ids of all tasks together.

        Args:
            gates: how many gates the job needs; they take the numbers after the largest id.
        """
        last_gate = self._largest + gates
        if gates and last_gate > MAX_RANGE_NUMBER:
            said = f"is the largest number, {gates} gates come after it, and {MAX_RANGE_NUMBER} is the last that may be"
            yield NO_ROOM_FOR_GATES.broken(said).to_problem(str(self._largest))
        spelled: dict[int, str] = {}
        for task_id in self._odd_numbers:
            number = int(task_id)
            other = spelled.setdefault(number, task_id)
            if other == task_id and str(number) in self._tasks:
                other = str(number)
            if other != task_id:
                yield SAME_NUMBER.broken(f"{task_id!r} is the same number as {other!r}").to_problem(task_id)
            elif self._largest < number <= last_gate:
                said = f"{task_id!r} is the same number as the id of a gate of this job"
                yield SAME_NUMBER.broken(said).to_problem(task_id)
