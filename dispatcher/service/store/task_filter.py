"""A filter of tasks as a condition in SQL, so that a list reads the tasks it shows and not every task of its job.

It means what `odata.matches` means of a task's body: a comparison with what is absent fails, except for ``ne``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from dispatcher.service.odata import And, Compare, Comparison, Expression, Literal, Not, Or, StartsWith
from dispatcher.service.store.database import Value
from dispatcher.service.wire import to_micros

_COLUMNS: Mapping[str, str] = {
    "id": "id",
    "state": "state",
    "stateTransitionTime": "state_time",
    "creationTime": "created",
    "lastModified": "modified",
    "executionInfo/startTime": "started",
    "executionInfo/endTime": "ended",
    "executionInfo/exitCode": "exit_code",
    "executionInfo/result": "result",
}
_NEVER_ABSENT = frozenset({"id", "state", "state_time", "created", "modified"})
_OPERATORS: Mapping[Comparison, str] = {
    Comparison.EQ: "IS",
    Comparison.NE: "IS NOT",
    Comparison.GT: ">",
    Comparison.GE: ">=",
    Comparison.LT: "<",
    Comparison.LE: "<=",
}


class Way(Enum):
    """How the tasks that pass are found."""

    ORDER = auto()
    """One after the other, or those in one state: each that is read passes."""
    NAMES = auto()
    """By their ids, of which there are few."""
    LOOK = auto()
    """By trying task after task, which may be many that all fail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A condition on rows of tasks, with the values of its marks."""

    sql: str
    values: tuple[Value, ...] = ()
    way: Way = Way.LOOK


EVERY = Condition(sql="1", way=Way.ORDER)
"""Holds for every task."""


def condition_of(expression: Expression | None) -> Condition:
    """Return the condition of a filter that has been checked; None is no filter."""
    return EVERY if expression is None else replace(_condition(expression), way=_way(expression))


def _condition(expression: Expression) -> Condition:
    match expression:
        case And(terms=terms):
            return _joined("AND", [_condition(term) for term in terms])
        case Or(terms=terms):
            return _joined("OR", _gathered(terms))
        case Not(inner=inner):
            condition = _condition(inner)
            return Condition(sql=f"NOT ({condition.sql})", values=condition.values)
        case StartsWith(path=path, prefix=prefix):
            column = _COLUMNS[path]
            return Condition(sql=f"substr({column}, 1, ?) = ? COLLATE NOCASE", values=(len(prefix), prefix))
        case Compare():
            return _comparison(expression)


def _way(expression: Expression) -> Way:
    terms = expression.terms if isinstance(expression, And) else (expression,)
    if any(_names_only("id", term) for term in terms):
        return Way.NAMES
    return Way.ORDER if isinstance(expression, Compare) and _names_only("state", expression) else Way.LOOK


def _names_only(path: str, expression: Expression) -> bool:
    """Say whether an expression is a list of values of one property."""
    terms = expression.terms if isinstance(expression, Or) else (expression,)
    return all(
        isinstance(term, Compare)
        and term.path == path
        and term.comparison is Comparison.EQ
        and term.literal is not None
        for term in terms
    )


def _comparison(term: Compare) -> Condition:
    column, operator = _COLUMNS[term.path], _OPERATORS[term.comparison]
    sql = f"{column} {operator} ?"
    if term.comparison not in {Comparison.EQ, Comparison.NE}:
        sql = f"coalesce({sql}, 0)"  # what is absent fails, so that its opposite holds
    return Condition(sql=sql, values=(_value(term.literal),))


def _value(literal: Literal) -> Value:
    if isinstance(literal, datetime):
        return to_micros(literal)
    return literal.lower() if isinstance(literal, str) else literal


def _gathered(terms: Sequence[Expression]) -> list[Condition]:
    """Return the conditions of an ``or``, where equalities of one column are one list of values to look up."""
    wanted: dict[str, list[Value]] = {}
    others = []
    for term in terms:
        if isinstance(term, Compare) and term.comparison is Comparison.EQ and term.literal is not None:
            wanted.setdefault(_COLUMNS[term.path], []).append(_value(term.literal))
        else:
            others.append(condition_of(term))
    return [*(_listed(column, values) for column, values in wanted.items()), *others]


def _listed(column: str, values: Sequence[Value]) -> Condition:
    sql = f"{column} IN ({', '.join('?' * len(values))})"
    return Condition(sql=sql if column in _NEVER_ABSENT else f"coalesce({sql}, 0)", values=tuple(values))


def _joined(operator: str, conditions: Sequence[Condition]) -> Condition:
    """Join conditions as a balanced tree: SQLite allows expressions no more than 1000 deep."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    left, right = _joined(operator, conditions[:middle]), _joined(operator, conditions[middle:])
    return Condition(sql=f"({left.sql} {operator} {right.sql})", values=left.values + right.values)
