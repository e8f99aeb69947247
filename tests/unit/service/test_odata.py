"""Filters and selections."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.odata import matches, parse_select, required_equalities, select
from dispatcher.service.odata_parser import parse_filter
from dispatcher.service.wire import JsonObject

TASK: JsonObject = {
    "id": "Task-10",
    "state": "completed",
    "creationTime": "2026-03-01T12:00:00.0000000Z",
    "executionInfo": {"exitCode": 2, "result": "failure", "done": True},
    "note": "it's",
}


@pytest.mark.parametrize(
    "text",
    [
        "state eq 'completed'",
        "state ne 'active'",
        "startswith(id, 'task-1')",
        "executionInfo/exitCode ne 0",
        "executionInfo/exitCode ge 2 and executionInfo/exitCode lt 3",
        "executionInfo/exitCode gt -1",
        "executionInfo/done eq true",
        "state eq 'active' or id eq 'task-10'",
        "not (state eq 'active')",
        "not state eq 'active' and state eq 'completed'",
        "creationTime lt DateTime'2026-03-01T12:00:01Z'",
        "creationTime ge datetime'2026-03-01T12:00:00Z'",
        "note eq 'it''s'",
        "nodeInfo eq null",
        "(state eq 'x' or state eq 'completed') and startswith(state,'comp')",
    ],
)
def test_filter_that_holds_passes(text: str) -> None:
    """An entity passes what is true of it."""
    assert matches(parse_filter(text), TASK)


@pytest.mark.parametrize(
    "text",
    [
        "state eq 'active'",
        "executionInfo/exitCode eq 0",
        "executionInfo/missing gt 0",
        "id gt 5",
        "not (state eq 'completed')",
        "state eq 'completed' and state eq 'active' or id eq 'x'",
        "creationTime gt DateTime'2026-03-01T12:00:00Z'",
        "startswith(executionInfo, 'x')",
    ],
)
def test_filter_that_does_not_hold_does_not_pass(text: str) -> None:
    """An entity does not pass what is false of it; what is absent compares with nothing."""
    assert not matches(parse_filter(text), TASK)


@pytest.mark.parametrize(
    "text",
    ["state", "state eq", "state = 'x'", "'x' eq state", "(state eq 'x'", "state eq 'x' and", "startswith(id)",
     "startswith(id, 5)", "state eq 'x' 'y'", "creationTime gt DateTime'soon'", "state eq 'x", "(" * 99],
)  # fmt: skip
def test_text_that_is_no_filter_is_refused(text: str) -> None:
    """A filter that cannot be read is the client's error, never the service's."""
    with pytest.raises(BatchError, match="InvalidQueryParameterValue"):
        parse_filter(text)


def test_required_equalities_are_those_joined_by_and() -> None:
    """Only what must hold of every passing entity may narrow a query."""
    assert required_equalities(parse_filter("state eq 'a' and (id eq 'b' or id eq 'c')")) == {"state": "a"}
    assert required_equalities(parse_filter("state eq 'a' or id eq 'b'")) == {}


def test_select_keeps_named_properties_and_ignores_unknown_ones() -> None:
    """Names may have spaces round them and may name nothing."""
    assert select(TASK, parse_select("id, state , targetLowPriorityNodes")) == {"id": "Task-10", "state": "completed"}
