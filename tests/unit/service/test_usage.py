"""Pool usage metrics."""

from __future__ import annotations

import base64
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


def test_pages_go_on_where_they_ended(bench: Bench) -> None:
    """Whatever the size of a page, nothing is missing and nothing comes twice."""
    bench.add_pool("other")
    bench.clock.advance(25 * 60 * MINUTE)
    query = {"startTime": "2026-01-01T00:00:00Z"}
    pages: list[JsonObject] = []
    token = ""
    while True:
        body = bench.call("list_pool_usage_metrics", query={**query, "maxresults": "7", "$skiptoken": token}).body
        assert body is not None
        values = body["value"]
        assert isinstance(values, list)
        pages += [item for item in values if isinstance(item, dict)]
        link = str(body.get("odata.nextLink", ""))
        if not link:
            break
        token = link.rpartition("skiptoken=")[2]
    assert pages == metrics(bench, **query)
    assert len(pages) == 2 * 50


@pytest.mark.parametrize("query", [{"startTime": "0001-01-01T00:00:00Z"}, {"endTime": "0001-01-01T00:00:00Z"}])
def test_times_before_all_nodes_are_taken(bench: Bench, query: dict[str, str]) -> None:
    """However early."""
    bench.clock.advance(45 * MINUTE)
    assert len(metrics(bench, **query)) == ("startTime" in query)


@pytest.mark.parametrize("token", ["junk", "9" * 30])
def test_token_that_was_made_up_is_refused(bench: Bench, token: str) -> None:
    """It is the client's error."""
    text = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    with pytest.raises(BatchError, match="InvalidQueryParameterValue"):
        metrics(bench, **{"$skiptoken": text})


def test_pool_made_anew_in_another_spelling_is_one_pool() -> None:
    """Ids match whatever their case."""
    stays = [
        NodeTime(pool_id=name, vm_size="standard_d2_v5", is_dedicated=True, came=MIDNIGHT, went=MIDNIGHT + 15 * MINUTE)
        for name in ("P", "p")
    ]
    assert [item.core_hours for item in pool_intervals(stays, MIDNIGHT, MIDNIGHT + 30 * MINUTE)] == [1.0]


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
