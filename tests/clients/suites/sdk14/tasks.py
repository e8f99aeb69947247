"""Tasks and files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import BatchServiceClient, models
from azure.batch.custom.custom_errors import CreateTasksErrorException

from tests.clients.suites.sdk14.support import Run, refused, text
from tests.clients.suites.support import shell, wait_until


def many(count: int, command: str = "true") -> list[models.TaskAddParameter]:
    """Return as many tasks."""
    return [models.TaskAddParameter(id=f"t{number:03}", command_line=command) for number in range(count)]


def test_task_tells_how_it_went(run: Run) -> None:
    """Its exit code, its result, why it failed."""
    info = run(shell("exit 3")).execution_info
    assert (info.exit_code, info.result) == (3, models.TaskExecutionResult.failure)
    assert (info.failure_info.category, info.failure_info.code) == (models.ErrorCategory.user_error, "FailureExitCode")


@pytest.mark.parametrize("threads", [0, 3])
def test_many_tasks_are_added_in_chunks(client: BatchServiceClient, job: str, threads: int) -> None:
    """With every signature right, however many threads sign."""
    result = client.task.add_collection(job, many(250), threads=threads)
    assert {value.status for value in result.value} == {models.TaskAddStatus.success}
    options = models.TaskListOptions(max_results=100, select="id")
    assert len({task.id for task in client.task.list(job, options)}) == 250


def test_refused_task_is_told_from_accepted_ones(client: BatchServiceClient, job: str) -> None:
    """By its status."""
    bad = models.TaskAddParameter(id="not an id", command_line="true")
    with pytest.raises(CreateTasksErrorException) as caught:
        client.task.add_collection(job, [*many(2), bad])
    assert [failure.task_id for failure in caught.value.failure_tasks] == ["not an id"]


def test_too_large_a_request_is_halved(client: BatchServiceClient, job: str) -> None:
    """Each part is below a megabyte; one task above it is refused."""
    assert len(client.task.add_collection(job, many(40, "true " + "x" * 60_000)).value) == 40
    with refused(413, "RequestBodyTooLarge"):
        client.task.add(job, many(1, "x" * 1_100_000)[0])


def test_list_is_filtered_and_selected(client: BatchServiceClient, job: str, run: Run) -> None:
    """What is not selected is absent."""
    for task_id in ("a1", "a2", "b1"):
        run("true", task_id)
    options = models.TaskListOptions(filter="startswith(id,'a') and state eq 'completed'", select="id", max_results=1)
    assert [(task.id, task.command_line) for task in client.task.list(job, options)] == [("a1", None), ("a2", None)]


def test_dependent_waits_for_its_parents(client: BatchServiceClient, job: str, run: Run) -> None:
    """By id and by range."""
    wanted = models.TaskDependencies(task_ids=["first"], task_id_ranges=[models.TaskIdRange(start=1, end=1)])
    client.task.add(job, models.TaskAddParameter(id="child", command_line="true", depends_on=wanted))
    satisfy = models.ExitConditions(default=models.ExitOptions(dependency_action="satisfy"))
    run("false", "first", exit_conditions=satisfy)
    assert client.task.get(job, "child").state == "active"
    run("true", "1")
    wait_until(lambda: client.task.get(job, "child").state == "completed")


def test_task_is_terminated_reactivated_and_deleted(client: BatchServiceClient, job: str, run: Run) -> None:
    """Each verb takes effect before its answer."""
    limits = models.TaskConstraints(max_wall_clock_time=timedelta(milliseconds=100), max_task_retry_count=2)
    assert run("sleep 600", constraints=limits).execution_info.failure_info.code == "TaskEnded"
    client.task.reactivate(job, "task")
    client.task.delete(job, "task")
    with refused(404, "TaskNotFound"):
        client.task.get(job, "task")


def test_constraints_are_updated(client: BatchServiceClient, job: str) -> None:
    """Nothing else of a task can be."""
    client.task.add(job, models.TaskAddParameter(id="task", command_line="sleep 600"))
    client.task.update(job, "task", models.TaskConstraints(max_task_retry_count=3))
    assert client.task.get(job, "task").constraints.max_task_retry_count == 3
    client.task.terminate(job, "task")
    wait_until(lambda: client.task.get(job, "task").state == "completed")


def test_limits_that_are_none_can_be_read(run: Run) -> None:
    """The service writes them as Azure does: the longest duration that there is."""
    assert run("true").constraints.max_wall_clock_time > timedelta(days=10_000_000)


def test_files_are_listed_read_and_deleted(client: BatchServiceClient, job: str, run: Run) -> None:
    """Sizes are numbers, a slice is answered 200, a name may hold what an address must escape."""
    path = "wd/out dir/a+b%41.txt"
    run(shell('mkdir "out dir"; printf 0123456789 > "out dir/a+b%41.txt"'))
    files = {found.name: found for found in client.file.list_from_task(job, "task", recursive=True)}
    assert (files[path].properties.content_length, files["wd"].is_directory) == (10, True)
    part = models.FileGetFromTaskOptions(ocp_range="bytes=2-4")
    assert text(client.file.get_from_task(job, "task", path, part)) == "234"
    headers = client.file.get_properties_from_task(job, "task", path, raw=True).headers
    assert (int(headers["Content-Length"]), headers["ocp-batch-file-isdirectory"]) == (10, False)
    client.file.delete_from_task(job, "task", path)
    with refused(404, "FileNotFound"):
        client.file.get_from_task(job, "task", path)


def test_files_of_a_node_are_read(client: BatchServiceClient, job: str, run: Run) -> None:
    """By the node's name for the task's folder."""
    info = run(shell("echo said")).node_info
    path = f"{info.task_root_directory}/stdout.txt"
    assert text(client.file.get_from_compute_node(info.pool_id, info.node_id, path)) == "said\n"
    names = {found.name for found in client.file.list_from_compute_node(info.pool_id, info.node_id, recursive=True)}
    assert path in names


def test_bad_filter_is_refused(client: BatchServiceClient, job: str) -> None:
    """Before anything is listed; a page's size this client checks itself."""
    with pytest.raises(models.BatchErrorException) as caught:
        list(client.task.list(job, models.TaskListOptions(filter="nothing eq 'x'")))
    assert caught.value.response.status_code == 400
