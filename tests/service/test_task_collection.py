"""Adding many tasks, through the official client with its chunks, retries and traps."""

from __future__ import annotations

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.service.support import code_of, present, wait_until


def tasks_of(count: int, command: str = "true") -> list[models.BatchTaskCreateOptions]:
    """Return tasks ``t0``, ``t1``, ..."""
    return [models.BatchTaskCreateOptions(id=f"t{index}", command_line=command) for index in range(count)]


def test_250_tasks_are_added_and_run(client: BatchClient, job: str) -> None:
    """More tasks than one request may hold are added in chunks, and all of them run."""
    client.create_tasks(job, tasks_of(250))
    wait_until(lambda: client.get_job_task_counts(job).task_counts.succeeded == 250)
    assert len(list(client.list_tasks(job, select=["id"], max_results=100))) == 250


def test_each_task_has_a_result_of_its_own(client: BatchClient, job: str) -> None:
    """What can be added is added; the rest says why it is not, in the lower case that clients compare with."""
    client.create_task(job, models.BatchTaskCreateOptions(id="t0", command_line="true"))
    tasks = [*tasks_of(2), models.BatchTaskCreateOptions(id="no good", command_line="true")]
    results = present(client.create_task_collection(job, models.BatchTaskGroup(task_values=tasks)).result_values)
    assert [(item.task_id, item.status) for item in results] == [
        ("t0", models.BatchTaskAddStatus.CLIENT_ERROR),
        ("t1", models.BatchTaskAddStatus.SUCCESS),
        ("no good", models.BatchTaskAddStatus.CLIENT_ERROR),
    ]
    assert [item.error.code for item in results if item.error] == ["TaskExists", "InvalidPropertyValue"]


def test_refused_tasks_reach_the_caller(client: BatchClient, job: str) -> None:
    """create_tasks raises for a task that is refused, and adds the others."""
    tasks = [*tasks_of(3), models.BatchTaskCreateOptions(id="no good", command_line="true")]
    with pytest.raises(models.CreateTasksError) as caught:
        client.create_tasks(job, tasks)
    assert [item.task_id for item in caught.value.failure_tasks] == ["no good"]
    wait_until(lambda: client.get_job_task_counts(job).task_counts.succeeded == 3)


def test_chunk_that_is_too_large_is_halved(client: BatchClient, job: str) -> None:
    """A body over 1 MB is refused so that the client sends less at a time."""
    client.create_tasks(job, tasks_of(20, command=f"/bin/echo {'x' * 100_000}"))
    counts = client.get_job_task_counts(job).task_counts
    assert counts.active + counts.running + counts.completed == 20


def test_single_task_that_is_too_large_is_an_error(client: BatchClient, job: str) -> None:
    """What no chunk can hold is refused for good."""
    with pytest.raises(models.CreateTasksError):
        client.create_tasks(job, tasks_of(1, command="x" * 1_100_000))


def test_more_than_100_tasks_in_one_request_are_refused(client: BatchClient, job: str) -> None:
    """One request holds at most 100 tasks."""
    with pytest.raises(HttpResponseError) as caught:
        client.create_task_collection(job, models.BatchTaskGroup(task_values=tasks_of(101)))
    assert code_of(caught.value) == "InvalidPropertyValue"
