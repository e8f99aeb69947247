"""The guard of a job manager: real children, a Batch account in memory."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from batch_manager.definitions import JobDefinition, JobState, TaskDefinition
from batch_manager.environment import INPUTS, TIME_LIMIT, attempt_number
from batch_manager.errors import BusyError
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import FINALIZE_TASK_ID
from batch_manager.node import guard
from batch_manager.node.guard import guard_job_manager, last_words
from batch_manager.reports import Attempt, add_attempt
from batch_manager.testing import InMemoryBatchClient
from tests.acceptance.conftest import wait_for

JOB = "sample"

Guard = Callable[..., int]


@pytest.fixture
def client() -> InMemoryBatchClient:
    """An account with a job that has its job manager alone."""
    client = InMemoryBatchClient()
    manager = TaskDefinition(id="job-manager", command_line="x")
    client.create_job(JobDefinition(id=JOB, pool_id="p", job_manager=manager))
    return client


@pytest.fixture
def guarded(client: InMemoryBatchClient, tmp_path: Path) -> Guard:
    """Guards a job manager whose package is the given text."""

    def run(main: str, **settings: str) -> int:
        package = tmp_path / "unruly"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(main)
        environ = {
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "AZ_BATCH_JOB_ID": JOB,
            "AZ_BATCH_TASK_ID": "job-manager",
            "AZ_BATCH_TASK_DIR": str(tmp_path),
            "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
            **settings,
        }
        return guard_job_manager("unruly", environ, client)

    return run


def _cause(client: InMemoryBatchClient) -> str:
    (finalize,) = [task for task in client.task_definitions(JOB) if task.id == FINALIZE_TASK_ID]
    cause = json.loads(finalize.environment[INPUTS])["cause"]
    assert isinstance(cause, str)
    return cause


def _add_finalize(client: InMemoryBatchClient) -> None:
    client.add_tasks(JOB, [TaskDefinition(id=FINALIZE_TASK_ID, command_line="x")])


@pytest.mark.parametrize("code", [0, 70])
def test_guard_gives_the_code_of_a_job_manager_that_left_finalize(
    client: InMemoryBatchClient, guarded: Guard, code: int
) -> None:
    """Which it does whether it succeeded or failed; then there is nothing to add."""
    _add_finalize(client)
    before = client.task_definitions(JOB)
    assert guarded(f"raise SystemExit({code})") == code
    assert client.task_definitions(JOB) == before


def test_guard_adds_finalize_for_a_main_that_runs_no_application(client: InMemoryBatchClient, guarded: Guard) -> None:
    """It ended well, but there is no job."""
    assert guarded("") == ExitCode.SOFTWARE
    assert "does __main__.py call Application(...).run()?" in _cause(client)
    assert json.loads(client.task_definitions(JOB)[-1].environment[INPUTS])["hasWork"] is None
    client.end_task(JOB, "job-manager", 70)
    client.end_task(JOB, FINALIZE_TASK_ID)
    assert client.get_job(JOB).state is JobState.COMPLETED


def test_guard_tells_the_last_words_of_a_job_manager_that_died(
    client: InMemoryBatchClient, guarded: Guard, tmp_path: Path
) -> None:
    """The end of a traceback says most."""
    (tmp_path / "stderr.txt").write_text("Traceback (most recent call last):\nNameError: name 'x' is not defined\n\n")
    assert guarded("raise SystemExit(1)") == 1
    assert _cause(client) == "NameError: name 'x' is not defined"


def test_guard_tells_what_the_job_manager_reported(client: InMemoryBatchClient, guarded: Guard, tmp_path: Path) -> None:
    """One that raised could say why, but not add FinalizeTask."""
    main = """
