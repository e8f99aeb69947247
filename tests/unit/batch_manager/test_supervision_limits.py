"""How patient a supervisor is, as a command line says it."""

from dataclasses import fields
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import InputError
from batch_manager.supervision import ObstacleKind, SupervisionLimits, parse_limits

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


@pytest.mark.parametrize(
    "word",
    ["", "pool-empty", "pool-empty=", "pool-empty=90", "pool-empty=-1m", "pool-empty=1.5h", "preparation-tries=5m"],
)
def test_word_that_is_no_limit_is_refused_with_what_could_be(word: str) -> None:
    """The value, and all names."""
    with pytest.raises(InputError) as caught:
        parse_limits(BASE, [word])
    assert repr(word) in str(caught.value)
    assert "nothing-starts" in str(caught.value)


def test_time_that_no_clock_has_is_refused() -> None:
    """Not a traceback."""
    with pytest.raises(InputError, match="too long"):
        parse_limits(BASE, ["pool-empty=99999999999d"])


@given(name=st.sampled_from([field.name for field in fields(SupervisionLimits) if field.name != "preparation_tries"]))
def test_every_limit_can_be_set(name: str) -> None:
    """From the command line."""
    assert getattr(parse_limits(BASE, [f"{name.replace('_', '-')}=7s"]), name) == timedelta(seconds=7)
