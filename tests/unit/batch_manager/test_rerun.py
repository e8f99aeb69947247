"""A rerun, and each request of it and of its job manager interrupted: it comes to the same job."""

import json
import time
from pathlib import Path

import pytest

from batch_manager import JobRequest, submit_job
from batch_manager.client import BatchClient
from batch_manager.definitions import JobDefinition, PoolDefinition, TaskDefinition, TaskState
from batch_manager.environment import read_node_environment
from batch_manager.errors import ConflictError, InputError
from batch_manager.exit_codes import ExitCode
from batch_manager.manage import manage_job
from batch_manager.naming import CLAIM_BLOB, FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, REQUEST_BLOB, RERUN_BLOB
from batch_manager.rerun import Rerun, next_job_id, rerun_failed
from batch_manager.takeover import Takeover, encode_takeover
from batch_manager.testing import InMemoryBatchClient
from tests.support.interrupting import Interruption, Requests, interrupt
from tests.support.sample import SampleWorkload

JOB, AGAIN = "sample", "sample-r2"
FAILED = "2"


class Killed(BaseException):
    """The process ends here."""


def _manage(client: BatchClient, job_id: str) -> None:
    environ = {
        "AZ_BATCH_JOB_ID": job_id,
        "AZ_BATCH_TASK_ID": JOB_MANAGER_TASK_ID,
        "AZ_BATCH_TASK_WORKING_DIR": "/nowhere",
        **client.get_job(job_id).common_environment,
    }
    manage_job(SampleWorkload(batch_client=client), read_node_environment(environ), {"parts": 3}, module="m")


def _end_all(client: InMemoryBatchClient, job_id: str) -> None:
    ids = [record.id for record in client.list_tasks(job_id) if record.state is not TaskState.COMPLETED]
    for task_id in sorted(ids, key=lambda task_id: task_id == FINALIZE_TASK_ID):
        client.end_task(job_id, task_id, {FAILED: 1, "4": 80}.get(task_id, 0))


def _account() -> InMemoryBatchClient:
    """An account with a job that has ended: of three parts one failed, and what gathers them was skipped."""
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    submit_job(SampleWorkload(batch_client=client), client, JobRequest(job_id=JOB, pool_id="p", module="m"))
    _manage(client, JOB)
    for blob in ("parts/1.txt", "parts/3.txt", "logs/1/stdout.txt"):
        client.storage.upload(f"job-{JOB}", blob, blob.encode())
    _end_all(client, JOB)
    return client


def _run_again(client: BatchClient) -> Rerun:
    made = rerun_failed(client, JOB)
    _manage(client, made.job_id)
    return made


def _number_of_requests() -> int:
    requests = Requests(0, Interruption.BEFORE, Killed())
    _run_again(interrupt(_account(), 0, Interruption.BEFORE, Killed(), requests))
    return requests.count


def _definitions(client: InMemoryBatchClient) -> list[TaskDefinition]:
    return sorted(client.task_definitions(AGAIN), key=repr)


def test_rerun_adds_what_did_not_succeed_and_copies_the_files() -> None:
    """Logs stay with the job that wrote them."""
    client = _account()
    assert _run_again(client) == Rerun(job_id=AGAIN, taken_over=2, copied=2)
    assert {task.id for task in client.task_definitions(AGAIN)} == {"2", "4", JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID}
    copied = [blob for blob in client.storage.list_blobs(f"job-{AGAIN}") if not blob.startswith("batch-manager/")]
    assert copied == ["parts/1.txt", "parts/3.txt"]


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("number", range(1, _number_of_requests() + 1))
def test_rerun_killed_at_any_request_and_called_again_comes_to_the_same_job(number: int, when: Interruption) -> None:
    """The submitter or the job manager, before or after the request took effect."""
    client, whole = _account(), _account()
    with pytest.raises(Killed):
        _run_again(interrupt(client, number, when, Killed()))
    _run_again(client)
    _run_again(whole)
    assert _definitions(client) == _definitions(whole)
    assert list(client.storage.list_blobs(f"job-{AGAIN}")) == list(whole.storage.list_blobs(f"job-{AGAIN}"))


