"""How a process that failed ends: told once, reported, tried again or not."""

import io
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from batch_manager import InputError
from batch_manager.definitions import JobDefinition, TaskDefinition, TaskState
from batch_manager.ending import end_failed, end_with
from batch_manager.environment import RETRY, TIME_LIMIT
from batch_manager.errors import RetryableError, ServiceError
from batch_manager.exit_codes import ExitCode
from batch_manager.reports import Attempt, add_attempt, read_attempts
from batch_manager.retrying import Failure, encode_policy
from batch_manager.specification import RetryPolicy
from batch_manager.testing import InMemoryBatchClient

JOB = "sample"
FAILURE = Failure(3, "it broke")
THREE_TRIES = encode_policy(None, 2) or ""


@pytest.fixture
def client() -> InMemoryBatchClient:
    """An account with a job of one task."""
    client = InMemoryBatchClient()
    client.create_job(JobDefinition(id=JOB, pool_id="p", job_manager=TaskDefinition(id="m", command_line="x")))
    client.add_tasks(JOB, [TaskDefinition(id="1", command_line="x")])
    return client


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """What Batch tells the task."""
    return {
        "AZ_BATCH_JOB_ID": JOB,
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_NODE_ID": "node-a",
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
    }


@pytest.fixture
def silent_root() -> Iterator[logging.Logger]:
    """The root logger with a handler that writes to nowhere."""
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [logging.NullHandler()]
    yield root
    root.handlers[:] = before


def _no_sleep(seconds: float) -> None:
    assert seconds == 0


def test_failure_is_reported(client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path) -> None:
    """For FinalizeTask, which reads it where the task ran."""
    assert end_failed(FAILURE, environ, client, now=lambda: 7.0) == 3
    assert read_attempts(str(tmp_path)) == (Attempt(1, "node-a", 7.0, 3, "it broke", retried=False),)


def test_failure_worth_a_try_waits_after_it_is_reported(
    client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path
) -> None:
    """A kill during the pause loses nothing."""
    environ[RETRY] = encode_policy(RetryPolicy(exit_codes=(3,)), None) or ""
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append((seconds, read_attempts(str(tmp_path))[0].retried))

    assert end_failed(FAILURE, environ, client, sleep=sleep) == 3
    assert pauses == [(5.0, True)]


def test_failure_not_worth_a_try_stops_the_retries(
    client: InMemoryBatchClient, environ: dict[str, str], mocker: MockerFixture
) -> None:
    """Batch would try it again: it knows no difference."""
    environ[RETRY] = encode_policy(RetryPolicy(), None) or ""
    stop = mocker.spy(client, "stop_retries")
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    stop.assert_called_once_with(JOB, "1")


@pytest.mark.parametrize(
    ("node_id", "requeues", "stops"), [("node-a", 1, 1), ("node-b", 1, 0), (None, 1, 0), (None, 0, 1)]
)
def test_process_of_a_node_that_was_given_up_stops_nothing(
    client: InMemoryBatchClient,
    environ: dict[str, str],
    mocker: MockerFixture,
    node_id: str | None,
    requeues: int,
    stops: int,
) -> None:
    """The task runs on another node by now, or waits for one: the retries are that one's."""
    environ[RETRY] = encode_policy(RetryPolicy(), None) or ""
    state = TaskState.ACTIVE if node_id is None else TaskState.RUNNING
    found = client.get_task(JOB, "1")
    record = replace(found.record, state=state, requeue_count=requeues)
    mocker.patch.object(client, "get_task", return_value=replace(found, record=record, node_id=node_id))
    stop = mocker.spy(client, "stop_retries")
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert stop.call_count == stops


def test_failure_of_a_task_without_retries_asks_batch_nothing(
    environ: dict[str, str], tmp_path: Path, mocker: MockerFixture
) -> None:
    """A client that becomes real costs half a second."""
    client = mocker.NonCallableMock(spec=[])
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert len(read_attempts(str(tmp_path))) == 1


def test_stop_that_fails_is_told_and_the_process_ends(
    client: InMemoryBatchClient, environ: dict[str, str], caplog: pytest.LogCaptureFixture, mocker: MockerFixture
) -> None:
    """Its exit code is what counts."""
    mocker.patch.object(client, "stop_retries", side_effect=ServiceError("Batch is away", operation="stop"))
    environ[RETRY] = encode_policy(RetryPolicy(), None) or ""
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert "could not be told not to try this task again: Batch is away" in caplog.text


