"""The seam to Batch, one suite over all implementations: in memory, and the official client on the local service."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from batch_manager.client import BatchClient
from batch_manager.definitions import (
    AddStatus,
    JobDefinition,
    JobRecord,
    JobState,
    PoolDefinition,
    TaskDefinition,
    TaskQuery,
    TaskState,
)
from batch_manager.dependencies import IdRange, TaskDependencies
from batch_manager.errors import ConflictError, NotFoundError, ServiceError
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, TaskConstraints

NewJob = Callable[[], str]


def _task(
    task_id: str, command_line: str = "/bin/true", depends_on: TaskDependencies = TaskDependencies()
) -> TaskDefinition:
    return TaskDefinition(id=task_id, command_line=command_line, depends_on=depends_on)


def test_get_job_after_create_is_active(client: BatchClient, new_job: NewJob) -> None:
    """A new job takes tasks."""
    job_id = new_job()
    record = client.get_job(job_id)
    assert (record.id, record.state) == (job_id, JobState.ACTIVE)
    assert record.creation_time.tzinfo is not None


def test_get_job_that_is_not_there_is_not_found(client: BatchClient) -> None:
    """With Batch's own code."""
    with pytest.raises(NotFoundError) as caught:
        client.get_job("nowhere")
    assert (caught.value.status, caught.value.code) == (404, "JobNotFound")


def test_create_job_twice_is_a_conflict(client: BatchClient, new_job: NewJob) -> None:
    """Ids differ by more than case."""
    job = JobDefinition(id=new_job().upper(), pool_id="p", job_manager=_task("job-manager"))
    with pytest.raises(ConflictError) as caught:
        client.create_job(job)
    assert caught.value.code == "JobExists"


def test_create_pool_twice_is_a_conflict(client: BatchClient, new_job: NewJob) -> None:
    """The second pool would be another."""
    pool = PoolDefinition(id=f"{new_job()}-pool", target_dedicated_nodes=0)
    client.create_pool(pool)
    with pytest.raises(ConflictError) as caught:
        client.create_pool(pool)
    assert caught.value.code == "PoolExists"


def test_added_tasks_are_listed_with_the_job_manager(client: BatchClient, new_job: NewJob) -> None:
    """Batch's lists hold every task of the job."""
    job_id = new_job()
    client.add_tasks(job_id, [_task(str(n)) for n in range(1, 101)])
    records = {record.id: record for record in client.list_tasks(job_id)}
    assert set(records) == {"job-manager", *map(str, range(1, 101))}
    assert records["7"].state is TaskState.ACTIVE
    assert records["7"].succeeded is None


def test_adding_tells_what_became_of_each_task(client: BatchClient, new_job: NewJob) -> None:
    """One that is there is told apart from one that was added; ``adding`` compares them."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1"), _task("2")])
    results = client.add_tasks(job_id, [_task("1", "/bin/false"), _task("3")])
    assert [(result.task_id, result.status, result.code) for result in results] == [
        ("1", AddStatus.CLIENT_ERROR, "TaskExists"),
        ("3", AddStatus.SUCCESS, None),
    ]
    assert client.get_task(job_id, "1").command_line == "/bin/true"


def test_adding_too_much_at_once_is_refused_whole(client: BatchClient, new_job: NewJob) -> None:
    """By count or by bytes, with the status that says: send fewer."""
    job_id = new_job()
    large = {"LARGE": "x" * 600_000}
    for tasks in (
        [_task(str(n)) for n in range(101)],
        [TaskDefinition(id=str(n), command_line="a", environment=large) for n in range(2)],
    ):
        with pytest.raises(ServiceError) as caught:
            client.add_tasks(job_id, tasks)
        assert (caught.value.status, caught.value.code) == (413, "RequestBodyTooLarge")
    assert client.get_task_counts(job_id).active == 1


def test_adding_to_a_job_that_is_not_there_is_not_found(client: BatchClient) -> None:
    """One clear error for the whole request."""
    with pytest.raises(NotFoundError) as caught:
        client.add_tasks("nowhere", [_task("1")])
    assert caught.value.code == "JobNotFound"


def test_adding_a_task_that_batch_refuses_leaves_the_others(client: BatchClient, new_job: NewJob) -> None:
    """Batch refuses one task of many; the result says which and why."""
    job_id = new_job()
    refused, added = client.add_tasks(job_id, [_task("a.b"), _task("1")])
    assert (refused.task_id, refused.status) == ("a.b", AddStatus.CLIENT_ERROR)
    assert refused.code
    assert refused.message
    assert added.status is AddStatus.SUCCESS


def test_task_with_dependencies_is_accepted(client: BatchClient, new_job: NewJob) -> None:
    """By id and by range."""
    job_id = new_job()
    depends_on = TaskDependencies(task_ids=("mesh",), ranges=(IdRange(1, 3),))
    client.add_tasks(job_id, [_task("last", depends_on=depends_on)])
    assert client.get_task(job_id, "last").depends_on == depends_on


def test_terminated_task_is_unsuccessful(client: BatchClient, new_job: NewJob) -> None:
    """Ended is not succeeded."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1")])
    client.terminate_task(job_id, "1")
    client.terminate_task(job_id, "1")
    (record,) = client.list_tasks(job_id, TaskQuery.UNSUCCESSFUL)
    assert (record.id, record.state, record.succeeded) == ("1", TaskState.COMPLETED, False)
    assert list(client.list_tasks(job_id, TaskQuery.SKIPPED)) == []
    assert client.get_task_counts(job_id).failed == 1


