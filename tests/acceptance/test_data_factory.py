"""Data Factory's pipeline, by a stand-in, through the starter to a job, and back by the job's callback."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_manager import BatchClient
from batch_manager.definitions import JobState, PoolDefinition
from batch_manager.errors import NotFoundError
from dispatcher.local import local_client
from dispatcher.stack import LocalStack
from tests.acceptance.conftest import wait_for
from tests.support.data_factory import DataFactory, WebHookRun
from tests.support.starter_process import KEY, ROOT, StarterProcess

PIPELINE: dict[str, Any] = json.loads((ROOT / "docs" / "data-factory" / "pipeline.json").read_text())
OUTPUTS = {"Read starter key": {"value": KEY}}
POOLS = ("pool", "empty")
SECONDS = 120.0
"""Longer than any job here takes; the pipeline's own timeout is hours."""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack() as running:
        client = local_client(running)
        client.create_pool(PoolDefinition(id="pool", target_dedicated_nodes=1, task_slots_per_node=2))
        client.create_pool(PoolDefinition(id="empty", target_dedicated_nodes=0))
        yield running


@pytest.fixture(scope="module")
def client(stack: LocalStack) -> BatchClient:
    return local_client(stack)


@pytest.fixture(scope="module")
def factory() -> Iterator[DataFactory]:
    with DataFactory() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("starter")


@pytest.fixture(scope="module")
def starter(stack: LocalStack, folder: Path) -> Iterator[StarterProcess]:
    with StarterProcess(stack, folder, POOLS, ("--limit", "pool-empty=1s")) as running:
        yield running


def _prepare(factory: DataFactory, starter: StarterProcess, **given: Any) -> WebHookRun:
    pool = given.pop("poolId", "pool")
    parameters = {"starterUrl": f"{starter.url}/jobs", "workload": "chain", "poolId": pool, "parameters": given}
    return factory.prepare(PIPELINE, parameters, OUTPUTS)


def test_activity_succeeds_with_the_job(factory: DataFactory, starter: StarterProcess) -> None:
    """Its output is the outcome."""
    run = _prepare(factory, starter, parts=2)
    answer = run.post()
    assert answer.status_code == 202, answer.text
    ended = run.wait(SECONDS)
    assert (ended.status, ended.error) == ("Succeeded", None)
    assert (ended.output["jobId"], ended.output["counts"]["succeeded"]) == (answer.json()["jobId"], 3)


def test_activity_fails_with_a_task_of_the_job(factory: DataFactory, starter: StarterProcess) -> None:
    """Its error says how many, its output which and why."""
    run = _prepare(factory, starter, parts=2, how="fail")
    run.post()
    ended = run.wait(SECONDS)
    assert (ended.status, ended.error["ErrorCode"]) == ("Failed", "TasksFailed")
    assert "1 failed, 1 skipped" in ended.error["Message"]
    assert ended.output["failures"][0]["taskId"] == "1"


def test_activity_fails_with_the_job_manager(factory: DataFactory, starter: StarterProcess) -> None:
    """With its exception."""
    run = _prepare(factory, starter, how="break")
    run.post()
    ended = run.wait(SECONDS)
    assert (ended.status, ended.error["ErrorCode"]) == ("Failed", "JobManagerFailed")
    assert "told to break" in ended.error["Message"]


@pytest.mark.parametrize(
    ("change", "words"), [("poolId", "poolId is 'elsewhere'"), ("timeLimit", "timeLimit is 'soon'")]
)
def test_activity_fails_at_once_if_its_body_is_wrong(
    factory: DataFactory, starter: StarterProcess, client: BatchClient, change: str, words: str
) -> None:
    """There is no job then."""
    run = _prepare(factory, starter, parts=1)
    run.body[change] = {"poolId": "elsewhere", "timeLimit": "soon"}[change]
    answer = run.post()
    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert run.wait(0).status == "Failed"
    with pytest.raises(NotFoundError):
        client.get_job(f"chain-{run.body['runId']}")


