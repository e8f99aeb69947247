"""Values of the wrong type: found first, since the other checks would stumble over them. Pure.

What a field may be is read from the type hints of the specifications.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from functools import cache
from operator import attrgetter
from typing import Any, Union, get_args, get_origin, get_type_hints

from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.specification import (
    ApplicationPackageReference,
    InputFileSpecification,
    OutputFileSpecification,
    TaskSpecification,
)

WRONG_TYPE = Rule("wrong-type", "any field", "a value of another type than the field has", "give a value of that type")

RULES = (WRONG_TYPE,)

_NESTED = ("constraints", "user_identity", "retry", "container", "multi_instance")
_nested_values = attrgetter(*_NESTED)
_DEFAULTS = TaskSpecification(task_name="", inputs="", id="")
_USUAL = _nested_values(_DEFAULTS)

_WORDS: Mapping[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "True or False",
    timedelta: "a timedelta",
    types.NoneType: "None",
    list: "a list",
    tuple: "a tuple",
    dict: "a dict",
    Mapping: "a mapping",
}
_ALSO: Mapping[type, tuple[type, ...]] = {list: (list, tuple), tuple: (tuple, list)}
"""A list does where a tuple is asked for, and the reverse."""

_good: set[tuple[type, ...]] = set()
"""The types of specifications that were found right, each with those of its fields: nearly all tasks have the same."""


def check(task: TaskSpecification) -> Sequence[Finding]:
    """Every field of a task, and of what lies in it, that has a value of another type."""
    if not _is_good(task):
        wrong = tuple(_wrong_fields(task, ""))
        if wrong:
            return wrong
    if (
        task.dependencies
        or task.input_files
        or task.output_files
        or task.environment_settings
        or task.application_package_references
        or _nested_values(task) != _USUAL
    ):
        return tuple(_wrong_members(task))
    return ()


def wrong_fields(value: Any) -> Iterator[Finding]:
    """Every field of a dataclass that has a value of another type, and what is no text in its environment settings."""
    wrong = tuple(_wrong_fields(value, ""))
    yield from wrong
    if not wrong:
        settings = value.environment_settings
        yield from _wrong_items("environment_settings", [*settings, *settings.values()], str, "a string")


def _wrong_members(task: TaskSpecification) -> Iterator[Finding]:
    yield from _wrong_items("dependencies", task.dependencies, TaskSpecification, "what add_workload_task returned")
    yield from _wrong_items("environment_settings", task.environment_settings, str, "a string")
    yield from _wrong_items("environment_settings", task.environment_settings.values(), str, "a string")
    yield from _wrong_values("input_files", task.input_files, InputFileSpecification)
    yield from _wrong_values("output_files", task.output_files, OutputFileSpecification)
    yield from _wrong_values(
        "application_package_references", task.application_package_references, ApplicationPackageReference
    )
    nested = _nested_values(task)
    for name, value in zip(_NESTED, nested, strict=True) if nested != _USUAL else ():
        if value is not None and not _is_good(value):
            yield from _wrong_fields(value, f"{name}.")
    if task.retry is not None:
        yield from _wrong_retry(task)


def _wrong_retry(task: TaskSpecification) -> Iterator[Finding]:
    assert task.retry is not None
    if isinstance(task.retry.exit_codes, tuple):
        yield from _wrong_items("retry.exit_codes", task.retry.exit_codes, int, "a whole number")
    if isinstance(task.retry.exceptions, tuple):
        for value in task.retry.exceptions:
            if not (isinstance(value, type) and issubclass(value, BaseException)):
                yield WRONG_TYPE.broken(f"holds {shown(value)}; each must be an exception type", "retry.exceptions")


def _wrong_items(field: str, values: Iterable[object], kind: type, words: str) -> Iterator[Finding]:
    for value in values:
        if type(value) is not kind and (not isinstance(value, kind) or isinstance(value, bool)):
            yield WRONG_TYPE.broken(f"holds {shown(value)}; each must be {words}", field)


def _wrong_values(field: str, values: Iterable[object], kind: type) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if not isinstance(value, kind):
            yield WRONG_TYPE.broken(f"holds {shown(value)}; each must be an {kind.__name__}", field)
        elif not _is_good(value):
            yield from _wrong_fields(value, f"{field}[{index}].")


def _is_good(value: Any) -> bool:
    """Whether every field of a specification has a value of its type; False where that was not seen before."""
    kind: Any = type(value)  # a type that is hashable, as every type is
    return (kind, *map(type, _values_of(kind)(value))) in _good


def _wrong_fields(value: Any, prefix: str) -> Iterator[Finding]:
    kind: Any = type(value)  # a type that is hashable, as every type is
    values = _values_of(kind)(value)
    is_right = True
    for (name, is_told, allowed, words), found in zip(_expected(kind), values, strict=True):
        if not isinstance(found, allowed) or (isinstance(found, bool) and bool not in allowed):
            is_right = False
            what = shown(found) if is_told else f"of type {type(found).__name__}"
            yield WRONG_TYPE.broken(f"is {what}; it must be {words}", f"{prefix}{name}")
    if is_right:
        _good.add((type(value), *map(type, values)))


@cache
def _values_of(kind: Any) -> attrgetter[tuple[Any, ...]]:
    names = [field.name for field in fields(kind)]
    return attrgetter(*names)


@cache
def _expected(kind: Any) -> tuple[tuple[str, bool, tuple[type, ...], str], ...]:
    """The fields of a specification: name, whether its value may be told, what that may be an instance of, in words."""
    hints = get_type_hints(kind)
    return tuple((field.name, field.repr, *_classes_of(hints[field.name])) for field in fields(kind))


def _classes_of(hint: Any) -> tuple[tuple[type, ...], str]:
    parts = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    classes = [get_origin(part) or part for part in parts]
    allowed = tuple(member for one in classes for member in _ALSO.get(one, (one,)))
    return allowed, " or ".join(_WORDS.get(one, f"of type {one.__name__}") for one in classes)
