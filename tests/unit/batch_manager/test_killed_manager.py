"""The whole job manager role, killed at every request it makes, and started again."""

from pathlib import Path

import pytest

from batch_manager import ExitCode, JobRequest, submit_job
from batch_manager.client import BatchClient
from batch_manager.definitions import JobState, PoolDefinition, TaskState
from batch_manager.environment import read_node_environment
from batch_manager.manage import manage_job
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.testing import InMemoryBatchClient
from tests.support.interrupting import Interruption, Requests, interrupt
from tests.support.sample import SampleWorkload

JOB = "sample"


class Killed(BaseException):
    """The process ends here."""


def _account() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    submit_job(SampleWorkload(batch_client=client), client, JobRequest(job_id=JOB, pool_id="p", module="m"))
    return client


def _manage(client: BatchClient, tmp_path: Path) -> int:
    environ = {
        "AZ_BATCH_JOB_ID": JOB,
        "AZ_BATCH_TASK_ID": JOB_MANAGER_TASK_ID,
        "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path),
    }
    node = read_node_environment(environ)
    return manage_job(SampleWorkload(batch_client=client), node, {"parts": 5}, module="m")


def _number_of_requests() -> int:
    requests = Requests(0, Interruption.BEFORE, Killed())
    _manage(interrupt(_account(), 0, Interruption.BEFORE, Killed(), requests), Path())
    return requests.count


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, _number_of_requests() + 1))
def test_job_manager_killed_at_any_request_and_started_again_succeeds(
    tmp_path: Path, number: int, when: Interruption
) -> None:
    """Batch starts it again on another node; what is there stays, the rest is added, and the job ends."""
    client, whole = _account(), _account()
    with pytest.raises(Killed):
        _manage(interrupt(client, number, when, Killed()), tmp_path)
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED
    _manage(whole, tmp_path)
    assert sorted(client.task_definitions(JOB), key=repr) == sorted(whole.task_definitions(JOB), key=repr)
    _end_all(client)
    assert client.get_job(JOB).state is JobState.COMPLETED


def test_job_manager_started_again_after_its_job_has_ended_succeeds(tmp_path: Path) -> None:
    """Its node was lost between the last request and its exit."""
    client = _account()
    _manage(client, tmp_path)
    _end_all(client)
    before = client.task_definitions(JOB)
    assert _manage(client, tmp_path) is ExitCode.SUCCEEDED
    assert client.task_definitions(JOB) == before


def _end_all(client: InMemoryBatchClient) -> None:
    ids = [record.id for record in client.list_tasks(JOB) if record.state is not TaskState.COMPLETED]
    for task_id in sorted(ids, key=lambda task_id: task_id == FINALIZE_TASK_ID):
        client.end_task(JOB, task_id)