def test_stopping_retries_leaves_the_task_as_it_is(client: BatchClient, new_job: NewJob) -> None:
    """It changes what a failure would mean, nothing else."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1")])
    client.stop_retries(job_id, "1")
    assert client.get_task_counts(job_id).active == 2
    with pytest.raises(NotFoundError):
        client.stop_retries(job_id, "2")


def test_wall_clock_is_limited_by_the_shorter_of_two(client: BatchClient, new_job: NewJob) -> None:
    """A task keeps a limit of its own that is shorter."""
    job_id = new_job()
    hour = TaskConstraints(max_wall_clock_time=timedelta(hours=1))
    tasks = [_task("1"), TaskDefinition(id="2", command_line="x", constraints=hour)]
    client.add_tasks(job_id, tasks)
    for minutes in (90, 30, 60):
        client.limit_wall_clock(job_id, "1", timedelta(minutes=minutes))
        client.limit_wall_clock(job_id, "2", timedelta(minutes=minutes + 1))
    limits = {task_id: client.get_task(job_id, task_id).record.max_wall_clock_time for task_id in ("1", "2")}
    assert limits == {"1": timedelta(minutes=30), "2": timedelta(minutes=31)}
    with pytest.raises(NotFoundError):
        client.limit_wall_clock(job_id, "3", timedelta(minutes=1))


def test_terminate_task_that_is_not_there_is_not_found(client: BatchClient, new_job: NewJob) -> None:
    """A wrong id is not success."""
    with pytest.raises(NotFoundError) as caught:
        client.terminate_task(new_job(), "1")
    assert caught.value.code == "TaskNotFound"


def test_job_completes_once_all_its_tasks_have(client: BatchClient, new_job: NewJob) -> None:
    """And takes no more tasks then."""
    job_id = new_job()
    client.terminate_job_when_tasks_complete(job_id)
    assert client.get_job(job_id).state is JobState.ACTIVE
    client.terminate_task(job_id, "job-manager")
    assert _await_completion(client, job_id).terminate_reason == "AllTasksComplete"
    with pytest.raises(ConflictError) as caught:
        client.add_tasks(job_id, [_task("1")])
    assert caught.value.code == "JobCompleted"


def test_terminated_job_keeps_the_reason_and_leaves_active_tasks_active(client: BatchClient, new_job: NewJob) -> None:
    """As Batch documents it; twice is no error."""
    job_id = new_job()
    client.terminate_job(job_id, "enough")
    assert _await_completion(client, job_id).terminate_reason == "enough"
    client.terminate_job(job_id, "again")
    assert client.get_job(job_id).terminate_reason == "enough"
    assert [record.state for record in client.list_tasks(job_id)] == [TaskState.ACTIVE]


def test_task_that_was_added_tells_its_definition(client: BatchClient, new_job: NewJob) -> None:
    """By this a job manager that is started again knows its own tasks."""
    job_id = new_job()
    task = TaskDefinition(id="Mesh", display_name="mesh", command_line="/bin/true", environment={"CASE": "7"})
    client.add_tasks(job_id, [task])
    detail = client.get_task(job_id, "mesh")
    assert (detail.record.id, detail.record.display_name, detail.record.state) == ("Mesh", "mesh", TaskState.ACTIVE)
    assert (detail.definition, detail.command_line) == (task.digest(), "/bin/true")
    assert dict(detail.environment) == {"CASE": "7"}
    assert {listed.record.id: listed for listed in client.list_task_details(job_id)}["Mesh"] == detail


def test_wall_clock_limit_of_a_task_is_told(client: BatchClient, new_job: NewJob) -> None:
    """None where there is none, though Batch says a very long one."""
    job_id = new_job()
    limit = timedelta(minutes=2)
    client.add_tasks(
        job_id,
        [
            _task("1"),
            TaskDefinition(id="2", command_line="a", constraints=TaskConstraints(max_wall_clock_time=limit)),
        ],
    )
    limits = {record.id: record.max_wall_clock_time for record in client.list_tasks(job_id)}
    assert limits == {"job-manager": None, "1": None, "2": limit}


def test_task_that_batch_made_has_no_definition(client: BatchClient, new_job: NewJob) -> None:
    """It was not added by us; looking at it is no failure."""
    detail = client.get_task(new_job(), "job-manager")
    assert (detail.definition, detail.command_line, dict(detail.environment)) == (None, "/bin/true", {})


def test_get_task_that_is_not_there_is_not_found(client: BatchClient, new_job: NewJob) -> None:
    """With Batch's own code."""
    with pytest.raises(NotFoundError) as caught:
        client.get_task(new_job(), "1")
    assert caught.value.code == "TaskNotFound"


