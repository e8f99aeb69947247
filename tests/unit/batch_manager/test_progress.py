"""``report_progress`` of a task."""

import logging
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager import WorkloadTask
from batch_manager.errors import DefinitionError
from batch_manager.event_sender import EventSender
from batch_manager.events import Events, TaskAttempt, TaskEvents
from tests.support.event_receiver import EventReceiver


class _Task(WorkloadTask):
    """A user's task, with a constructor that does not call the one above."""

    def __init__(self) -> None:
        self.done = 0

    def run(self) -> None:
        for step in range(1000):
            self.report_progress(step / 999, f"step {step}")


def _task_events(url: str) -> TaskEvents:
    events = Events(sender=EventSender(url, interval=3600), job_id="j", source="http://h/job-j")
    return TaskEvents(events, TaskAttempt(task_id="7", node_id="n", attempt=1))


def test_progress_of_a_task_is_received_with_its_end() -> None:
    """The first report, the last one, and the end."""
    with EventReceiver() as receiver:
        task, told = _Task(), _task_events(receiver.url)
        task.tell_progress_to(told)
        task.run()
        told.ended(exit_code=0)
        kinds = [event["type"].rpartition(".")[2] for event in receiver.events]
        assert (kinds[0], kinds[-2:]) == ("progress", ["progress", "ended"])
        assert len(kinds) <= 3
        assert receiver.of_type("task.progress")[-1]["data"]["fraction"] == 1
        assert receiver.of_type("task.progress")[-1]["data"]["message"] == "step 999"


def test_progress_outside_batch_is_logged_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    """Under a debugger, in a test."""
    caplog.set_level(logging.DEBUG)
    _Task().report_progress(0.5, "half")
    (record,) = caplog.records
    assert (record.levelno, vars(record)["fraction"], vars(record)["step"]) == (logging.DEBUG, 0.5, "half")


@pytest.mark.parametrize(
    "fraction",
    [-0.1, 1.1, float("nan"), float("inf"), "0.5", b"1", None, [1], 10**400],
    ids=lambda value: repr(value)[:9],
)
def test_fraction_that_is_none_is_refused(fraction: Any) -> None:
    """With the value and what is asked for."""
    with pytest.raises(DefinitionError, match="give a number from 0 to 1"):
        _Task().report_progress(fraction)


def test_message_that_is_no_text_is_refused() -> None:
    """Before anything is sent."""
    with pytest.raises(DefinitionError, match="give a text"):
        _Task().report_progress(0.5, 3)  # type: ignore[arg-type]


@given(st.integers(1, 5000))
def test_sum_of_the_parts_of_one_is_a_fraction(parts: int) -> None:
    """However it was rounded on the way: ten hours of work are not lost for it."""
    total = 0.0
    for _ in range(parts):
        total += 1 / parts
    _Task().report_progress(total)


def test_fraction_of_another_kind_of_number_is_sent_as_json() -> None:
    """NumPy's are no floats."""
    with EventReceiver() as receiver:
        task, told = _Task(), _task_events(receiver.url)
        task.tell_progress_to(told)
        quarter: Any = np.float32(0.25)
        task.report_progress(quarter)
        told.ended(exit_code=0)
        assert receiver.of_type("task.progress")[0]["data"]["fraction"] == 0.25
