"""A gate lets its task go or ends it, and does the same when it is run again."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from batch_manager import ExitCode
from batch_manager.definitions import JobDefinition, TaskDefinition, TaskState
from batch_manager.errors import BusyError, UsageError
from batch_manager.node.gate import keep_gate
from batch_manager.testing import InMemoryBatchClient


@pytest.fixture
def client() -> InMemoryBatchClient:
    """A job with a parent that failed, a guarded task and its gate."""
    client = InMemoryBatchClient()
    client.create_job(JobDefinition(id="j", pool_id="p", job_manager=TaskDefinition(id="m", command_line="x")))
    client.add_tasks("j", [TaskDefinition(id=task_id, command_line="x") for task_id in ("1", "2", "3")])
    client.end_task("j", "1", 1)
    client.start_task("j", "3")
    return client


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "3",
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
        "BATCH_MANAGER_DEPENDS_ON": "1",
        "BATCH_MANAGER_GUARDED_TASK": "2",
        "BATCH_MANAGER_RETRY": '{"max_retries":3,"any_failure":true}',
    }


def _state(client: InMemoryBatchClient) -> TaskState:
    return client.get_task("j", "2").record.state


def test_gate_ends_its_task_however_often_it_runs(client: InMemoryBatchClient, environ: dict[str, str]) -> None:
    """A node may be lost after the task was ended and before the gate could say so."""
    for _ in range(2):
        assert keep_gate(environ, client) is ExitCode.SKIPPED
        assert _state(client) is TaskState.COMPLETED


def test_gate_lets_its_task_go_when_the_rule_is_met(client: InMemoryBatchClient, environ: dict[str, str]) -> None:
    """And touches nothing."""
    environ["BATCH_MANAGER_RULE"] = "any_failed"
    assert keep_gate(environ, client) is ExitCode.SUCCEEDED
    assert _state(client) is TaskState.ACTIVE


def test_gate_gives_its_task_no_more_time_than_the_job_has(
    client: InMemoryBatchClient, environ: dict[str, str]
) -> None:
    """The task could not look at the clock itself."""
    environ |= {"BATCH_MANAGER_RULE": "any_failed", "BATCH_MANAGER_TIME_LIMIT": str(time.time() + 600)}
    assert keep_gate(environ, client) is ExitCode.SUCCEEDED
    limit = client.get_task("j", "2").record.max_wall_clock_time
    assert limit is not None
    assert timedelta(0) < limit <= timedelta(seconds=600)


def test_gate_keeps_the_time_limit(client: InMemoryBatchClient, environ: dict[str, str]) -> None:
    """Whatever the rule says."""
    environ |= {"BATCH_MANAGER_RULE": "any_failed", "BATCH_MANAGER_TIME_LIMIT": str(time.time() - 1)}
    assert keep_gate(environ, client) is ExitCode.TIME_LIMIT
    assert _state(client) is TaskState.COMPLETED


def test_gate_whose_task_is_not_there_stays_closed(client: InMemoryBatchClient, environ: dict[str, str]) -> None:
    """Somebody deleted it: it does not run."""
    environ["BATCH_MANAGER_GUARDED_TASK"] = "77"
    assert keep_gate(environ, client) is ExitCode.SKIPPED


def test_gate_ends_its_task_before_it_gives_up_its_retries(
    client: InMemoryBatchClient, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two it runs again; the other way round the task would wait for ever."""
    order: list[str] = []
    monkeypatch.setattr(client, "terminate_task", lambda *_ids: order.append("terminate"))
    monkeypatch.setattr(client, "stop_retries", lambda *_ids: order.append("stop"))
    keep_gate(environ, client)
    assert order == ["terminate", "stop"]


def test_gate_that_cannot_end_its_task_fails(
    client: InMemoryBatchClient, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch tries it again, and the task waits."""

    def busy(*_ids: str) -> None:
        raise BusyError("busy", operation="terminate")

    monkeypatch.setattr(client, "terminate_task", busy)
    with pytest.raises(BusyError):
        keep_gate(environ, client)
    assert _state(client) is TaskState.ACTIVE


def test_gate_without_a_task_to_guard_is_wrong_use(client: InMemoryBatchClient, environ: dict[str, str]) -> None:
    """Nobody here starts it so."""
    del environ["BATCH_MANAGER_GUARDED_TASK"]
    with pytest.raises(UsageError, match="BATCH_MANAGER_GUARDED_TASK"):
        keep_gate(environ, client)
