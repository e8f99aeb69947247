"""What a rule of the pre-flight is, and what it finds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from batch_manager.errors import Problem
from batch_manager.preflight.texts import holds_secret

_SHOWN = 80
"""Characters of a value that a message repeats."""


class Finding(NamedTuple):
    """A rule that was broken, before it is known by which task."""

    rule: Rule
    field: str
    said: str
    """The value and the limit."""

    def to_problem(self, task_id: str | None) -> Problem:
        """As it is told to the user."""
        message = f"{self.said}; {self.rule.remedy}"
        return Problem(task_id=task_id, field=self.field, message=message, rule=self.rule.name)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One thing that is checked before a job is sent.

    Attributes:
        name: of the rule, for programs.
        field: the attribute that it is about, as it is spelled in the specification.
        refused: what it refuses, for people: docs/preflight.md lists it.
        remedy: what to do about it.
    """

    name: str
    field: str
    refused: str
    remedy: str

    def broken(self, said: str, field: str | None = None) -> Finding:
        """It was broken: by what value, and what the limit is. ``field`` says more exactly where."""
        return Finding(self, field or self.field, said)


def shown(value: object) -> str:
    """A value as a message repeats it; long ones are cut, secrets left out."""
    text = repr(value)
    if holds_secret(text):
        return "a text with a secret in it"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
