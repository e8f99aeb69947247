"""Faults of requests and the framework's own client: what it survives, and what it tells its caller."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.adding import add_all
from batch_manager.client import BatchClient
from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.errors import BusyError
from tests.service.support import Running
from tests.service.test_faults_http import put_in, serving

TASKS = [TaskDefinition(id=f"task-{number}", command_line="/bin/true") for number in range(50)]


def framework_client(service: Running) -> BatchClient:
    """Return the framework's client, with a job."""
    settings = BatchClientSettings(
        batch_endpoint=service.endpoint,
        batch_account_name=service.account,
        batch_account_key=service.key,
        storage_account_url="https://unused.blob.core.windows.net",
    )
    client = BatchClientFactory.create(settings)
    manager = TaskDefinition(id="manager", command_line="/bin/true")
    client.create_job(JobDefinition(id="job", pool_id="no-such-pool", job_manager=manager))
    return client


def add_until_done(client: BatchClient) -> int:
    """Add the tasks as a job manager that is run again does; return how often that took a repetition."""
    for repetitions in range(50):
        try:
            add_all(client, "job", TASKS)
        except BusyError:
            continue
        return repetitions
    raise AssertionError("the tasks were never added")


@pytest.mark.parametrize("plan", ["throttle:0@add-tasks max=2", "busy@add-tasks max=2", "error@add-tasks max=2"])
def test_passing_refusal_is_survived(tmp_path: Path, plan: str) -> None:
    """The caller notices nothing."""
    with serving(tmp_path, plan) as service:
        client = framework_client(service)
        add_all(client, "job", TASKS)
        assert len(list(client.list_tasks("job"))) == len(TASKS) + 1
    assert len(put_in(tmp_path)) == 2


@pytest.mark.parametrize(
    "plan",
    [
        "throttle:none@add-tasks max=2",
        "drop-reply@add-tasks max=2",
        "drop-request@add-tasks max=2",
        "seed=3; partial-add=0.1 max=5",
    ],
)
def test_submission_repeated_adds_each_task_once(tmp_path: Path, plan: str) -> None:
    """What the client does not repeat by itself is told as something to try again, and trying again is safe."""
    with serving(tmp_path, plan) as service:
        client = framework_client(service)
        assert add_until_done(client) > 0
        assert sorted(task.id for task in client.list_tasks("job")) == sorted(["manager", *(task.id for task in TASKS)])