import os
from batch_manager.reports import Attempt, add_attempt
add_attempt(os.environ["AZ_BATCH_TASK_WORKING_DIR"], Attempt(2, "node-a", 2.0, 75, "Batch was busy", retried=False))
raise SystemExit(75)
"""
    assert guarded(main) == ExitCode.TRY_AGAIN
    assert _cause(client) == "Batch was busy"


def test_guard_does_not_tell_what_an_earlier_run_reported(
    client: InMemoryBatchClient, guarded: Guard, tmp_path: Path
) -> None:
    """It was another end."""
    add_attempt(str(tmp_path), Attempt(1, "node-a", 1.0, 1, "long ago", retried=False))
    assert guarded("import os; os._exit(7)") == 7
    assert _cause(client) == "its process ended with exit code 7"


def test_guard_tells_the_code_of_a_job_manager_that_died_without_a_word(
    client: InMemoryBatchClient, guarded: Guard, mocker: MockerFixture
) -> None:
    """By itself, which another try would not mend."""
    stop = mocker.spy(client, "stop_retries")
    assert guarded("import os; os._exit(7)") == 7
    assert _cause(client) == "its process ended with exit code 7"
    stop.assert_called_once_with(JOB, "job-manager")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL"])
def test_guard_leaves_a_job_manager_that_is_killed_to_batch_for_some_tries(
    client: InMemoryBatchClient, guarded: Guard, name: str, mocker: MockerFixture
) -> None:
    """In C code, or for want of memory: it may have been chance. In the end it is told."""
    number, stop = signal.Signals[name], mocker.spy(client, "stop_retries")
    for _ in range(guard.TRIES_AFTER_KILLS - 1):
        assert guarded(f"import os; os.kill(os.getpid(), {number})") == 128 + number
        attempt_number.cache_clear()  # the next try is another process
        assert FINALIZE_TASK_ID not in {task.id for task in client.task_definitions(JOB)}
        stop.assert_not_called()
    assert guarded(f"import os; os.kill(os.getpid(), {number})") == 128 + number
    assert _cause(client) == f"its process was ended by signal {number} ({name})"


def test_guard_ends_a_job_manager_that_outlives_the_time_limit(
    client: InMemoryBatchClient, guarded: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that hangs in an import, before it could look at the clock."""
    monkeypatch.setattr(guard, "OVERTIME", 0.3)
    assert guarded("import time; time.sleep(600)", **{TIME_LIMIT: "1000"}) == 128 + signal.SIGTERM
    assert _cause(client) == "it did not end in the job's time limit"


def test_guard_that_is_asked_to_end_adds_nothing(client: InMemoryBatchClient, guarded: Guard, tmp_path: Path) -> None:
    """The node may be going: Batch runs the job manager again on another."""
    ready = tmp_path / "ready"

    def send() -> None:
        wait_for(ready.exists, "the job manager runs")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=send).start()
    main = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    assert guarded(main) == 128 + signal.SIGTERM
    assert [task.id for task in client.task_definitions(JOB)] == ["job-manager"]


def test_guard_of_a_job_that_has_ended_ends_with_the_code_of_the_job_manager(
    client: InMemoryBatchClient, guarded: Guard
) -> None:
    """Nothing can be added to it, and nothing needs to be."""
    client.terminate_job(JOB, "by hand")
    assert guarded("import os; os._exit(7)") == 7


@pytest.mark.parametrize(("main", "code"), [("", ExitCode.TRY_AGAIN), ("raise SystemExit(3)", 3)])
def test_guard_that_cannot_ask_batch_never_says_success(
    client: InMemoryBatchClient,
    guarded: Guard,
    mocker: MockerFixture,
    caplog: pytest.LogCaptureFixture,
    main: str,
    code: int,
) -> None:
    """Whoever watches the job from outside finds it then."""
    busy = BusyError("Batch is busy", operation="get task")
    mocker.patch.object(client, "get_task", side_effect=busy)
    assert guarded(main) == code
    assert "whether FinalizeTask is there cannot be made sure: Batch is busy" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("a\nb\n \n", "b"),
        ('{"level": "ERROR", "message": "RuntimeError: no\\nlicence"}\n', "RuntimeError: no; licence"),
        ('{"level": "ERROR"}', '{"level": "ERROR"}'),
        ("3", "3"),
        (
            'warning\nTraceback (most recent call last):\n  File "x", line 1\nValueError: two\nlines\n',
            "ValueError: two; lines",
        ),
    ],
)
def test_last_words_are_those_of_a_traceback_or_of_a_log(text: str, words: str) -> None:
    """Whichever way the process wrote them."""
    assert last_words(text) == words
