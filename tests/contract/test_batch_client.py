"""The seam to Batch, one suite over all implementations: in memory, and the official client on the local service."""

from collections.abc import Callable

import pytest

from batch_manager.client import BatchClient
from batch_manager.definitions import (
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


def test_adding_the_same_task_again_is_success(client: BatchClient, new_job: NewJob) -> None:
    """A job manager that was restarted adds what is there."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1"), _task("2")])
    client.add_tasks(job_id, [_task("1"), _task("2"), _task("3")])
    assert client.get_task_counts(job_id).active == 4


def test_adding_another_task_under_the_same_id_names_both(client: BatchClient, new_job: NewJob) -> None:
    """Never taken for success, as the SDK's own helper does."""
    job_id = new_job()
    client.add_tasks(job_id, [_task("1", "/bin/true")])
    with pytest.raises(ConflictError, match=r"runs '/bin/true', this one '/bin/false'") as caught:
        client.add_tasks(job_id, [_task("1", "/bin/false")])
    assert caught.value.code == "TaskExists"


def test_adding_to_a_job_that_is_not_there_is_not_found(client: BatchClient) -> None:
    """One clear error for the whole request."""
    with pytest.raises(NotFoundError) as caught:
        client.add_tasks("nowhere", [_task("1")])
    assert caught.value.code == "JobNotFound"


def test_adding_a_task_that_batch_refuses_names_it(client: BatchClient, new_job: NewJob) -> None:
    """Batch refuses one task of many; the error says which."""
    with pytest.raises(ServiceError, match=r"task 'a\.b'"):
        client.add_tasks(new_job(), [_task("a.b")])


def test_task_with_dependencies_is_accepted(client: BatchClient, new_job: NewJob) -> None:
    """By id and by range."""
    job_id = new_job()
    depends_on = TaskDependencies(task_ids=("mesh",), ranges=(IdRange(1, 3),))
    client.add_tasks(job_id, [_task("last", depends_on=depends_on)])
    assert "last" in {record.id for record in client.list_tasks(job_id)}


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


def _await_completion(client: BatchClient, job_id: str) -> JobRecord:
    for _ in range(2000):
        record = client.get_job(job_id)
        if record.state is JobState.COMPLETED:
            return record
    raise AssertionError(f"job {job_id} did not complete")
