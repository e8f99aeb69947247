"""The part of OData that Batch clients use: ``$filter`` expressions and ``$select`` lists.

A filter compares properties of an entity with literals: ``eq ne gt ge lt le``, ``and or not``, parentheses,
``startswith(path, 'text')``, paths such as ``executionInfo/exitCode``, and literals of text (``'it''s'``), numbers,
``true false null`` and ``DateTime'2026-01-01T00:00:00Z'``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from dispatcher.service.wire import JsonObject, JsonValue, parse_time

Literal = str | float | bool | datetime | None


class Comparison(StrEnum):
    """How a property is compared."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compare:
    """A property against a literal."""

    path: str
    comparison: Comparison
    literal: Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class StartsWith:
    """Whether a text property begins so; letters' case does not matter."""

    path: str
    prefix: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """The opposite."""

    inner: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class And:
    """All of two or more."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Or:
    """One of two or more."""

    terms: tuple[Expression, ...]


Expression = Compare | StartsWith | Not | And | Or


def matches(expression: Expression, entity: JsonObject) -> bool:
    """Say whether an entity passes. A comparison with an absent property or another type fails, except ``ne``."""
    match expression:
        case And(terms=terms):
            return all(matches(term, entity) for term in terms)
        case Or(terms=terms):
            return any(matches(term, entity) for term in terms)
        case Not(inner=inner):
            return not matches(inner, entity)
        case StartsWith(path=path, prefix=prefix):
            value = _value(entity, path)
            return isinstance(value, str) and value.lower().startswith(prefix.lower())
        case Compare():
            return _compare(expression, _value(entity, expression.path))


def matcher(expression: Expression) -> Callable[[JsonObject], bool]:
    """Return `matches` of an expression, for many entities: texts that one property may equal are looked up at once."""
    match expression:
        case And(terms=terms):
            tests = [matcher(term) for term in terms]
            return lambda entity: all(test(entity) for test in tests)
        case Or(terms=terms):
            tests = [_one_of(path, texts) for path, texts in _equal_texts(terms).items()]
            tests += [matcher(term) for term in terms if not _is_equal_text(term)]
            return lambda entity: any(test(entity) for test in tests)
        case Not(inner=inner):
            test = matcher(inner)
            return lambda entity: not test(entity)
        case _:
            return lambda entity: matches(expression, entity)


def _is_equal_text(term: Expression) -> bool:
    return isinstance(term, Compare) and term.comparison is Comparison.EQ and isinstance(term.literal, str)


def _equal_texts(terms: Iterable[Expression]) -> dict[str, set[str]]:
    """Return the texts that terms of an ``or`` compare each property with, in lower case."""
    texts: dict[str, set[str]] = {}
    for term in terms:
        if isinstance(term, Compare) and _is_equal_text(term):
            texts.setdefault(term.path, set()).add(str(term.literal).lower())
    return texts


def _one_of(path: str, texts: set[str]) -> Callable[[JsonObject], bool]:
    def test(entity: JsonObject) -> bool:
        value = _value(entity, path)
        return isinstance(value, str) and value.lower() in texts

    return test


def leaves(expression: Expression) -> Iterator[Compare | StartsWith]:
    """Return what an expression is made of, from left to right."""
    match expression:
        case And(terms=terms) | Or(terms=terms):
            for term in terms:
                yield from leaves(term)
        case Not(inner=inner):
            yield from leaves(inner)
        case Compare() | StartsWith():
            yield expression


def parse_select(text: str) -> frozenset[str] | None:
    """Return the top-level properties named by a ``$select``; unknown names are no error, as in Azure. None is all."""
    names = frozenset(name.strip().split("/")[0] for name in text.split(",") if name.strip())
    return None if "*" in names or not names else names


def select(entity: JsonObject, names: frozenset[str] | None) -> JsonObject:
    """Return the entity with the named properties only; None names all."""
    if names is None:
        return entity
    return {name: value for name, value in entity.items() if name in names}


def _value(entity: JsonObject, path: str) -> JsonValue:
    value: JsonValue = entity
    for name in path.split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


_ORDER: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
}


def _compare(expression: Compare, value: JsonValue) -> bool:
    left, right = _comparable(value, expression.literal)
    if expression.comparison is Comparison.EQ:
        return left == right
    if expression.comparison is Comparison.NE:
        return left != right
    if left is None or right is None or type(left) is not type(right):
        return False
    return _ORDER[expression.comparison](left, right)


def _comparable(value: JsonValue, literal: Literal) -> tuple[Literal, Literal]:
    if isinstance(value, str) and isinstance(literal, datetime):
        try:
            return parse_time(value), literal
        except ValueError:
            return value, literal
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), literal
    if isinstance(value, str) and isinstance(literal, str):
        return value.lower(), literal.lower()
    return (value if isinstance(value, str | bool) else None), literal
