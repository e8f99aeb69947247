"""Numbers that came as text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.numbers_in_text import with_numbers
from dispatcher.service.wire import JsonObject

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_numbers_of_the_reference_become_numbers() -> None:
    """Wherever they lie."""
    body: JsonObject = {
        "targetDedicatedNodes": "2",
        "startTask": {"maxTaskRetryCount": "-1"},
        "value": [{"priority": "7"}],
    }
    wanted = {"targetDedicatedNodes": 2, "startTask": {"maxTaskRetryCount": -1}, "value": [{"priority": 7}]}
    assert with_numbers(body) == wanted


def test_everything_else_stays_text() -> None:
    """Ids, values of a user's own, and what is no whole number."""
    body: JsonObject = {"id": "7", "priority": "high", "uid": "1.5", "metadata": [{"name": "start", "value": "1"}]}
    assert with_numbers(body) == body
    extension: JsonObject = {"settings": {"start": "1"}, "protectedSettings": {"end": "2"}}
    assert with_numbers(extension) == extension


@given(st.dictionaries(st.sampled_from(["id", "priority", "start", "settings"]), VALUES))
def test_reading_twice_is_reading_once(body: JsonObject) -> None:
    """And the keys stay."""
    once = with_numbers(body)
    assert with_numbers(once) == once
    assert once.keys() == body.keys()
