"""Tasks: submission, outcomes, dependencies, verbs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from tests.clients.suites.sdk15.support import code_of, pool_options, present, text_of
from tests.clients.suites.support import Account, shell, wait_until

Run = Callable[..., models.BatchTask]
SATISFY = models.ExitOptions(dependency_action=models.DependencyAction.SATISFY)


def many(count: int, command: str = "true") -> list[models.BatchTaskCreateOptions]:
    """Return as many tasks."""
    return [models.BatchTaskCreateOptions(id=f"t{number:03}", command_line=command) for number in range(count)]


@pytest.fixture
def container(account: Account) -> Iterator[ContainerClient]:
    """A container of the case's own in the account's storage."""
    with ContainerClient.from_connection_string(account.storage, f"sdk15-{uuid.uuid4().hex}") as container:
        container.create_container()
        yield container
        container.delete_container()


def signed(container: ContainerClient) -> str:
    """Return the container's URL with the right to read, list and write."""
    token = generate_container_sas(
        present(container.account_name),
        container.container_name,
        account_key=container.credential.account_key,
        permission=ContainerSasPermissions(read=True, list=True, write=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{container.url}?{token}"


def test_task_tells_how_it_went(run: Run) -> None:
    """States, times, exit code and node."""
    task = run("true")
    info = present(task.execution_info)
    assert (info.exit_code, info.result, info.failure_info) == (0, "success", None)
    assert present(task.creation_time) <= present(info.start_time) <= present(info.end_time)
    assert present(task.node_info).pool_id == "sdk15"


@pytest.mark.parametrize("threads", [0, 4])
def test_many_tasks_are_added_in_chunks(client: BatchClient, pool: str, job: str, threads: int) -> None:
    """The client cuts the list into hundreds, from its end, and takes them all for submitted."""
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0).wait()
    result = client.create_tasks(job, many(250), max_concurrency=threads)
    values = present(result.result_values)
    assert {value.status for value in values} == {models.BatchTaskAddStatus.SUCCESS}
    assert len(values) == 250
    assert len({task.id for task in client.list_tasks(job, max_results=100)}) == 250


def test_refused_task_is_told_from_accepted_ones(client: BatchClient, job: str) -> None:
    """The status of a failure is spelt as this client compares it."""
    bad = models.BatchTaskCreateOptions(id="not an id", command_line="true")
    with pytest.raises(models.CreateTasksError) as caught:
        client.create_tasks(job, [*many(2), bad])
    assert [failure.task_id for failure in caught.value.failure_tasks] == ["not an id"]
    assert len(list(client.list_tasks(job))) == 2


def test_task_that_exists_counts_as_added(client: BatchClient, job: str) -> None:
    """A chunk that was lost on its way back may be sent again."""
    client.create_tasks(job, many(3))
    result = client.create_tasks(job, many(5))
    assert len(present(result.result_values)) == 5


def test_too_large_a_request_is_refused_and_halved(client: BatchClient, job: str) -> None:
    """A task above a megabyte goes nowhere; a chunk above it goes in parts."""
    with pytest.raises(HttpResponseError) as caught:
        client.create_task(job, many(1, "x" * 1_100_000)[0])
    assert (caught.value.status_code, code_of(caught.value)) == (413, "RequestBodyTooLarge")
    result = client.create_tasks(job, many(40, "true " + "x" * 60_000))
    assert len(present(result.result_values)) == 40


def test_list_is_filtered_selected_and_paged(client: BatchClient, job: str, run: Run) -> None:
    """The pages' links lead back to the service, and the filter goes with them."""
    for task_id in ("a1", "a2", "b1"):
        run("true", task_id)
    found = list(client.list_tasks(job, filter="startswith(id, 'a') and state eq 'completed'", max_results=1))
    assert [task.id for task in found] == ["a1", "a2"]
    found = list(client.list_tasks(job, select=["id", "state"]))
    assert {task.state for task in found} == {"completed"}
    assert not any(task.command_line for task in found)


def test_statistics_come_when_asked_for(client: BatchClient, job: str, run: Run) -> None:
    """Otherwise they stay away."""
    run("true")
    assert client.get_task(job, "task").task_statistics is None
    assert client.get_task(job, "task", expand=["stats"]).task_statistics is not None


def test_failures_have_azures_codes(run: Run) -> None:
    """An exit code, a program that is not there, a limit of time."""
    assert present(present(run(shell("exit 3"), "a").execution_info).failure_info).code == "FailureExitCode"
    info = present(run("no-such-program", "b").execution_info)
    assert (info.exit_code, present(info.failure_info).code) == (None, "CommandProgramNotFound")
    limit = models.BatchTaskConstraints(max_wall_clock_time=timedelta(milliseconds=200))
    assert present(present(run("sleep 60", "c", constraints=limit).execution_info).failure_info).code == "TaskEnded"


def test_retries_are_counted(run: Run) -> None:
    """Once, and then as often as it may."""
    limits = models.BatchTaskConstraints(max_task_retry_count=2)
    info = present(run("false", constraints=limits).execution_info)
    assert (info.retry_count, info.requeue_count, info.result) == (2, 0, "failure")


def test_dependencies_hold_back(client: BatchClient, job: str, run: Run) -> None:
    """By id and by range, until every parent satisfies."""
    wanted = models.BatchTaskDependencies(task_ids=["first"], task_id_ranges=[models.BatchTaskIdRange(start=1, end=2)])
    client.create_task(job, models.BatchTaskCreateOptions(id="child", command_line="true", depends_on=wanted))
    run(shell("exit 5"), "first", exit_conditions=models.ExitConditions(default=SATISFY))
    run("true", "1")
    assert client.get_task(job, "child").state == "active"
    run("true", "2")
    wait_until(lambda: client.get_task(job, "child").state == "completed")


def test_task_is_terminated_and_reactivated(client: BatchClient, job: str, run: Run) -> None:
    """A terminated task has failed; reactivated it runs again."""
    client.create_task(job, models.BatchTaskCreateOptions(id="task", command_line=shell("[ -e ../go ] || sleep 60")))
    wait_until(lambda: client.get_task(job, "task").state == "running")
    client.terminate_task(job, "task")
    wait_until(lambda: client.get_task(job, "task").state == "completed")
    assert present(present(client.get_task(job, "task").execution_info).failure_info).code == "TaskEnded"
    client.reactivate_task(job, "task")
    wait_until(lambda: client.get_task(job, "task").state == "running")
    client.delete_task(job, "task")


def test_constraints_are_replaced(client: BatchClient, job: str) -> None:
    """Nothing else of a task can be."""
    limits = models.BatchTaskConstraints(max_task_retry_count=3)
    client.create_task(job, models.BatchTaskCreateOptions(id="task", command_line="sleep 600", constraints=limits))
    task = client.get_task(job, "task")
    task.constraints = models.BatchTaskConstraints(max_task_retry_count=1)
    client.replace_task(job, "task", task)
    assert present(client.get_task(job, "task").constraints).max_task_retry_count == 1


def test_limits_that_are_none_can_be_read(client: BatchClient, job: str, run: Run) -> None:
    """The service writes them as Azure does: the longest duration that there is."""
    constraints = present(run("true").constraints)
    assert present(constraints.max_wall_clock_time) > timedelta(days=10_000_000)
    assert constraints.max_task_retry_count == 0


def test_deleted_task_is_gone(client: BatchClient, job: str, run: Run) -> None:
    """With Azure's code."""
    run("true")
    client.delete_task(job, "task")
    with pytest.raises(HttpResponseError) as caught:
        client.get_task(job, "task")
    assert (caught.value.status_code, code_of(caught.value)) == (404, "TaskNotFound")


def test_environment_has_batchs_variables(client: BatchClient, job: str, run: Run) -> None:
    """And the task's own."""
    settings = [models.EnvironmentSetting(name="WORD", value="hello")]
    run(shell("echo $WORD $AZ_BATCH_JOB_ID $AZ_BATCH_TASK_ID; pwd"), environment_settings=settings)
    first, folder = text_of(client, job, "task").splitlines()
    assert first == f"hello {job} task"
    assert folder.endswith(f"/workitems/{job}/job-1/task/wd")


def test_files_come_from_a_container_and_go_to_one(
    client: BatchClient, job: str, run: Run, container: ContainerClient
) -> None:
    """Each by a signed address; standard output goes too."""
    container.upload_blob("in/word.txt", b"hello")
    source = models.ResourceFile(storage_container_url=signed(container), blob_prefix="in/")
    target = models.OutputFileBlobContainerDestination(container_url=signed(container), path="out")
    output = models.OutputFile(
        file_pattern="../std*.txt",
        destination=models.OutputFileDestination(container=target),
        upload_options=models.OutputFileUploadConfiguration(upload_condition="taskcompletion"),
    )
    task = run(shell("cat in/word.txt"), resource_files=[source], output_files=[output])
    assert present(task.execution_info).result == "success"
    assert container.download_blob("out/stdout.txt").readall() == b"hello"


def test_missing_resource_file_is_a_failure_before_the_start(run: Run, container: ContainerClient) -> None:
    """The task has no exit code."""
    missing = models.ResourceFile(http_url=signed(container).replace("?", "/none?"), file_path="none")
    info = present(run("true", resource_files=[missing]).execution_info)
    assert (info.exit_code, info.result) == (None, "failure")
    assert present(info.failure_info).code is not None


def test_multi_instance_task_has_subtasks(client: BatchClient, name: str) -> None:
    """The primary sees the hosts, and every instance ran the coordination command."""
    client.create_pool(
        pool_options(name, target_dedicated_nodes=2, enable_inter_node_communication=True, task_slots_per_node=1)
    )
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    settings = models.MultiInstanceSettings(number_of_instances=2, coordination_command_line=shell("echo here"))
    command = shell("echo $AZ_BATCH_HOST_LIST")
    task = models.BatchTaskCreateOptions(id="mpi", command_line=command, multi_instance_settings=settings)
    client.create_task(name, task)
    wait_until(lambda: client.get_task(name, "mpi").state == "completed")
    hosts = text_of(client, name, "mpi").split()[-1].split(",")
    assert (len(hosts), len(set(hosts))) == (2, 2)
    assert [subtask.state for subtask in client.list_subtasks(name, "mpi")] == ["completed"]
    client.begin_delete_job(name, polling_interval=0).wait()
    client.begin_delete_pool(name, polling_interval=0).wait()
