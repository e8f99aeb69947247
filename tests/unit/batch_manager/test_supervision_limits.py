"""How patient a supervisor is, as a command line says it."""

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import InputError
from batch_manager.supervision import ObstacleKind, SupervisionLimits, parse_limits, parse_time

BASE = SupervisionLimits()


def test_every_kind_of_obstacle_has_a_limit() -> None:
    """A time, of its own name."""
    for kind in ObstacleKind:
        assert BASE.patience(kind) > timedelta(0)


def test_words_change_the_limits_they_name_and_no_other() -> None:
    """Hyphens or underscores."""
    changed = parse_limits(BASE, ["pool-empty=90m", "job_disabled=0s", "preparation-tries=5", "termination=2h"])
    assert (changed.pool_empty, changed.job_disabled) == (timedelta(minutes=90), timedelta(0))
    assert (changed.preparation_tries, changed.termination) == (5, timedelta(hours=2))
    assert changed.pool_missing == BASE.pool_missing


@pytest.mark.parametrize("word", ["", "=5m", "pool-emty=5m", "since=5m"])
def test_limit_that_is_not_there_is_refused_with_all_that_are(word: str) -> None:
    """And with what was given."""
    with pytest.raises(InputError) as caught:
        parse_limits(BASE, [word])
    assert repr(word) in str(caught.value)
    assert "nothing-starts" in str(caught.value)


@pytest.mark.parametrize(
    "word",
    ["pool-empty", "pool-empty=", "pool-empty=90", "pool-empty=-1m", "pool-empty=1.5h", "preparation-tries=5m"],
)
def test_limit_without_a_value_of_its_kind_is_refused(word: str) -> None:
    """The message names it and says what it could be."""
    with pytest.raises(InputError, match=r"is no (time|number)") as caught:
        parse_limits(BASE, [word])
    assert repr(word) in str(caught.value)


def test_time_that_no_clock_has_is_refused() -> None:
    """Not a traceback."""
    with pytest.raises(InputError, match="is no time"):
        parse_time("999999999999d")
    with pytest.raises(InputError, match="is no time"):
        parse_time("999999999d1")


@given(number=st.integers(min_value=0, max_value=999_999_999))
def test_time_is_as_long_as_it_says(number: int) -> None:
    """Up to the longest one that is read."""
    assert parse_time(f"{number}s") == timedelta(seconds=number)
    assert parse_time(f"{number}m") == timedelta(minutes=number)


@given(name=st.sampled_from([field.name for field in fields(SupervisionLimits) if field.name != "preparation_tries"]))
def test_every_limit_can_be_set(name: str) -> None:
    """From the command line."""
    assert getattr(parse_limits(BASE, [f"{name.replace('_', '-')}=7s"]), name) == timedelta(seconds=7)
