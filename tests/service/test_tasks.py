"""Tasks with real processes, through the official client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.service.support import code_of, pool_options, present, wait_until

Run = Callable[..., models.BatchTask]
SATISFY = models.ExitOptions(dependency_action=models.DependencyAction.SATISFY)


def test_completed_task_tells_how_it_went(run: Run) -> None:
    """A task's body holds its states, times, exit code and node."""
    task = run("exit 0")
    info = present(task.execution_info)
    assert (info.exit_code, info.result, info.retry_count, info.failure_info) == (0, "success", 0, None)
    assert task.previous_state == models.BatchTaskState.RUNNING
    assert present(task.creation_time) <= present(info.start_time) <= present(info.end_time)
    node = present(task.node_info)
    assert (node.pool_id, node.task_root_directory) == ("pool", f"workitems/{task.url.split('/')[-3]}/job-1/task")


def test_failed_task_tells_why(run: Run) -> None:
    """An exit code other than 0 is a failure of the user's."""
    info = present(run("exit 3").execution_info)
    assert (info.exit_code, info.result) == (3, "failure")
    assert (present(info.failure_info).category, present(info.failure_info).code) == ("UserError", "FailureExitCode")


def test_command_that_does_not_exist_has_no_exit_code(client: BatchClient, job: str) -> None:
    """A command line that names no program fails before it starts."""
    client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="no-such-program"))
    wait_until(lambda: client.get_task(job, "a").state == models.BatchTaskState.COMPLETED)
    info = present(client.get_task(job, "a").execution_info)
    assert (info.exit_code, present(info.failure_info).code) == (None, "CommandProgramNotFound")


def test_task_sees_its_environment(client: BatchClient, run: Run) -> None:
    """The task's own settings and Batch's are in its environment."""
    settings = [models.EnvironmentSetting(name="WORD", value="hello")]
    task = run("echo $WORD $AZ_BATCH_TASK_ID $AZ_BATCH_POOL_ID", environment_settings=settings)
    job_id = task.url.split("/")[-3]
    assert b"".join(client.download_task_file(job_id, "task", "stdout.txt")) == b"hello task pool\n"


def test_tasks_run_on_the_nodes_of_their_affinity(client: BatchClient) -> None:
    """Of two idle nodes, each task has the one that it names."""
    client.create_pool(pool_options("affinity", target_dedicated_nodes=2))
    wait_until(lambda: [node.state for node in client.list_nodes("affinity")] == [models.BatchNodeState.IDLE] * 2)
    client.create_job(models.BatchJobCreateOptions(id="affinity", pool_info=models.BatchPoolInfo(pool_id="affinity")))
    for node in client.list_nodes("affinity"):
        wanted = models.BatchAffinityInfo(affinity_id=present(node.affinity_id))
        client.create_task(
            "affinity", models.BatchTaskCreateOptions(id=node.id, command_line="true", affinity_info=wanted)
        )
        wait_until(lambda: not list(client.list_tasks("affinity", filter="state ne 'completed'")))
        assert present(client.get_task("affinity", node.id).node_info).node_id == node.id
    client.begin_delete_job("affinity")
    client.begin_delete_pool("affinity")


def test_task_is_retried_as_often_as_allowed(run: Run) -> None:
    """A failing task runs once and then as often as its retries allow."""
    info = present(run("exit 1", constraints=models.BatchTaskConstraints(max_task_retry_count=2)).execution_info)
    assert (info.retry_count, info.requeue_count, info.result) == (2, 0, "failure")


def test_task_over_its_wall_clock_limit_is_ended(run: Run) -> None:
    """A task that runs too long fails, and no retry makes up for it."""
    limits = models.BatchTaskConstraints(max_wall_clock_time=timedelta(milliseconds=200), max_task_retry_count=3)
    info = present(run("sleep 600", constraints=limits).execution_info)
    assert (info.result, present(info.failure_info).code, info.retry_count) == ("failure", "TaskEnded", 0)


def test_dependent_runs_after_its_parents(client: BatchClient, job: str, run: Run) -> None:
    """A task with dependencies starts once ids and ranges are satisfied."""
    ranges = [models.BatchTaskIdRange(start=1, end=2)]
    wanted = models.BatchTaskDependencies(task_ids=["first"], task_id_ranges=ranges)
    client.create_task(job, models.BatchTaskCreateOptions(id="child", command_line="true", depends_on=wanted))
    for task_id in ("first", "1"):
        run("true", task_id)
    assert client.get_task(job, "child").state == models.BatchTaskState.ACTIVE
    run("true", "2")
    wait_until(lambda: client.get_task(job, "child").state == models.BatchTaskState.COMPLETED)


def test_failed_parent_satisfies_if_its_conditions_say_so(client: BatchClient, job: str, run: Run) -> None:
    """The action belongs to the parent and covers every dependent."""
    run("exit 9", "first", exit_conditions=models.ExitConditions(default=SATISFY))
    wanted = models.BatchTaskDependencies(task_ids=["first"])
    run("true", "child", depends_on=wanted)
    assert present(client.get_task(job, "child").execution_info).result == "success"


def test_dependencies_need_the_jobs_consent(client: BatchClient, name: str) -> None:
    """A job that does not say usesTaskDependencies takes no dependent tasks."""
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="pool")))
    wanted = models.BatchTaskDependencies(task_ids=["x"])
    with pytest.raises(HttpResponseError) as caught:
        client.create_task(name, models.BatchTaskCreateOptions(id="a", command_line="true", depends_on=wanted))
    assert code_of(caught.value) == "TaskDependenciesNotSpecifiedOnJob"