def test_rerun_may_have_another_pool() -> None:
    """That of the job may have gone with it."""
    client = _account()
    client.create_pool(PoolDefinition(id="other"))
    again = rerun_failed(client, JOB, pool_id="other")
    assert client.get_job(again.job_id).pool_id == "other"


def test_rerun_writes_nothing_where_another_job_is_being_submitted() -> None:
    """Under the id that it would have."""
    client = _account()
    client.storage.create_container(f"job-{AGAIN}")
    claim = {"digest": "another", "owner": "ben", "since": time.time()}
    client.storage.upload(f"job-{AGAIN}", CLAIM_BLOB, json.dumps(claim).encode())
    with pytest.raises(ConflictError, match="being submitted by ben"):
        rerun_failed(client, JOB)
    assert list(client.storage.list_blobs(f"job-{AGAIN}")) == [CLAIM_BLOB]


def test_job_that_has_not_ended_is_not_run_again() -> None:
    """It says what to do."""
    client = InMemoryBatchClient()
    client.create_pool(PoolDefinition(id="p"))
    submit_job(SampleWorkload(batch_client=client), client, JobRequest(job_id=JOB, pool_id="p", module="m"))
    with pytest.raises(InputError, match=r"is active: wait for its end, or cancel it"):
        rerun_failed(client, JOB)


def test_job_of_somebody_else_is_not_run_again() -> None:
    """Nothing says what it was submitted with."""
    client = _account()
    client.storage.delete(f"job-{JOB}", "batch-manager/request.json")
    with pytest.raises(InputError, match=r"holds no 'batch-manager/request.json'"):
        rerun_failed(client, JOB)


def test_reruns_are_numbered() -> None:
    """By the job that was run first."""
    assert [next_job_id(name) for name in ("a", "a-r2", "a-r19", "a-r1", "a-rb")] == [
        "a-r2",
        "a-r3",
        "a-r20",
        "a-r1-r2",
        "a-rb-r2",
    ]


def test_blob_of_a_job_manager_that_starts_again_is_not_deleted(tmp_path: Path) -> None:
    """What its tasks have written meanwhile stays."""
    client = _account()
    _run_again(client)
    client.storage.upload(f"job-{AGAIN}", "parts/2.txt", b"new")
    _manage(client, AGAIN)
    assert client.storage.read(f"job-{AGAIN}", "parts/2.txt") == b"new"


def test_what_was_taken_over_before_and_ran_again_is_not_done() -> None:
    """A rerun of a rerun takes over what the job manager left out, not what it was told of."""
    client = _account()
    _run_again(client)
    _end_all(client, AGAIN)
    told = Takeover(job_id=JOB, done={"1": "", "3": "", "4": ""})
    client.storage.upload(f"job-{AGAIN}", RERUN_BLOB, encode_takeover(told))
    assert rerun_failed(client, AGAIN).taken_over == 2


def test_plain_command_that_ended_with_the_code_of_a_skip_has_failed() -> None:
    """So there is something to run again."""
    client = _account()
    manager = TaskDefinition(id=JOB_MANAGER_TASK_ID, command_line="manage it")
    client.create_job(JobDefinition(id="plain", pool_id="p", job_manager=manager))
    client.storage.create_container("job-plain")
    client.storage.upload("job-plain", REQUEST_BLOB, client.storage.read(f"job-{JOB}", REQUEST_BLOB))
    client.add_tasks("plain", [TaskDefinition(id="1", command_line="make it")])
    client.end_task("plain", "1", ExitCode.SKIPPED)
    client.end_task("plain", JOB_MANAGER_TASK_ID, 0)
    client.terminate_job("plain", "ended")
    assert rerun_failed(client, "plain").taken_over == 0
