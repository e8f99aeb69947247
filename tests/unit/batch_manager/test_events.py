"""Events: what they say, that they are what the schema says, and which URLs they go to."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.environment import PROGRESS_URL, STORAGE_ACCOUNT_URL, read_node_environment
from batch_manager.errors import InputError
from batch_manager.event_sender import EventSender
from batch_manager.events import Events, TaskAttempt, TaskEvents, check_progress_url, node_events, task_events
from tests.support.json_schema import find_faults

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "events.schema.json").read_text())
SOURCE = "https://account.blob.core.windows.net/job-j"
TASK = TaskAttempt(task_id="7", node_id="node-1", attempt=2)


class _Kept(EventSender):
    """Keeps what it is given, and sends nothing."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.documents: list[Any] = []

    def _put(self, document: Any, *, is_latest: bool) -> None:
        self.documents.append(document)


def _events() -> tuple[Events, _Kept]:
    sender = _Kept()
    return Events(sender=sender, job_id="j", source=SOURCE, clock=lambda: 1_700_000_000.25), sender


def _tell_everything(events: Events) -> None:
    events.job_started(pool_id="pool")
    events.task_progress(TASK, number=1, fraction=0.5, message="half")
    events.task_ended(TASK, exit_code=1, cause="ValueError: no", is_retried=True)
    events.job_ended(outcome="failed", summary="of 3 tasks 1 failed", counts={"succeeded": 2, "failed": 1})


def test_every_event_is_what_the_schema_says() -> None:
    """All four kinds, each once."""
    events, sender = _events()
    _tell_everything(events)
    assert [find_faults(document, SCHEMA) for document in sender.documents] == [[], [], [], []]
    assert {document["type"] for document in sender.documents} == set(SCHEMA["properties"]["type"]["enum"])


def test_event_that_is_told_again_has_the_same_id() -> None:
    """So that a receiver can drop it."""
    told = []
    for _ in range(2):
        events, sender = _events()
        _tell_everything(events)
        told.append([(document["source"], document["id"]) for document in sender.documents])
    assert told[0] == told[1]
    assert len(set(told[0])) == 4


def test_time_of_an_event_is_utc_in_milliseconds() -> None:
    """As RFC 3339 has it."""
    events, sender = _events()
    events.job_started(pool_id="pool")
    assert sender.documents[0]["time"] == "2023-11-14T22:13:20.250Z"


@given(st.integers(-255, 255), st.text(max_size=3000), st.floats(0, 1))
def test_event_of_a_task_keeps_to_the_schema_whatever_the_task_says(code: int, text: str, fraction: float) -> None:
    """Any exit code, any cause and message, however long."""
    events, sender = _events()
    task = TaskEvents(events, TASK)
    task.progress(fraction, text)
    task.ended(exit_code=code, cause=text)
    assert [find_faults(document, SCHEMA) for document in sender.documents] == [[], []]


@pytest.mark.parametrize(("code", "outcome"), [(0, "succeeded"), (1, "failed"), (80, "skipped"), (81, "cancelled")])
def test_task_ended_has_the_outcome_of_its_exit_code(code: int, outcome: str) -> None:
    """In the vocabulary of the callback."""
    events, sender = _events()
    TaskEvents(events, TASK).ended(exit_code=code)
    assert sender.documents[0]["data"]["outcome"] == outcome


def test_progress_events_of_a_task_have_ids_of_their_own() -> None:
    """They are no repeats of one another."""
    events, sender = _events()
    task = TaskEvents(events, TASK)
    task.progress(0.1, "")
    task.progress(0.2, "")
    assert len({document["id"] for document in sender.documents}) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/events", "https://events.example", "https://[::1]/a"])
def test_progress_url_without_a_secret_passes(url: str) -> None:
    """With any host, port and path."""
    check_progress_url(url)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://user:hush@events.example/", "user"),
        ("https://hush@events.example/", "user"),
        ("https://events.example/?token=hush", "query"),
        ("https://events.example/?", "query"),
        ("https://events.example/#hush", "fragment"),
        ("ftp://events.example/hush", "called"),
        ("hush", "called"),
        ("https:///hush", "called"),
        ("https://events.example:hush/", "called"),
        ("https://events.example/hush\r\nX: y", "white space"),
        ("https://events.example/" + "hush" * 500, "characters"),
        ("", "called"),
    ],
)
def test_progress_url_that_cannot_be_used_is_refused_without_repeating_it(url: str, word: str) -> None:
    """It may hold a secret; every task would know it."""
    with pytest.raises(InputError, match=word) as caught:
        check_progress_url(url)
    assert "hush" not in str(caught.value)
    assert caught.value.exit_code == 65


def _node(**settings: str) -> Any:
    return read_node_environment(
        {"AZ_BATCH_JOB_ID": "j", "AZ_BATCH_TASK_ID": "7", STORAGE_ACCOUNT_URL: "https://a.blob.example", **settings}
    )


@pytest.mark.parametrize("url", ["", "nonsense", "https://user@events.example"])
def test_process_without_a_usable_progress_url_tells_nothing(url: str) -> None:
    """The job was not submitted with ours, perhaps; it is no reason to fail."""
    assert node_events(_node(**{PROGRESS_URL: url})) is None
    assert task_events(_node(**{PROGRESS_URL: url})) is None


def test_source_is_where_the_blobs_of_the_job_lie() -> None:
    """The same for each process of the job, on a node or not."""
    events = node_events(_node(**{PROGRESS_URL: "http://127.0.0.1:9"}))
    assert events is not None
    assert events._source == "https://a.blob.example/job-j"
