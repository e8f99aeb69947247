"""A job of 200 tasks is cancelled at any moment: it ends, its callback tells it, and nothing is left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from shlex import quote

import pytest

from batch_manager import BatchClient, JobRequest, submit_job
from batch_manager.cancelling import cancel_job
from batch_manager.definitions import JobState, PoolDefinition, TaskQuery
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.found_workload import FoundWorkload, find_workload
from batch_manager.outcome import ErrorCode
from batch_manager.supervision import supervise_job
from dispatcher.local import local_client
from dispatcher.receiver import CallbackReceiver
from dispatcher.stack import LocalStack
from dispatcher.watch import LOCAL_LIMITS
from tests.acceptance.conftest import WORKLOADS, processes_naming, wait_for

TASKS = 200
SLOTS = 8
POOL = "pool"

Moment = Callable[[BatchClient, str], bool]

MOMENTS: dict[str, Moment] = {
    "nothing runs yet": lambda client, job_id: True,
    "the job manager runs": lambda client, job_id: client.get_task_counts(job_id).running > 0,
    "tasks are being added": lambda client, job_id: client.get_task_counts(job_id).active > 10,
    "tasks run": lambda client, job_id: client.get_task_counts(job_id).running == SLOTS,
}
_numbers = count(1)


@pytest.fixture(scope="module", params=["good weather", "bad weather"])
def stack(request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    """A service that answers, or one that seldom does."""
    bad = "seed=3; throttle=0.05:none; drop-reply=0.05; busy=0.05; error=0.03"
    options = ("--faults", bad) if request.param == "bad weather" else ()
    with LocalStack(service_options=options) as running:
        local_client(running).create_pool(PoolDefinition(id=POOL, task_slots_per_node=SLOTS))
        yield running


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> FoundWorkload:
    """The workload."""
    monkeypatch.syspath_prepend(WORKLOADS)
    return find_workload("crowd")


def submit(found: FoundWorkload, stack: LocalStack, receiver: CallbackReceiver) -> tuple[BatchClient, str]:
    """Start a job."""
    client, job_id = local_client(stack), f"crowd-{next(_numbers)}"
    settings = {"PYTHONPATH": str(found.import_root), SECRETS_DIRECTORY: str(stack.secrets_folder)}
    request = JobRequest(
        job_id=job_id,
        pool_id=POOL,
        module=found.module,
        launcher=quote(sys.executable),
        parameters={"tasks": TASKS},
        callback_url=receiver.url,
        environment_settings=settings,
    )
    submit_job(found.make(client), client, request)
    return client, job_id


def waiters(stack: LocalStack) -> list[str]:
    """The processes of tasks that run."""
    return [line for line in processes_naming(stack.folder) if "task Waiter" in line or "/bin/sleep" in line]


@pytest.mark.parametrize("moment", MOMENTS)
def test_job_that_is_cancelled_ends_and_tells_it(crowd: FoundWorkload, stack: LocalStack, moment: str) -> None:
    """Whatever it is doing just then."""
    with CallbackReceiver() as receiver:
        client, job_id = submit(crowd, stack, receiver)
        wait_for(lambda: MOMENTS[moment](client, job_id), moment)
        if moment == "tasks run":
            wait_for(lambda: len(waiters(stack)) >= SLOTS, "they are processes")
        result = cancel_job(client, job_id, "no longer needed")
        outcome = supervise_job(client, job_id, LOCAL_LIMITS, interval=0.2)
        told = receiver.wait(10)
    assert (result.too_late, result.left) == (False, 0)
    assert (outcome.error_code, outcome.succeeded) == (ErrorCode.CANCELLED, 0)
    assert outcome.cancelled + outcome.missing + outcome.skipped == outcome.total
    assert told is not None
    assert told["Error"] == {"ErrorCode": "Cancelled", "Message": outcome.summary}
    assert len({delivery.key for delivery in receiver.deliveries}) == 1
    assert client.get_job(job_id).state is JobState.COMPLETED
    assert list(client.list_tasks(job_id, TaskQuery.NOT_ENDED)) == []
    wait_for(lambda: not waiters(stack), "nothing runs")
