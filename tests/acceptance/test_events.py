"""The events of a job, from its processes to a receiver on this machine."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import Dispatch
from tests.support.event_receiver import EventReceiver
from tests.support.json_schema import find_faults

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "events.schema.json").read_text())


@pytest.fixture
def receiver() -> Iterator[EventReceiver]:
    with EventReceiver() as running:
        yield running


def test_job_tells_its_start_its_tasks_and_its_end(dispatch: Dispatch, receiver: EventReceiver) -> None:
    """Each event as the schema says, with an id of its own; progress is thinned out and ends with the last report."""
    words = ("--param", "parts=2", "--param", "how=progress", "--progress-url", receiver.url)
    ended = dispatch("run", "chain", *words)
    assert ended.code == 0, ended.out + ended.err
    assert [find_faults(event, SCHEMA) for event in receiver.events if find_faults(event, SCHEMA)] == []
    assert len({event["id"] for event in receiver.events}) == len(receiver.events)
    kinds = Counter(event["type"].removeprefix("azure-batch-manager.") for event in receiver.events)
    progress = kinds.pop("task.progress")
    assert (kinds, progress <= 3) == ({"job.started": 1, "task.ended": 3, "job.ended": 1}, True)
    assert receiver.of_type("task.progress")[-1]["data"]["message"] == "step 999"
    assert receiver.of_type("job.ended")[0]["data"]["counts"]["succeeded"] == 3
    assert {event["source"] for event in receiver.events} == {receiver.events[0]["source"]}


def test_job_that_fails_tells_how_each_task_ended(dispatch: Dispatch, receiver: EventReceiver) -> None:
    """With the causes."""
    ended = dispatch("run", "chain", "--param", "parts=2", "--param", "how=fail", "--progress-url", receiver.url)
    assert ended.code == 1, ended.out + ended.err
    tasks = {event["data"]["taskId"]: event["data"] for event in receiver.of_type("task.ended")}
    assert {task: data["outcome"] for task, data in tasks.items()} == {"1": "failed", "2": "succeeded", "3": "skipped"}
    assert tasks["1"]["cause"] == "RuntimeError: part 0 was told to fail"
    assert receiver.of_type("job.ended")[0]["data"]["outcome"] == "failed"


def test_receiver_that_never_answers_changes_nothing(dispatch: Dispatch) -> None:
    """The job ends as it would, and says so."""
    with EventReceiver(holds_answers=True) as receiver:
        words = ("--param", "parts=2", "--param", "how=progress", "--progress-url", receiver.url)
        ended = dispatch("run", "chain", *words)
        assert ended.code == 0, ended.out + ended.err
        assert receiver.events


def test_progress_url_with_a_secret_is_refused(dispatch: Dispatch) -> None:
    """Before anything starts, and without repeating it."""
    ended = dispatch("run", "chain", "--progress-url", "https://events.example/?key=hush")
    assert ended.code == 65
    assert "query" in ended.err
    assert "hush" not in ended.out + ended.err
