"""One process of a workload: what it is there for, and the exit code it ends with."""

import json
import logging
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from batch_manager import Application, ExitCode, JobRequest, submit_job
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, PoolDefinition, TaskDefinition
from batch_manager.environment import DEPENDS_ON, INPUTS, OUTCOME_FILE, RETRY, RULE
from batch_manager.errors import BusyError
from batch_manager.naming import CANCEL_BLOB, FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.outcome import JobOutcome
from batch_manager.outcome_document import encode_outcome
from batch_manager.reports import read_attempts
from batch_manager.retrying import encode_policy
from batch_manager.testing import InMemoryBatchClient
from tests.support.sample import RAN, SampleWorkload

JOB = "sample"


@pytest.fixture
def client() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    request = JobRequest(job_id=JOB, pool_id="p", module="tests.sample", parameters={"parts": 3})
    submit_job(SampleWorkload(batch_client=client), client, request)
    RAN.clear()
    return client


def _execute(client: BatchClient, tmp_path: Path, *words: str, **settings: str) -> int:
    environ = {"AZ_BATCH_JOB_ID": JOB, "AZ_BATCH_TASK_ID": "4", "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path), **settings}
    workload = SampleWorkload(batch_client=client)
    return Application(workload, arguments=words, environ=environ, module="tests.sample").execute()


def _manage(client: BatchClient, tmp_path: Path, parameters: str = '{"parts": 3}') -> int:
    return _execute(client, tmp_path, "job-manager", **{INPUTS: parameters})


def test_job_manager_adds_the_tasks_and_finalize(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """FinalizeTask is there without being asked for, and waits for every task."""
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED
    tasks = {task.id: task for task in client.task_definitions(JOB)}
    assert list(tasks) == [JOB_MANAGER_TASK_ID, "1", "2", "3", "4", FINALIZE_TASK_ID]
    assert tasks["4"].environment[DEPENDS_ON] == "1..3"
    assert tasks[FINALIZE_TASK_ID].depends_on.ranges == ((1, 4),)


def test_job_manager_started_again_adds_nothing_twice(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Batch restarts a job manager after a node is lost."""
    _manage(client, tmp_path)
    before = client.task_definitions(JOB)
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED
    assert client.task_definitions(JOB) == before


def test_job_manager_that_adds_other_tasks_the_second_time_is_refused(
    client: InMemoryBatchClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A job manager that is not the same twice would mix two jobs; the error names both tasks."""
    client.add_tasks(JOB, [TaskDefinition(id="1", command_line="/bin/other")])  # what a run that was killed left
    assert _manage(client, tmp_path) is ExitCode.UNAVAILABLE
    assert "another task with this id" in caplog.text


def test_job_manager_started_again_after_its_job_is_whole_asks_for_no_tasks(
    client: InMemoryBatchClient, tmp_path: Path
) -> None:
    """FinalizeTask is added last, so that all others are there; a job that has ended is no conflict."""
    _manage(client, tmp_path)
    for task in client.task_definitions(JOB):
        client.end_task(JOB, task.id)
    assert client.get_job(JOB).state is JobState.COMPLETED
    assert _manage(client, tmp_path, '{"break": true}') is ExitCode.SUCCEEDED


def test_job_manager_started_again_after_it_failed_adds_nothing(
    client: InMemoryBatchClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """FinalizeTask does not wait for tasks that come after it."""
    _manage(client, tmp_path, '{"break": true}')
    before = client.task_definitions(JOB)
    assert _manage(client, tmp_path) is ExitCode.FAILED
    assert client.task_definitions(JOB) == before
    assert "an earlier run of this task failed: RuntimeError: told to break" in caplog.text


def test_job_manager_of_a_job_that_was_ended_succeeds(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Somebody ended the job meanwhile: nothing is left to be done, and nothing is wrong."""
    client.terminate_job(JOB, "by hand")
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED


def test_job_manager_of_a_cancelled_job_adds_finalize_alone(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Whoever cancelled may have been killed before he could."""
    client.storage.upload("job-sample", CANCEL_BLOB, b"{}")
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED
    finalize = client.task_definitions(JOB)[-1]
    assert [task.id for task in client.task_definitions(JOB)] == [JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID]
    assert json.loads(finalize.environment[INPUTS])["cause"] is None


def test_job_manager_that_raises_leaves_a_job_that_tells_it(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Nobody waits for a job whose manager failed."""
    assert _manage(client, tmp_path, '{"break": true}') is ExitCode.FAILED
    finalize = client.task_definitions(JOB)[-1]
    assert json.loads(finalize.environment[INPUTS])["cause"] == "RuntimeError: told to break"
    client.end_task(JOB, JOB_MANAGER_TASK_ID, 1)
    client.end_task(JOB, FINALIZE_TASK_ID)
    assert client.get_job(JOB).state is JobState.COMPLETED


def test_job_manager_that_calls_sys_exit_leaves_a_job_that_tells_it(
    client: InMemoryBatchClient, tmp_path: Path
) -> None:
    """Not an exception like others, but an end without a job all the same."""
    assert _manage(client, tmp_path, '{"exit": true}') is ExitCode.SOFTWARE
    cause = json.loads(client.task_definitions(JOB)[-1].environment[INPUTS])["cause"]
    assert cause == "it called sys.exit(0) instead of returning"


def test_task_that_exits_with_the_code_of_a_skip_has_failed(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """Its code ran, so it was not skipped."""
    code = _execute(client, tmp_path, "task", "Part", **{INPUTS: '{"number": 7, "fail": 80}'})
    assert code is ExitCode.FAILED


@pytest.mark.parametrize("answer", [None, BusyError("busy", operation="stop")])
def test_skip_stops_the_retries(
    client: InMemoryBatchClient, tmp_path: Path, mocker: MockerFixture, answer: BusyError | None
) -> None:
    """To Batch it is a failure, which would be tried again, perhaps for ever. If Batch cannot be told it is a skip all
    the same."""
    _manage(client, tmp_path)
    client.end_task(JOB, "1", 1)
    stop = mocker.patch.object(client, "stop_retries", side_effect=answer)
    policy = {DEPENDS_ON: "1..3", RETRY: encode_policy(None, -1) or ""}
    assert _execute(client, tmp_path, "task", "Gather", **policy) is ExitCode.SKIPPED
    stop.assert_called_once_with(JOB, "4")


def test_skip_of_a_task_without_retries_asks_for_nothing(
    client: InMemoryBatchClient, tmp_path: Path, mocker: MockerFixture
) -> None:
    """It would cost the SDK's import."""
    _manage(client, tmp_path)
    client.end_task(JOB, "1", 1)
    stop = mocker.spy(client, "stop_retries")
    assert _execute(client, tmp_path, "task", "Gather", **{DEPENDS_ON: "1..3"}) is ExitCode.SKIPPED
    stop.assert_not_called()


def test_task_runs_with_its_inputs(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """The builder is given what the job manager gave."""
    assert _execute(client, tmp_path, "task", "Part", **{INPUTS: '{"number": 7}'}) is ExitCode.SUCCEEDED
    assert RAN == ["part 7"]


def test_task_that_raises_fails_with_its_traceback_told_once(
    client: InMemoryBatchClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Anything unforeseen is exit code 1, with what one needs to find it."""
    code = _execute(client, tmp_path, "task", "Part", **{INPUTS: '{"number": 7, "fail": true}'})
    assert code is ExitCode.FAILED
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert "part 7 was told to fail" in caplog.text


@pytest.mark.parametrize(
    ("rule", "code", "ran"),
    [("", ExitCode.SKIPPED, []), ("all_ended", ExitCode.SUCCEEDED, ["gather"]), ("any_failed", 0, ["gather"])],
)
def test_task_with_a_failed_parent_follows_its_rule(
    client: InMemoryBatchClient, tmp_path: Path, rule: str, code: int, ran: list[str]
) -> None:
    """A task whose parents did not succeed is skipped before the user's code, unless it asks for more."""
    _manage(client, tmp_path)
    client.end_task(JOB, "1", 1)
    assert _execute(client, tmp_path, "task", "Gather", **{DEPENDS_ON: "1..3", RULE: rule}) == code
    assert ran == RAN


def test_task_with_successful_parents_runs(client: InMemoryBatchClient, tmp_path: Path) -> None:
    """The failure of a task that is no parent does not count."""
    _manage(client, tmp_path)
    client.end_task(JOB, "4", 1)
    assert _execute(client, tmp_path, "task", "Gather", **{DEPENDS_ON: "1..3"}) is ExitCode.SUCCEEDED


def test_task_that_is_not_registered_names_those_that_are(
    client: InMemoryBatchClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An old package on a node is told apart from a broken one."""
    assert _execute(client, tmp_path, "task", "Paint") is ExitCode.SOFTWARE
    assert "registered are: Gather, Part" in caplog.text


def test_finalize_does_the_workload_s_own_work(
    client: InMemoryBatchClient, tmp_path: Path, mocker: MockerFixture
) -> None:
    """With the outcome that FinalizeTask left for it and the job's blobs."""
    outcome = JobOutcome(job_id=JOB, succeeded=3)
    (tmp_path / "outcome.json").write_bytes(encode_outcome(outcome))
    work = mocker.spy(SampleWorkload, "finalize")
    assert _execute(client, tmp_path, "finalize", **{OUTCOME_FILE: "outcome.json"}) is ExitCode.SUCCEEDED
    (_, given, results), _ = work.call_args
    assert (given, results.container) == (outcome, f"job-{JOB}")


@pytest.mark.parametrize("settings", [{}, {OUTCOME_FILE: "missing.json"}])
def test_finalize_without_an_outcome_is_a_usage_error(
    client: InMemoryBatchClient, tmp_path: Path, settings: dict[str, str]
) -> None:
    """FinalizeTask starts it, nobody else."""
    assert _execute(client, tmp_path, "finalize", **settings) is ExitCode.USAGE


def test_process_outside_batch_is_a_usage_error(client: InMemoryBatchClient, caplog: pytest.LogCaptureFixture) -> None:
    """Started by hand, it says how to run a workload here."""
    code = Application(SampleWorkload(batch_client=client), arguments=["finalize"], environ={}).execute()
    assert code is ExitCode.USAGE
    assert "python -m dispatcher run" in caplog.text


def test_help_shows_the_usage_and_exits_zero(client: InMemoryBatchClient, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` never needs a node."""
    with pytest.raises(SystemExit) as ended:
        Application(SampleWorkload(batch_client=client), arguments=["--help"], environ={}).run()
    assert ended.value.code == 0
    assert "usage: python -m <workload>" in capsys.readouterr().out


def test_task_that_changes_its_environment_is_reported_all_the_same(
    client: InMemoryBatchClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the process runs is what Batch said when it began."""
    workload = SampleWorkload(batch_client=client)
    for name, value in {"AZ_BATCH_JOB_ID": JOB, "AZ_BATCH_TASK_ID": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZ_BATCH_TASK_WORKING_DIR", str(tmp_path))
    application = Application(workload, arguments=["task", "NoSuchTask"])
    monkeypatch.delenv("AZ_BATCH_JOB_ID")
    assert application.execute() is ExitCode.SOFTWARE
    assert len(read_attempts(str(tmp_path))) == 1
