"""Pool usage metrics."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.statistics import NodeTime, core_time, pool_intervals
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, from_micros

MINUTE = timedelta(minutes=1)
MIDNIGHT = from_micros(0)


def metrics(bench: Bench, **query: str) -> list[JsonObject]:
    """Return the metrics of every page."""
    body = bench.call("list_pool_usage_metrics", query=query).body
    assert body is not None
    value = body["value"]
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, dict)]


def test_latest_interval_is_listed_unless_times_are_given(bench: Bench) -> None:
    """Only intervals that are over are there."""
    assert metrics(bench) == []
    bench.clock.advance(45 * MINUTE)
    (found,) = metrics(bench)
    assert (found["poolId"], found["vmSize"], found["totalCoreHours"]) == ("pool", "standard_d2s_v3", 1.0)
    assert (found["startTime"], found["endTime"]) == ("2026-01-01T00:00:00.0000000Z", "2026-01-01T00:30:00.0000000Z")


def test_times_choose_the_intervals(bench: Bench) -> None:
    """A pool that was deleted stays in the history; the case of the parameters' names does not matter."""
    bench.clock.advance(40 * MINUTE)
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    bench.clock.advance(80 * MINUTE)
    found = metrics(bench, startTime="2026-01-01T00:00:00Z", endtime="2026-01-01T02:00:00Z")
    assert [item["totalCoreHours"] for item in found] == [1.0, pytest.approx(1 / 3)]
    assert len(metrics(bench, starttime="2026-01-01T00:30:00Z")) == 1


def test_pages_follow_each_other_by_pool_and_time(bench: Bench) -> None:
    """A next page begins where the one before ended."""
    bench.add_pool("other")
    bench.clock.advance(60 * MINUTE)
    query = {"startTime": "2026-01-01T00:00:00Z", "maxresults": "3"}
    body = bench.call("list_pool_usage_metrics", query=query).body
    assert body is not None
    assert "odata.nextLink" in body
    assert [item["poolId"] for item in metrics(bench, **query)] == ["other", "pool", "other"]


def test_time_that_is_none_is_refused(bench: Bench) -> None:
    """A wrong time is the client's error."""
    with pytest.raises(BatchError, match="InvalidQueryParameterValue"):
        metrics(bench, startTime="yesterday")


_MINUTES = st.integers(0, 600)


@given(st.lists(st.tuples(_MINUTES, _MINUTES), max_size=5))
def test_intervals_hold_all_the_core_time_there_was(spans: list[tuple[int, int]]) -> None:
    """Cut into intervals, the core time of nodes is neither more nor less."""
    stays = [
        NodeTime(
            pool_id="p",
            vm_size="standard_d4_v5",
            is_dedicated=True,
            came=MIDNIGHT + min(span) * MINUTE,
            went=MIDNIGHT + max(span) * MINUTE,
        )
        for span in spans
    ]
    end = MIDNIGHT + 600 * MINUTE
    hours = sum(item.core_hours for item in pool_intervals(stays, MIDNIGHT, end))
    assert hours == pytest.approx(core_time(stays, MIDNIGHT, end) / (60 * MINUTE))