def test_request_that_comes_again_makes_no_second_job(
    factory: DataFactory, starter: StarterProcess, client: BatchClient
) -> None:
    """While the job runs and after it: the same answer, one callback."""
    run = _prepare(factory, starter, parts=1)
    first, again = run.post().json()["jobId"], run.post().json()["jobId"]
    assert run.wait(SECONDS).status == "Succeeded"
    wait_for(lambda: client.get_job(first).state is JobState.COMPLETED, "the job completes")
    created = client.get_job(first).creation_time
    assert run.post().json()["jobId"] == first == again
    assert client.get_job(first).creation_time == created
    assert len(run.callbacks) == 1


def test_activity_is_told_of_a_pool_that_never_comes_up(factory: DataFactory, starter: StarterProcess) -> None:
    """Nothing of the job ever runs: the starter supervises it, and calls back in FinalizeTask's place."""
    run = _prepare(factory, starter, parts=1, poolId="empty")
    assert run.post().status_code == 202
    ended = run.wait(SECONDS)
    assert (ended.status, ended.error["ErrorCode"]) == ("Failed", "Stuck")
    assert "'empty'" in ended.error["Message"]


def test_job_of_a_starter_that_is_killed_after_its_answer_is_started_by_the_next(
    factory: DataFactory, stack: LocalStack, tmp_path: Path, client: BatchClient
) -> None:
    """Data Factory was told 202, and waits."""
    with StarterProcess(stack, tmp_path, POOLS) as first:
        run = _prepare(factory, first, parts=1)
        job_id = run.post().json()["jobId"]
        first.end(signal.SIGKILL)
    state = json.loads(client.storage.read("batch-manager-starter", f"jobs/{job_id}.json"))["state"]
    assert state in ("pending", "started")
    with StarterProcess(stack, tmp_path, POOLS):
        assert run.wait(SECONDS).status == "Succeeded"
    assert len(run.callbacks) == 1


def test_activity_succeeds_on_a_service_that_throttles_and_loses_replies(factory: DataFactory, tmp_path: Path) -> None:
    """Each run has one job and one callback, whatever the starter and the job had to send again."""
    faults = "seed=11; throttle=0.1:1; drop-reply=0.1@writes; drop-reply@create_job max=2; drop-reply=0.1@reads"
    with LocalStack(service_options=("--faults", faults)) as stack:
        client = local_client(stack)
        client.create_pool(PoolDefinition(id="pool", target_dedicated_nodes=1, task_slots_per_node=2))
        with StarterProcess(stack, tmp_path, ("pool",)) as starter:
            runs = [_prepare(factory, starter, parts=1) for _ in range(2)]
            assert [run.post().status_code for run in runs] == [202, 202]
            assert [run.wait(SECONDS).status for run in runs] == ["Succeeded", "Succeeded"]
        assert [len(run.callbacks) for run in runs] == [1, 1]


def test_activity_times_out_while_a_job_runs(
    factory: DataFactory, starter: StarterProcess, client: BatchClient
) -> None:
    """A timeout that is too short is Data Factory's own; the job goes on without it."""
    run = _prepare(factory, starter, parts=1, how="wait")
    job_id = run.post().json()["jobId"]
    assert run.wait(0.1).status == "TimedOut"
    wait_for(lambda: _exists(client, job_id), "the job is there")
    client.terminate_job(job_id, "the test is over")


def _exists(client: BatchClient, job_id: str) -> bool:
    try:
        client.get_job(job_id)
    except NotFoundError:
        return False
    return True


def test_starter_keeps_no_secret(
    factory: DataFactory, starter: StarterProcess, client: BatchClient, stack: LocalStack
) -> None:
    """Neither in its log nor, once the job is there, in its records; the job's container has the one copy."""
    run = _prepare(factory, starter, parts=1)
    run.post()
    run.wait(SECONDS)
    secret = run.body["callBackUri"].rpartition("=")[2]
    record = f"jobs/chain-{run.body['runId']}.json"
    wait_for(lambda: b'"ended"' in client.storage.read("batch-manager-starter", record), "the start is done")
    log = starter.log.read_text()
    assert '"accepted"' in log
    assert [word for word in (secret, KEY, stack.batch_key, stack.storage.key) if word in log] == []
    names = list(client.storage.list_blobs("batch-manager-starter"))
    assert [name for name in names if secret.encode() in client.storage.read("batch-manager-starter", name)] == []
