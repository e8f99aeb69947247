"""azure-batch 14.2, the client before the new one, with an older version of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.batch import BatchServiceClient, models

from tests.clients.suites.sdk14.support import connect, pool_parameter
from tests.clients.suites.support import Account, account, wait_until

POOL = "sdk14"


@pytest.fixture(scope="session", name="account")
def _account() -> Account:
    return account()


@pytest.fixture(scope="session")
def client(account: Account) -> BatchServiceClient:
    """A client with the account's key, over plain http."""
    return connect(account, account.http)


@pytest.fixture(scope="session")
def pool(client: BatchServiceClient) -> Iterator[str]:
    """A pool of one node with four slots."""
    client.pool.add(pool_parameter(POOL, target_dedicated_nodes=1, task_slots_per_node=4))
    yield POOL
    client.pool.delete(POOL)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An id of the case's own."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"sdk14-{request.node.name.removeprefix('test_')}")[:64]


@pytest.fixture
def make_job(client: BatchServiceClient, pool: str, name: str) -> Iterator[Callable[..., str]]:
    """Makes the case's own job; it is deleted at the end."""
    made: list[str] = []

    def make(**options: Any) -> str:
        client.job.add(models.JobAddParameter(id=name, pool_info=models.PoolInformation(pool_id=pool), **options))
        made.append(name)
        return name

    yield make
    for job_id in made:
        client.job.delete(job_id)


@pytest.fixture
def job(make_job: Callable[..., str]) -> str:
    """A job whose tasks may depend on one another."""
    return make_job(uses_task_dependencies=True)


@pytest.fixture
def run(client: BatchServiceClient, job: str) -> Callable[..., models.CloudTask]:
    """Runs a command as a task of the job and returns the completed task."""

    def run_task(command: str, task_id: str = "task", **options: Any) -> models.CloudTask:
        client.task.add(job, models.TaskAddParameter(id=task_id, command_line=command, **options))
        wait_until(lambda: client.task.get(job, task_id).state == models.TaskState.completed)
        return client.task.get(job, task_id)

    return run_task