def test_tasks_that_have_not_ended_are_listed(client: BatchClient, new_job: NewJob) -> None:
    """What a cancellation has to end."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1"), _task("2")])
    client.terminate_task(job_id, "1")
    assert {record.id for record in client.list_tasks(job_id, TaskQuery.NOT_ENDED)} == {"job-manager", "2"}
    (ended,) = client.list_tasks(job_id, TaskQuery.UNSUCCESSFUL)
    assert (ended.failure_code, ended.exit_code, ended.failure_message) == (
        "TaskEnded",
        None,
        "Task Was Ended by User Request",
    )
    assert ended.end_time is not None


def test_gate_and_multi_instance_and_container_are_accepted(client: BatchClient, new_job: NewJob) -> None:
    """They are bodies of their own; whether the pool can run them is another matter."""
    job_id = new_job()
    tasks = [
        TaskDefinition(id="3", command_line="/bin/true", blocks_on_failure=True),
        TaskDefinition(
            id="4",
            command_line="/bin/true",
            multi_instance=MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true"),
        ),
        TaskDefinition(
            id="5", command_line="", container=ContainerSettings(image_name="solver:7", run_options="--ipc=host")
        ),
    ]
    assert [result.status for result in client.add_tasks(job_id, tasks)] == [AddStatus.SUCCESS] * 3


def test_job_tells_what_it_was_created_with(client: BatchClient, new_job: NewJob) -> None:
    """By this a submission that is repeated knows its own job."""
    job = JobDefinition(
        id=f"{new_job()}-told",
        pool_id="p",
        job_manager=_task("job-manager"),
        common_environment={"A": "1", "B": ""},
        metadata={"workload": "w"},
    )
    client.create_job(job)
    record = client.get_job(job.id)
    assert (record.pool_id, dict(record.metadata)) == ("p", {"workload": "w"})
    assert dict(record.common_environment) == {"A": "1", "B": ""}


def test_pool_tells_what_it_can_run(client: BatchClient, new_job: NewJob) -> None:
    """What a job is checked against before it is submitted."""
    pool_id = f"{new_job()}-pool"
    client.create_pool(PoolDefinition(id=pool_id, target_dedicated_nodes=0, task_slots_per_node=2))
    pool = client.get_pool(pool_id)
    assert (pool.id, pool.state, pool.task_slots_per_node) == (pool_id, "active", 2)
    assert (pool.target_nodes, pool.enable_auto_scale, pool.has_containers) == (0, False, False)
    assert (pool.has_start_task, pool.inter_node_communication, pool.resize_problems) == (False, False, ())
    assert pool.allocation_state_since is not None
    assert list(client.list_nodes(pool_id)) == []


def test_pool_that_is_not_there_is_not_found(client: BatchClient) -> None:
    """Neither the pool nor its nodes."""
    for ask in (client.get_pool, lambda pool_id: list(client.list_nodes(pool_id))):
        with pytest.raises(NotFoundError) as caught:
            ask("nowhere")
        assert caught.value.code == "PoolNotFound"


def test_job_without_preparation_has_none(client: BatchClient, new_job: NewJob) -> None:
    """Batch answers that with a conflict; it is none."""
    assert list(client.list_job_preparation(new_job())) == []
    with pytest.raises(NotFoundError):
        list(client.list_job_preparation("nowhere"))


def test_application_that_is_not_there_is_not_found(client: BatchClient) -> None:
    """With Batch's own code."""
    with pytest.raises(NotFoundError) as caught:
        client.list_package_versions("nothing")
    assert caught.value.code == "ApplicationNotFound"


def _await_completion(client: BatchClient, job_id: str) -> JobRecord:
    for _ in range(2000):
        record = client.get_job(job_id)
        if record.state is JobState.COMPLETED:
            return record
    raise AssertionError(f"job {job_id} did not complete")
