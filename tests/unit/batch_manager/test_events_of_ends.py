"""The event of a job's end, whoever tells it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batch_manager import (
    Application,
    JobRequest,
    TaskContext,
    WorkloadTask,
    WorkloadTaskBuilder,
    submit_job,
)
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import COMMAND, PROGRESS_URL, STORAGE_ACCOUNT_URL
from batch_manager.node.finalizing import finalize_job
from batch_manager.node.process import NodeProcess
from batch_manager.supervision.supervising import conclude
from batch_manager.testing import InMemoryBatchClient
from tests.support.event_receiver import EventReceiver
from tests.support.sample import SampleWorkload


def _job(progress_url: str | None) -> InMemoryBatchClient:
    """A job that was submitted, and of which nothing ran."""
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    request = JobRequest(job_id="j", pool_id="p", module="sample", progress_url=progress_url)
    submit_job(SampleWorkload(batch_client=client), client, request)
    return client


def _finalize(client: InMemoryBatchClient, url: str) -> None:
    environ = {"AZ_BATCH_JOB_ID": "j", "AZ_BATCH_TASK_ID": "finalize", PROGRESS_URL: url}
    environ[STORAGE_ACCOUNT_URL] = client.storage.account_url
    finalize_job("sample", environ, client)


def _conclude(client: InMemoryBatchClient) -> Any:
    client.terminate_job("j", "by the test")
    return conclude(client, client.get_job("j"), datetime.now(UTC))


def test_end_of_a_job_is_the_same_event_from_a_node_and_from_outside() -> None:
    """One id and one source, so that a receiver can drop the second."""
    with EventReceiver() as receiver:
        client = _job(receiver.url)
        _conclude(client)
        _finalize(client, receiver.url)
        first, second = receiver.of_type("job.ended")
        assert (first["id"], first["source"]) == (second["id"], second["source"])
        assert first["data"]["outcome"] == "cancelled"
        assert first["data"]["summary"]


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:1/nobody"])
def test_end_of_a_job_is_settled_whoever_listens(url: str | None) -> None:
    """Nobody, or somebody who is gone."""
    assert _conclude(_job(url)).cancelled_because


class _Leaves(WorkloadTask):
    """Ends its process itself."""

    def run(self) -> None:
        sys.exit(0)


class _LeavesBuilder(WorkloadTaskBuilder[_Leaves]):
    def build(self, context: TaskContext) -> _Leaves:
        return _Leaves()


def test_task_that_calls_sys_exit_with_zero_is_told_as_succeeded(tmp_path: Path) -> None:
    """As Batch sees it."""
    with EventReceiver() as receiver:
        workload = SampleWorkload(batch_client=InMemoryBatchClient())
        workload.register_task(_Leaves, _LeavesBuilder)
        environ = {
            "AZ_BATCH_JOB_ID": "j",
            "AZ_BATCH_TASK_ID": "1",
            "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
            STORAGE_ACCOUNT_URL: "https://a.blob.example",
            PROGRESS_URL: receiver.url,
        }
        assert Application(workload, arguments=["task", "_Leaves"], environ=environ, module="x").execute() == 0
        (event,) = receiver.of_type("task.ended")
        assert event["data"]["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("command", "code", "outcome", "cause"),
    [("/bin/true", 0, "succeeded", None), ("/bin/sh -c 'exit 3'", 3, "failed", "the command ended with exit code 3")],
)
def test_end_of_a_plain_command_is_told(
    tmp_path: Path, command: str, code: int, outcome: str, cause: str | None
) -> None:
    """With its own exit code."""
    with EventReceiver() as receiver:
        environ = {
            "AZ_BATCH_JOB_ID": "j",
            "AZ_BATCH_TASK_ID": "1",
            "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
            STORAGE_ACCOUNT_URL: "https://a.blob.example",
            PROGRESS_URL: receiver.url,
            COMMAND: command,
        }
        assert NodeProcess(environ=environ, client=InMemoryBatchClient()).execute(["command"]) == code
        (event,) = receiver.of_type("task.ended")
        assert (event["data"]["outcome"], event["data"]["cause"]) == (outcome, cause)
