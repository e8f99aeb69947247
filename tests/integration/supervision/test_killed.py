"""A supervisor that is killed anywhere: started again, it ends the job and tells it once, with one key."""

import json
from datetime import timedelta

import pytest

from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.naming import CALLBACK_BLOB, FINALIZE_TASK_ID, container_name
from batch_manager.supervision import SupervisionLimits, supervise_job
from batch_manager.testing import InMemoryBatchClient
from dispatcher.receiver import CallbackReceiver
from tests.support.interrupting import Interruption, Requests, interrupt

AT_ONCE = SupervisionLimits(pool_missing=timedelta(0))


class Killed(BaseException):
    """The process is no more."""


def make_stuck_job(receiver: CallbackReceiver) -> InMemoryBatchClient:
    """A job whose pool is not there."""
    client = InMemoryBatchClient()
    manager = TaskDefinition(id="job-manager", command_line="manage")
    client.create_job(JobDefinition(id="job", pool_id="nowhere", job_manager=manager))
    client.storage.create_container(container_name("job"))
    client.storage.upload(container_name("job"), CALLBACK_BLOB, json.dumps({"callBackUri": receiver.url}).encode())
    client.add_tasks("job", [TaskDefinition(id=task_id, command_line="work") for task_id in ("1", FINALIZE_TASK_ID)])
    return client


def supervise_and_be_killed(client: InMemoryBatchClient, number: int, when: Interruption) -> bool:
    """Whether there were so many requests."""
    requests = Requests(number, when, Killed())
    try:
        supervise_job(interrupt(client, number, when, Killed(), requests), "job", AT_ONCE, interval=0)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("when", Interruption)
def test_callback_is_sent_with_one_key_wherever_the_supervisor_is_killed(when: Interruption) -> None:
    """And twice only if it was killed between the POST and the marker."""
    number, twice = 1, []
    while True:
        with CallbackReceiver() as receiver:
            client = make_stuck_job(receiver)
            killed = supervise_and_be_killed(client, number, when)
            supervise_job(client, "job", AT_ONCE, interval=0)
            assert len({delivery.key for delivery in receiver.deliveries}) == 1
            assert len({delivery.content for delivery in receiver.deliveries}) == 1
            if len(receiver.deliveries) == 2:
                twice.append(number)
        if not killed:
            break
        number += 1
    assert number > 20
    assert len(twice) == (1 if when is Interruption.BEFORE else 0)
