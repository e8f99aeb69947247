"""The job: which tasks there are, what each waits for, and which are to fail. Pure, the same for the same seed."""

from __future__ import annotations

import random
from typing import NamedTuple

GROUPS = 5
FAN = 30
TASKS = 200
_FAILING, _RETRIED = 0.02, 0.03


class Step(NamedTuple):
    """One task."""

    number: int
    """From 1: also its id."""
    parents: tuple[int, ...]
    rule: str
    """A ``DependencyRule``, by its value."""
    behaviour: str
    """``well``, ``fail``, or ``again``: it asks once to be tried again."""


def shape(seed: int) -> tuple[Step, ...]:
    """A job of ``TASKS`` steps: in each group a chain, a fan, a join, a chain, and two tasks that watch the fan."""
    chance = random.Random(seed)
    steps: list[Step] = []

    def add(parents: tuple[int, ...], rule: str = "all_succeeded") -> int:
        draw = chance.random()
        behaviour = "fail" if draw < _FAILING else "again" if draw < _FAILING + _RETRIED else "well"
        steps.append(Step(len(steps) + 1, parents, rule, behaviour))
        return len(steps)

    def chain(length: int, parents: tuple[int, ...]) -> int:
        for _ in range(length):
            parents = (add(parents),)
        return parents[0]

    for _ in range(GROUPS):
        head = chain(4, ())
        fan = tuple(add((head,)) for _ in range(FAN))
        chain(3, (add(fan),))
        add(fan, "any_failed")
        add(fan, "all_ended")
    return tuple(steps)