def test_retries_that_are_used_up_are_told(
    client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path, mocker: MockerFixture
) -> None:
    """Each try was told by its own process, so that nobody has to be asked."""
    environ[RETRY] = THREE_TRIES
    mocker.patch("batch_manager.ending.attempt_number", side_effect=[1, 1, 2, 2, 3, 3])
    ask = mocker.spy(client, "get_task")
    for _ in range(3):
        assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert [attempt.retried for attempt in read_attempts(str(tmp_path))] == [True, True, False]
    ask.assert_not_called()


def test_try_after_a_reboot_counts_as_batch_counts(
    client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path, mocker: MockerFixture
) -> None:
    """Processes that were killed with their node said nothing and were no retries: Batch is asked."""
    environ[RETRY] = THREE_TRIES
    mocker.patch("batch_manager.ending.attempt_number", return_value=3)
    add_attempt(str(tmp_path), Attempt(1, "node-a", 1.0, 3, "it broke", retried=True))
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert [attempt.retried for attempt in read_attempts(str(tmp_path))] == [True, True]


def test_try_that_could_not_begin_in_time_is_stopped(
    client: InMemoryBatchClient, environ: dict[str, str], mocker: MockerFixture
) -> None:
    """The failure is told as what it is, not as the end of the job's time."""
    environ |= {RETRY: encode_policy(RetryPolicy(exit_codes=(3,)), None) or "", TIME_LIMIT: "104"}
    stop = mocker.spy(client, "stop_retries")
    assert end_failed(FAILURE, environ, client, now=lambda: 100.0, sleep=_no_sleep) == 3
    stop.assert_called_once_with(JOB, "1")


def test_process_outside_batch_ends_with_its_code_alone(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Nobody reads a report there."""
    assert end_failed(FAILURE, {}, client, sleep=_no_sleep) == 3
    assert list(tmp_path.iterdir()) == []


def test_policy_that_cannot_be_read_does_not_hide_the_failure(
    client: InMemoryBatchClient, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """It is told as well."""
    environ[RETRY] = "?"
    assert end_failed(FAILURE, environ, client, sleep=_no_sleep) == 3
    assert "the retry policy '?'" in caplog.text


def test_exception_is_judged_by_its_type(client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path) -> None:
    """``RetryableError`` asks for another try."""
    environ[RETRY] = (encode_policy(RetryPolicy(), None) or "").replace('"delay":5.0', '"delay":0')
    assert end_with(RetryableError("the licence server is busy"), environ, client) == ExitCode.TRY_AGAIN
    (attempt,) = read_attempts(str(tmp_path))
    assert (attempt.cause, attempt.retried) == ("the licence server is busy", True)


def test_mistake_of_a_user_is_one_line(
    client: InMemoryBatchClient, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where it was raised does not help him."""
    assert end_with(InputError("flow is -1"), environ, client) == ExitCode.BAD_INPUT
    assert [(record.getMessage(), record.exc_info) for record in caplog.records] == [("flow is -1", None)]


def test_sys_exit_with_success_says_nothing(
    client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no failure."""
    assert end_with(SystemExit(None), environ, client) == 0
    assert read_attempts(str(tmp_path)) == ()
    assert caplog.text == ""


@pytest.mark.usefixtures("silent_root")
def test_traceback_is_on_standard_error_wherever_the_log_goes(
    client: InMemoryBatchClient, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Batch keeps that with the task."""
    assert end_with(_raised(ValueError("no such pipe")), environ, client) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert err.count("ValueError: no such pipe") == 1
    assert "in _raised" in err


def test_traceback_is_told_once_where_the_log_is_standard_error(
    client: InMemoryBatchClient,
    environ: dict[str, str],
    silent_root: logging.Logger,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not by the log and again."""
    silent_root.handlers[:] = [logging.StreamHandler(sys.stderr)]
    end_with(_raised(ValueError("no such pipe")), environ, client)
    assert capsys.readouterr().err.count("Traceback") == 1


class _BrokenHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("the log is full")


def test_broken_logging_hides_no_failure(
    client: InMemoryBatchClient,
    environ: dict[str, str],
    silent_root: logging.Logger,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A logging configuration of a workload may be anything."""
    silent_root.handlers[:] = [_BrokenHandler()]
    assert end_with(_raised(ValueError("no such pipe")), environ, client) == ExitCode.FAILED
    assert "ValueError: no such pipe" in capsys.readouterr().err


@pytest.mark.usefixtures("silent_root")
def test_failure_is_reported_though_the_task_has_closed_its_standard_error(
    client: InMemoryBatchClient, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then only the report can tell it."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    assert end_with(_raised(ValueError("no such pipe")), environ, client) == ExitCode.FAILED
    assert [attempt.cause for attempt in read_attempts(str(tmp_path))] == ["ValueError: no such pipe"]


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except ValueError as caught:
        return caught
