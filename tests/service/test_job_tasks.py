"""Job preparation and release tasks with real processes, through the official client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient, models
from azure.batch.models._models import BatchJobTerminateOptions  # 15.1 takes it and does not export it
from azure.core.exceptions import ResourceExistsError

from tests.service.support import code_of, present, wait_until

SHELL = "/bin/sh -c '{}'"
POOL = models.BatchPoolInfo(pool_id="pool")


def create(client: BatchClient, job_id: str, command: str) -> None:
    """Add a job that is prepared by a command and released by another."""
    first = models.BatchJobPreparationTask(command_line=SHELL.format(command))
    last = models.BatchJobReleaseTask(command_line=SHELL.format("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made"))
    options = models.BatchJobCreateOptions(id=job_id, pool_info=POOL, job_preparation_task=first, job_release_task=last)
    client.create_job(options)


def status(client: BatchClient, job_id: str) -> models.BatchJobPreparationAndReleaseTaskStatus:
    """Return the status of the one node."""
    (only,) = client.list_job_preparation_and_release_task_status(job_id)
    return only


@pytest.fixture
def prepared(client: BatchClient, name: str) -> Iterator[str]:
    """Return the id of a job whose preparation task makes a file."""
    create(client, name, "echo ready > made")
    yield name
    client.begin_delete_job(name, polling_interval=0).wait()


def test_task_finds_what_its_preparation_task_made(client: BatchClient, prepared: str) -> None:
    """The preparation task has ended before the task starts, and its working directory can be read."""
    command = SHELL.format("cat $AZ_BATCH_JOB_PREP_WORKING_DIR/made")
    client.create_task(prepared, models.BatchTaskCreateOptions(id="task", command_line=command))
    wait_until(lambda: client.get_task(prepared, "task").state == models.BatchTaskState.COMPLETED)
    assert b"".join(client.download_task_file(prepared, "task", "stdout.txt")) == b"ready\n"
    info = present(status(client, prepared).job_preparation_task_execution_info)
    assert (info.state, info.exit_code, info.retry_count) == (models.BatchJobPreparationTaskState.COMPLETED, 0, 0)
    assert info.result == models.BatchTaskExecutionResult.SUCCESS


def test_release_task_runs_before_its_job_is_completed(client: BatchClient, prepared: str) -> None:
    """Its output can be read on the node where it ran, at the folder that the list names."""
    client.create_task(prepared, models.BatchTaskCreateOptions(id="task", command_line="true"))
    wait_until(lambda: client.get_task(prepared, "task").state == models.BatchTaskState.COMPLETED)
    options = BatchJobTerminateOptions(termination_reason="done")
    client.begin_terminate_job(prepared, options=options, polling_interval=0).wait()
    wait_until(lambda: client.get_job(prepared).state == models.BatchJobState.COMPLETED)
    shown = status(client, prepared)
    info = present(shown.job_release_task_execution_info)
    path = f"{info.task_root_directory}/stdout.txt"
    content = client.download_node_file(present(shown.pool_id), present(shown.node_id), path)
    assert (info.exit_code, b"".join(content)) == (0, b"ready\n")


def test_failed_preparation_keeps_tasks_active(client: BatchClient, name: str) -> None:
    """With every node barred the task waits, and the list says why."""
    create(client, name, "exit 3")
    client.create_task(name, models.BatchTaskCreateOptions(id="task", command_line="true"))

    def is_prepared() -> bool:
        nodes = list(client.list_job_preparation_and_release_task_status(name))
        infos = [present(node.job_preparation_task_execution_info) for node in nodes]
        return bool(infos) and all(info.state == models.BatchJobPreparationTaskState.COMPLETED for info in infos)

    wait_until(is_prepared)
    info = present(status(client, name).job_preparation_task_execution_info)
    assert (info.exit_code, present(info.failure_info).code) == (3, "FailureExitCode")
    assert client.get_task(name, "task").state == models.BatchTaskState.ACTIVE
    client.begin_delete_job(name, polling_interval=0).wait()


def test_status_can_be_filtered_and_selected(client: BatchClient, prepared: str) -> None:
    """The list takes the filters and names that Microsoft's page lists."""
    client.create_task(prepared, models.BatchTaskCreateOptions(id="task", command_line="true"))
    wait_until(lambda: client.get_task(prepared, "task").state == models.BatchTaskState.COMPLETED)
    list_status = client.list_job_preparation_and_release_task_status
    failed = list(list_status(prepared, filter="jobPreparationTaskExecutionInfo/exitCode ne 0"))
    (found,) = list_status(prepared, filter="jobPreparationTaskExecutionInfo/result eq 'success'", select=["poolId"])
    assert (failed, found.pool_id, found.node_id) == ([], "pool", None)


def test_status_of_a_job_without_preparation_is_refused(client: BatchClient, job: str) -> None:
    """Azure answers 409."""
    with pytest.raises(ResourceExistsError) as caught:
        list(client.list_job_preparation_and_release_task_status(job))
    assert code_of(caught.value) == "JobPreparationTaskNotSpecified"


def test_failed_task_terminates_a_job_that_performs_exit_options(client: BatchClient, name: str) -> None:
    """The reason is Azure's."""
    mode = models.BatchTaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=POOL, task_failure_mode=mode))
    client.create_task(name, models.BatchTaskCreateOptions(id="task", command_line="false"))
    wait_until(lambda: client.get_job(name).state == models.BatchJobState.COMPLETED)
    assert present(client.get_job(name).execution_info).termination_reason == "TaskFailed"
