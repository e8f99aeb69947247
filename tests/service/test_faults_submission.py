"""Faults of requests and the framework's own client: what it survives, and what it tells its caller."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.adding import add_all
from batch_manager.client import BatchClient
from batch_manager.definitions import JobDefinition, PoolDefinition, TaskDefinition
from batch_manager.errors import BusyError
from batch_manager.patience import Patience
from tests.service.support import Running
from tests.service.test_faults_http import put_in, serving

EAGER = Patience(limit=60, first_pause=0.01, max_pause=0.05)

TASKS = [TaskDefinition(id=f"task-{number}", command_line="/bin/true") for number in range(50)]


def framework_client(service: Running, **settings: object) -> BatchClient:
    """Return the framework's client, with a job."""
    given = BatchClientSettings(
        batch_endpoint=service.endpoint,
        batch_account_name=service.account,
        batch_account_key=service.key,
        storage_account_url="https://unused.blob.core.windows.net",
        **settings,
    )
    client = BatchClientFactory.create(given)
    manager = TaskDefinition(id="manager", command_line="/bin/true")
    client.create_job(JobDefinition(id="job", pool_id="no-such-pool", job_manager=manager))
    return client


@pytest.mark.parametrize(
    "plan",
    [
        "throttle:0@add-tasks max=2",
        "busy@add-tasks max=2",
        "error@add-tasks max=2",
        "throttle:none@add-tasks max=2",
        "drop-reply@add-tasks max=2",
        "drop-request@add-tasks max=2",
        "partial-add=0.3 max=20; seed=3",
        "throttle=0.3:none@add-tasks; drop-reply=0.3@add-tasks; partial-add=0.3; seed=4",
    ],
)
def test_submission_in_bad_weather_adds_each_task_once(tmp_path: Path, plan: str) -> None:
    """The caller notices nothing but the time."""
    with serving(tmp_path, plan) as service:
        client = framework_client(service)
        assert add_all(client, "job", TASKS, patience=EAGER) == len(TASKS)
        assert sorted(task.id for task in client.list_tasks("job")) == sorted(["manager", *(task.id for task in TASKS)])
    assert put_in(tmp_path)


def test_job_and_pool_whose_replies_are_lost_are_created_once(tmp_path: Path) -> None:
    """Found again when their creation is repeated, and compared."""
    with serving(tmp_path, "drop-reply@create_job max=1; drop-reply@create_pool max=1") as service:
        client = framework_client(service)
        client.create_pool(PoolDefinition(id="pool", target_dedicated_nodes=0))
        assert (client.get_job("job").pool_id, client.get_pool("pool").id) == ("no-such-pool", "pool")
    assert len(put_in(tmp_path)) == 2


def test_lists_go_on_after_a_page_that_was_refused(tmp_path: Path) -> None:
    """No task is told twice and none is left out, though pages in the middle are throttled."""
    with serving(tmp_path, "seed=2; throttle=0.4:none@list_tasks") as service:
        client = framework_client(service)
        add_all(client, "job", [TaskDefinition(id=str(n), command_line="a") for n in range(2_500)])
        ids = [task.id for task in client.list_tasks("job")]
        assert (len(ids), len(set(ids))) == (2_501, 2_501)
    assert put_in(tmp_path)


def test_account_that_stays_busy_is_told_after_the_limit(tmp_path: Path) -> None:
    """Not for ever, and with what was added."""
    with serving(tmp_path, "throttle:none@add-tasks") as service:
        client = framework_client(service)
        with pytest.raises(BusyError, match="0 tasks are added") as caught:
            add_all(client, "job", TASKS, patience=replace(EAGER, limit=0.1))
    assert (caught.value.status, caught.value.code) == (429, "TooManyRequests")


def test_time_that_the_service_asks_for_is_known(tmp_path: Path) -> None:
    """It is on the error, for who waits; and None where the service does not say."""
    with serving(tmp_path, "throttle:0@get_job; throttle:none@get_job_task_counts") as service:
        client = framework_client(service, patience_seconds=0)
        for ask, seconds in ((client.get_job, 0.0), (client.get_task_counts, None)):
            with pytest.raises(BusyError) as caught:
                ask("job")
            assert caught.value.retry_after == seconds
