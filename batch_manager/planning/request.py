"""What a plan is asked for besides the workload: on which nodes, for how long, at which prices. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batch_manager.errors import InputError
from batch_manager.preflight.limits import MAX_SLOTS
from batch_manager.prices import Prices

MAX_NODES = 100_000
"""More than any pool has; a plan for more is a slip of the hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """The nodes of a plan.

    Attributes:
        vm_size: Azure's name of the size; None if not known.
        dedicated: dedicated nodes.
        spot: spot nodes.
        slots: tasks a node runs at the same time.
    """

    vm_size: str | None = None
    dedicated: int
    spot: int = 0
    slots: int = 1

    def __post_init__(self) -> None:
        for name, value in (("--nodes", self.dedicated), ("--spot-nodes", self.spot)):
            if not 0 <= value <= MAX_NODES:
                raise InputError(f"{name} is {value}: give a number from 0 to {MAX_NODES}")
        if not 1 <= self.slots <= MAX_SLOTS:
            raise InputError(f"--slots is {self.slots}: give a number from 1 to {MAX_SLOTS}")

    @property
    def nodes(self) -> int:
        """All nodes."""
        return self.dedicated + self.spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How many minutes tasks take.

    Attributes:
        any_task: of a task whose type is not named; None if not known.
        by_type: by the name that a task's type is registered under, or that a command was given.
    """

    any_task: float | None = None
    by_type: Mapping[str, float] = field(default_factory=dict)

    def seconds(self, task_name: str) -> float | None:
        """How long a task takes; None if nobody said."""
        minutes = self.by_type.get(task_name, self.any_task)
        return None if minutes is None else 60 * minutes

    def __bool__(self) -> bool:
        return self.any_task is not None or bool(self.by_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What is to be estimated; what is None is not."""

    machines: Machines | None = None
    durations: Durations = field(default_factory=Durations)
    prices: Prices | None = None


def parse_durations(words: Iterable[str]) -> Durations:
    """``M`` or ``NAME=M`` words, in minutes.

    Raises:
        InputError: a word is neither, or comes twice.
    """
    any_task: float | None = None
    by_type: dict[str, float] = {}
    for word in words:
        name, equals, value = word.rpartition("=")
        minutes = _minutes(word, value)
        if not equals and any_task is None:
            any_task = minutes
        elif equals and name and name not in by_type:
            by_type[name] = minutes
        else:
            raise InputError(f"--minutes-per-task {word!r}: give M once, and NAME=M once for each name")
    return Durations(any_task=any_task, by_type=by_type)


def _minutes(word: str, value: str) -> float:
    try:
        minutes = float(value)
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes <= 180 * 24 * 60:
        raise InputError(
            f"--minutes-per-task {word!r}: {value!r} is no number of minutes from 0 to {180 * 24 * 60}, the 180 days "
            "that a task may take"
        )
    return minutes
