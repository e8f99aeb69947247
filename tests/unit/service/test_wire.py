"""Times, durations and ETags as the wire spells them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service import wire

times = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1)).map(
    lambda time: time.replace(tzinfo=UTC)
)


@given(times)
def test_time_survives_a_round_trip(time: datetime) -> None:
    """What is written is read back to the microsecond."""
    assert wire.parse_time(wire.format_time(time)) == time


@given(times)
def test_micros_survive_a_round_trip(time: datetime) -> None:
    """A stored time is the time."""
    assert wire.from_micros(wire.to_micros(time)) == time


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10_000_000)))
def test_duration_survives_a_round_trip(duration: timedelta) -> None:
    """What is written is read back."""
    assert wire.parse_duration(wire.format_duration(duration)) == duration


def test_largest_duration_is_no_limit() -> None:
    """.NET's largest TimeSpan stands for no limit, both ways."""
    assert wire.parse_duration("P10675199DT2H48M5.4775807S") is None
    assert wire.format_duration(None) == "P10675199DT2H48M5.4775807S"


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1D", "P1DT", "P1Y", "P-1D", "one day"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    """What is not a duration of weeks, days and smaller is an error."""
    with pytest.raises(ValueError, match="not an ISO 8601 duration"):
        wire.parse_duration(text)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (wire.parse_time, "0001-01-01T00:00:00+14:00"),
        (wire.parse_time, "9999-12-31T23:59:59-10:00"),
        (wire.parse_duration, "PT99999999999999999999H"),
        (wire.parse_http_date, "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
    ],
)
def test_time_that_no_clock_reaches_is_refused(read: Callable[[str], object], text: str) -> None:
    """What is out of range is as wrong as what is no time at all."""
    with pytest.raises(ValueError, match=r"out of range|too long"):
        read(text)


@pytest.mark.parametrize(
    "text", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.0000000Z", "2026-01-02 03:04:05", "2026-01-02T05:04:05+02:00"]
)
def test_time_is_read_in_every_spelling(text: str) -> None:
    """Clients write fractions, zones and separators in their own ways."""
    assert wire.parse_time(text) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0x8D0", '"0x8D0"', 'W/"0x8D0"'])
def test_etag_is_compared_without_quotes(text: str) -> None:
    """Clients quote what the service sends unquoted."""
    assert wire.unquote_etag(text) == "0x8D0"
