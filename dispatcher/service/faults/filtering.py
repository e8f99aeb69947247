"""What the filters of rules look at, and when they let an event through. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from dispatcher.service.operations import BY_NAME

MANAGEMENT = "management"
"""What every operation of the management plane is called in plans."""

GROUPS: Mapping[str, frozenset[str]] = {
    "add-tasks": frozenset({"create_task", "create_task_collection"}),
    "reads": frozenset(name for name, operation in BY_NAME.items() if operation.reads),
    "writes": frozenset(name for name, operation in BY_NAME.items() if not operation.reads),
}
"""Names for several operations; they reach no further than the data plane."""


def lets_through(name: str, pattern: str, fact: str) -> bool:
    """Say whether a filter's pattern matches a fact; an operation matches the groups that it is in, too."""
    group = GROUPS.get(pattern) if name == "op" else None
    return fnmatchcase(fact, pattern) if group is None else fact in group


def names_an_operation(pattern: str) -> bool:
    """Say whether any operation would get through."""
    return any(lets_through("op", pattern, operation) for operation in (*BY_NAME, MANAGEMENT))
