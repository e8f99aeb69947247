"""The service as a process of its own, and Microsoft's client to talk to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.batch import BatchClient, models

from tests.service.support import DEADLINE, Running, connect, pool_options, start_service, wait_until


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Return a running service with a pool named ``pool``."""
    data = tmp_path_factory.mktemp("service")
    with start_service(data) as process:
        running = connect(process, data)
        running.client().create_pool(pool_options("pool"))
        yield running
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


@pytest.fixture(scope="session")
def service_client(service: Running) -> Iterator[BatchClient]:
    """Return a client for what tests share."""
    with service.client() as client:
        yield client


@pytest.fixture
def client(service: Running) -> Iterator[BatchClient]:
    """Return a client of the running service."""
    with service.client() as client:
        yield client


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return an id of the test's own."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", request.node.name)[-64:]


@pytest.fixture
def job(client: BatchClient, name: str) -> Iterator[str]:
    """Return the id of a job with task dependencies, of the test's own; what runs of it at the end is ended."""
    info = models.BatchPoolInfo(pool_id="pool")
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=info, uses_task_dependencies=True))
    yield name
    client.begin_delete_job(name, polling_interval=0).wait()


@pytest.fixture
def run(client: BatchClient, job: str) -> Callable[..., models.BatchTask]:
    """Return a function that runs a command as a task of the job, and returns the completed task."""

    def run_task(command: str, task_id: str = "task", **options: Any) -> models.BatchTask:
        quoted = command.replace("'", "'\\''")
        client.create_task(
            job, models.BatchTaskCreateOptions(id=task_id, command_line=f"/bin/sh -c '{quoted}'", **options)
        )
        wait_until(lambda: client.get_task(job, task_id).state == models.BatchTaskState.COMPLETED)
        return client.get_task(job, task_id)

    return run_task
