"""azure-batch 15.1, the synchronous client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from tests.clients.suites.sdk15.support import pool_options
from tests.clients.suites.support import Account, account, wait_until

POOL = "sdk15"


@pytest.fixture(scope="session", name="account")
def _account() -> Account:
    return account()


@pytest.fixture(scope="session")
def client(account: Account) -> Iterator[BatchClient]:
    """A client with the account's key, over plain http."""
    with BatchClient(account.http, AzureNamedKeyCredential(account.name, account.key)) as client:
        yield client


@pytest.fixture(scope="session")
def pool(client: BatchClient) -> Iterator[str]:
    """A pool of two nodes with two slots each."""
    client.create_pool(pool_options(POOL, target_dedicated_nodes=2, task_slots_per_node=2))
    yield POOL
    client.begin_delete_pool(POOL, polling_interval=0).wait()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An id of the case's own."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"sdk15-{request.node.name.removeprefix('test_')}")[:64]


@pytest.fixture
def make_job(client: BatchClient, pool: str, name: str) -> Iterator[Callable[..., str]]:
    """Makes jobs of the case's own; they are deleted at its end."""
    made: list[str] = []

    def make(suffix: str = "", **options: Any) -> str:
        job_id = f"{name[: 64 - len(suffix)]}{suffix}"
        info = options.pop("pool_info", models.BatchPoolInfo(pool_id=pool))
        client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=info, **options))
        made.append(job_id)
        return job_id

    yield make
    for job_id in made:
        client.begin_delete_job(job_id, polling_interval=0).wait()


@pytest.fixture
def job(make_job: Callable[..., str]) -> str:
    """A job whose tasks may depend on one another."""
    return make_job(uses_task_dependencies=True)


@pytest.fixture
def run(client: BatchClient, job: str) -> Callable[..., models.BatchTask]:
    """Runs a command as a task of the job and returns the completed task."""

    def run_task(command: str, task_id: str = "task", **options: Any) -> models.BatchTask:
        client.create_task(job, models.BatchTaskCreateOptions(id=task_id, command_line=command, **options))
        wait_until(lambda: client.get_task(job, task_id).state == models.BatchTaskState.COMPLETED)
        return client.get_task(job, task_id)

    return run_task
