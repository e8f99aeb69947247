"""Filters and selections."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.odata import matcher, matches, parse_select, select
from dispatcher.service.odata_parser import MOST_TERMS, MOST_WORK, parse_filter
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


def test_select_keeps_named_properties_and_ignores_unknown_ones() -> None:
    """Names may have spaces round them and may name nothing."""
    assert select(TASK, parse_select("id, state , targetLowPriorityNodes")) == {"id": "Task-10", "state": "completed"}


@pytest.mark.parametrize(("word", "most"), [("and", MOST_WORK), ("or", MOST_TERMS)])
def test_filter_of_as_many_terms_as_are_allowed_is_read_and_one_more_is_refused(word: str, most: int) -> None:
    """A long chain takes no stack."""
    terms = ["id eq 'x'"] * (most - 1) + ["state eq 'completed'"]
    assert matches(parse_filter(f" {word} ".join(terms)), TASK) == (word == "or")
    with pytest.raises(BatchError, match="InvalidQueryParameterValue"):
        parse_filter(f" {word} ".join([*terms, "id eq 'x'"]))


@pytest.mark.parametrize("term", ["startswith(id,'a')", "not (id eq 'a')", "(id eq 'a' and state ne 'b')"])
def test_filter_that_is_much_work_for_each_entity_is_refused(term: str) -> None:
    """It would keep the service busy; only values of one property are looked up at once."""
    parse_filter(" or ".join([term] * (MOST_WORK // 2)))
    with pytest.raises(BatchError, match="InvalidQueryParameterValue"):
        parse_filter(" or ".join([term] * (MOST_WORK + 1)))


def test_selection_of_a_star_is_everything() -> None:
    """OData's word for all, and a list of nothing, select nothing less."""
    assert (parse_select("*"), parse_select(" , ")) == (None, None)


Tree = tuple[str, bool]
_LEAF = st.sampled_from([("state eq 'completed'", True), ("executionInfo/exitCode gt 2", False)])


def _grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    both = st.tuples(inner, inner)
    return st.one_of(
        both.map(lambda pair: (f"({pair[0][0]}) and {pair[1][0]}", pair[0][1] and pair[1][1])),
        both.map(lambda pair: (f"({pair[0][0]} or {pair[1][0]})", pair[0][1] or pair[1][1])),
        inner.map(lambda tree: (f"not ({tree[0]})", not tree[1])),
    )


@given(st.recursive(_LEAF, _grow, max_leaves=12).map(lambda tree: (f"({tree[0]})", tree[1])))
def test_filter_means_what_its_parts_mean(tree: Tree) -> None:
    """``and``, ``or``, ``not`` and parentheses are those of logic."""
    text, holds = tree
    assert matches(parse_filter(text), TASK) == holds


@given(st.text(alphabet="aeqnd orstawih'()/, 05-", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that a client can send is the service's error."""
    with suppress(BatchError):
        matches(parse_filter(text), TASK)


@given(
    st.lists(
        st.sampled_from(
            [
                "state eq 'Completed'",
                "state eq 'active'",
                "id eq 'task-10'",
                "note eq null",
                "executionInfo/exitCode eq 2",
                "executionInfo/done eq 'true'",
                "not (id eq 'task-11' or id eq 'TASK-10')",
                "(state eq 'completed' and (id eq 'a' or note eq 'it''s'))",
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([" or ", " and "]),
)
def test_matcher_passes_what_matches(terms: list[str], word: str) -> None:
    """Looking values up at once means what comparing them one by one does."""
    expression = parse_filter(word.join(terms))
    assert matcher(expression)(TASK) == matches(expression, TASK)