def test_dependency_list_that_is_too_long_is_refused(client: BatchClient, job: str) -> None:
    """Ids may have 64,000 characters together."""
    wanted = models.BatchTaskDependencies(task_ids=[f"{index:064}" for index in range(1001)])
    with pytest.raises(HttpResponseError) as caught:
        client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="true", depends_on=wanted))
    assert code_of(caught.value) == "TaskDependencyListTooLong"


@pytest.mark.parametrize(
    ("changes", "named", "code"),
    [
        ({"id": "a b"}, "id", "InvalidPropertyValue"),
        ({"command_line": ""}, "commandLine", "InvalidPropertyValue"),
        ({"display_name": "x" * 1025}, "displayName", "InvalidPropertyValue"),
        ({"required_slots": 0}, "requiredSlots", "InvalidPropertyValue"),
        (
            {"constraints": models.BatchTaskConstraints(max_task_retry_count=-2)},
            "constraints.maxTaskRetryCount",
            "InvalidConstraintValue",
        ),
    ],
)
def test_value_out_of_bounds_is_refused_by_name(
    client: BatchClient, job: str, changes: dict[str, Any], named: str, code: str
) -> None:
    """The error names the property."""
    options = models.BatchTaskCreateOptions(**{"id": "a", "command_line": "true", **changes})
    with pytest.raises(HttpResponseError) as caught:
        client.create_task(job, options)
    assert code_of(caught.value) == code
    assert [item.value for item in present(caught.value.model).error_values if item.key == "PropertyName"] == [named]


def test_second_task_of_an_id_is_refused(client: BatchClient, job: str) -> None:
    """Ids are unique in a job, whatever their letters' case."""
    client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="true"))
    with pytest.raises(ResourceExistsError, match=r"\(TaskExists\) The specified task already exists\."):
        client.create_task(job, models.BatchTaskCreateOptions(id="A", command_line="true"))


def test_unknown_task_is_not_found(client: BatchClient, job: str) -> None:
    """A task that is not there answers 404."""
    with pytest.raises(ResourceNotFoundError, match="TaskNotFound"):
        client.get_task(job, "unknown")


def test_terminated_task_ends_with_its_processes(client: BatchClient, job: str) -> None:
    """Termination ends a running task and counts it as failed; a second one is refused."""
    client.create_task(job, models.BatchTaskCreateOptions(id="long", command_line="/bin/sh -c 'sleep 600 & wait'"))
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.RUNNING)
    client.terminate_task(job, "long")
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.COMPLETED)
    assert present(present(client.get_task(job, "long").execution_info).failure_info).code == "TaskEnded"
    with pytest.raises(ResourceExistsError, match="TaskCompleted"):
        client.terminate_task(job, "long")


def test_reactivated_task_runs_again(client: BatchClient, job: str, run: Run) -> None:
    """A failed task can run again and then succeed; one that succeeded cannot."""
    run("if [ -e ../again ]; then exit 0; else touch ../again; exit 1; fi")
    client.reactivate_task(job, "task")
    wait_until(lambda: client.get_task(job, "task").state == models.BatchTaskState.COMPLETED)
    assert present(client.get_task(job, "task").execution_info).retry_count == 0


def test_deleted_task_is_gone_with_its_files(client: BatchClient, job: str, run: Run) -> None:
    """A deleted task is not found, and its id is free."""
    run("echo hello")
    client.delete_task(job, "task")
    with pytest.raises(ResourceNotFoundError):
        client.get_task(job, "task")
    run("true")


def test_replaced_constraints_hold(client: BatchClient, job: str) -> None:
    """A put changes constraints; without any they are Azure's defaults."""
    wanted = models.BatchTaskDependencies(task_ids=["never"])
    limits = models.BatchTaskConstraints(max_task_retry_count=4)
    options = models.BatchTaskCreateOptions(id="a", command_line="true", depends_on=wanted, constraints=limits)
    client.create_task(job, options)
    task = client.get_task(job, "a")
    task.constraints = models.BatchTaskConstraints(max_task_retry_count=1)
    client.replace_task(job, "a", task)
    constraints = present(client.get_task(job, "a").constraints)
    assert (constraints.max_task_retry_count, constraints.retention_time) == (1, timedelta(days=7))


def test_tasks_of_a_job_can_be_filtered_selected_and_paged(client: BatchClient, job: str) -> None:
    """Pages of a filtered list hold every match once, and what is not selected is absent."""
    wanted = models.BatchTaskDependencies(task_ids=["never"])
    tasks = [
        models.BatchTaskCreateOptions(id=f"t{index}", command_line="true", depends_on=wanted) for index in range(25)
    ]
    client.create_tasks(job, tasks)
    found = client.list_tasks(job, filter="state eq 'active' and startswith(id,'t1')", select=["id"], max_results=4)
    found_tasks = list(found)
    assert sorted(task.id for task in found_tasks) == sorted(["t1", *(f"t1{index}" for index in range(10))])
    assert {task.state for task in found_tasks} == {None}


def test_counts_tell_tasks_and_slots(client: BatchClient, job: str, run: Run) -> None:
    """Counts are of all tasks, by state; slots are counted beside them."""
    run("true", "good")
    run("exit 1", "bad", required_slots=2)
    counts = client.get_job_task_counts(job)
    assert (counts.task_counts.succeeded, counts.task_counts.failed, counts.task_counts.completed) == (1, 1, 2)
    assert counts.task_slot_counts.failed == 2
