"""The records of a starter."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from batch_manager.testing import InMemoryBlobStorage
from starter.records import RecordStore, StartRecord, StartState

NOW = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def _record(**change: Any) -> StartRecord:
    values: dict[str, Any] = {
        "job_id": "j",
        "digest": "d",
        "state": StartState.PENDING,
        "accepted_at": NOW,
        "workload": "w",
        "pool_id": "p",
        "parameters": {"n": [1, None]},
        "time_limit": timedelta(hours=1),
        "progress_url": None,
        "callback_url": "https://h/hush",
    }
    return StartRecord(**(values | change))


@pytest.mark.parametrize("change", [{}, {"time_limit": None}, {"state": StartState.FAILING, "cause": "no"}])
def test_record_is_read_as_it_was_written(change: dict[str, Any]) -> None:
    """Through its blob."""
    assert StartRecord.from_json(_record(**change).to_json()) == _record(**change)


@pytest.mark.parametrize(("before", "after"), list(product(StartState, StartState)))
def test_record_takes_no_way_back(before: StartState, after: StartState) -> None:
    """What has ended stays so, and what has begun is not begun again."""
    order = [StartState.PENDING, StartState.STARTED, StartState.FAILING, StartState.REFUSED, StartState.ENDED]
    if order.index(after) <= order.index(before):
        with pytest.raises(ValueError, match="does not become"):
            _record(state=before).moved(after)


def test_callback_url_stays_in_a_record_only_while_it_is_needed_there() -> None:
    """Once the job is there, it has its own."""
    assert _record().moved(StartState.STARTED).callback_url is None
    assert _record().moved(StartState.REFUSED).callback_url is None
    failing = _record().moved(StartState.FAILING, cause="no")
    assert failing.callback_url == "https://h/hush"
    assert failing.moved(StartState.ENDED).callback_url is None
    assert "hush" not in repr(failing)


def test_unfinished_records_of_the_last_days_are_found() -> None:
    """Those that are done, and older ones, are not."""
    store = RecordStore(InMemoryBlobStorage())
    store.prepare()
    for number, state in enumerate(StartState):
        store.add(_record(job_id=f"j{number}", state=state))
    store.add(_record(job_id="old", accepted_at=NOW - timedelta(days=9)))
    found = {record.job_id: record.state for record in store.unfinished(date(2026, 2, 1), 8)}
    assert set(found.values()) == {StartState.PENDING, StartState.STARTED, StartState.FAILING}
    assert "old" not in found


def test_record_that_was_listed_and_not_written_is_passed_over() -> None:
    """The starter was killed between the two, before it answered."""
    storage = InMemoryBlobStorage()
    store = RecordStore(storage)
    store.prepare()
    storage.upload("batch-manager-starter", "days/2026-01-31/j", b"")
    assert list(store.unfinished(date(2026, 1, 31), 8)) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"state": "no such state"}'])
def test_record_that_cannot_be_read_keeps_no_other_from_being_found(
    content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named in the log."""
    storage = InMemoryBlobStorage()
    store = RecordStore(storage)
    store.prepare()
    store.add(_record())
    store.add(_record(job_id="damaged"))
    storage.upload("batch-manager-starter", "jobs/damaged.json", content)
    assert [record.job_id for record in store.unfinished(date(2026, 1, 31), 8)] == ["j"]
    assert [vars(record)["job"] for record in caplog.records] == ["damaged"]
