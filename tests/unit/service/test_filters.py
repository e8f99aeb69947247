"""The properties that lists may be filtered by."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.filters import FILTERS, Filterable, Kind, check_filter
from dispatcher.service.odata import Comparison
from dispatcher.service.odata_parser import parse_filter
from dispatcher.service.operations import OPERATIONS

ALLOWED = [(operation, name, allowed) for operation, names in FILTERS.items() for name, allowed in names.items()]
LITERALS = {Kind.TEXT: "'a'", Kind.TIME: "DateTime'2026-01-01T00:00:00Z'", Kind.NUMBER: "1", Kind.TRUTH: "true"}


def test_lists_with_a_filter_are_those_of_the_operation_table() -> None:
    """Every list that takes a filter says by what, and no other does."""
    assert set(FILTERS) == {operation.name for operation in OPERATIONS if "$filter" in operation.query}


@pytest.mark.parametrize(("operation", "name", "allowed"), ALLOWED)
def test_documented_comparisons_are_taken_and_others_refused(operation: str, name: str, allowed: Filterable) -> None:
    """Each property takes the operators that the documentation gives it, and no others."""
    literal = LITERALS[allowed.kind]
    checks = {comparison: f"{name} {comparison} {literal}" for comparison in Comparison}
    for comparison, text in checks.items():
        assert _is_taken(operation, text) is (comparison in allowed.comparisons)
    assert _is_taken(operation, f"startswith({name}, 'a')") is allowed.starts_with


@pytest.mark.parametrize(
    "text",
    ["displayName eq 'a'", "executionInfo eq 'a'", "state eq 1", "creationTime gt '2026-01-01'", "state lt 'a'",
     "executionInfo/exitCode eq '1'", "executionInfo/exitCode eq true", "id eq 'a' or not (stats/x eq 1)"],
)  # fmt: skip
def test_what_the_documentation_does_not_allow_is_refused(text: str) -> None:
    """Unknown properties, other types and other operators answer 400, wherever they stand in a filter."""
    assert not _is_taken("list_tasks", text)


def test_spelling_of_the_documentation_is_taken() -> None:
    """Tasks are filtered by lastModifiedTime in the documentation, and by lastModified in their bodies."""
    filters = [
        parse_filter(f"{name} gt DateTime'2026-01-01T00:00:00Z'") for name in ("lastModified", "lastModifiedTime")
    ]
    assert filters[0] == filters[1]


def _is_taken(operation: str, text: str) -> bool:
    try:
        check_filter(operation, parse_filter(text))
    except BatchError as error:
        return error.code != "InvalidQueryParameterValue"
    return True
