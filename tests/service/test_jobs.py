"""Jobs, through the official client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import BatchClient, models
from azure.batch.models._models import BatchJobTerminateOptions  # 15.1 takes it and does not export it
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from tests.service.support import code_of, present, wait_until

POOL = models.BatchPoolInfo(pool_id="pool")


def is_completed(client: BatchClient, job_id: str) -> bool:
    """Say whether a job is completed."""
    return client.get_job(job_id).state == models.BatchJobState.COMPLETED


def test_created_job_is_active_and_echoes_its_properties(client: BatchClient, name: str) -> None:
    """A job holds what was asked for, unknown properties included."""
    options = models.BatchJobCreateOptions(id=name, pool_info=POOL, priority=7, display_name="A job")
    options["someday"] = {"kept": True}
    client.create_job(options)
    job = client.get_job(name)
    assert (job.state, job.priority, job.display_name) == (models.BatchJobState.ACTIVE, 7, "A job")
    assert job["someday"] == {"kept": True}


def test_second_job_of_an_id_is_refused(client: BatchClient, job: str) -> None:
    """Ids are unique, whatever their letters' case; the words are Azure's."""
    with pytest.raises(ResourceExistsError, match=r"\(JobExists\) The specified job already exists\."):
        client.create_job(models.BatchJobCreateOptions(id=job.upper(), pool_info=POOL))


def test_unknown_job_is_not_found(client: BatchClient) -> None:
    """A job that is not there answers 404."""
    with pytest.raises(ResourceNotFoundError, match="JobNotFound"):
        client.get_job("unknown")


@pytest.mark.parametrize("priority", [-1001, 1001])
def test_priority_out_of_range_is_refused(client: BatchClient, name: str, priority: int) -> None:
    """Priorities lie between -1000 and 1000."""
    with pytest.raises(HttpResponseError) as caught:
        client.create_job(models.BatchJobCreateOptions(id=name, pool_info=POOL, priority=priority))
    assert code_of(caught.value) == "OutOfRangePriority"


def test_listed_jobs_can_be_filtered_selected_and_paged(client: BatchClient, name: str) -> None:
    """Pages follow one another by next links; what is not selected is absent."""
    for index in range(3):
        client.create_job(models.BatchJobCreateOptions(id=f"{name[-50:]}-{index}", pool_info=POOL))
    jobs = list(client.list_jobs(filter=f"startswith(id,'{name[-50:]}')", select=["id"], max_results=1))
    assert [job.id for job in jobs] == [f"{name[-50:]}-{index}" for index in range(3)]
    assert jobs[0].state is None


@pytest.mark.parametrize("most", [0, 1001])
def test_page_size_out_of_range_is_refused(client: BatchClient, most: int) -> None:
    """A page has 1 to 1000 entries."""
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_jobs(max_results=most))
    assert code_of(caught.value) == "InvalidQueryParameterValue"


def test_patched_job_keeps_what_is_not_named(client: BatchClient, job: str) -> None:
    """A patch changes the given properties alone, and the ETag."""
    before = client.get_job(job)
    client.update_job(job, models.BatchJobUpdateOptions(priority=5))
    after = client.get_job(job)
    assert (after.priority, after.uses_task_dependencies, after.etag != before.etag) == (5, True, True)


def test_change_under_a_stale_etag_is_refused(client: BatchClient, job: str) -> None:
    """Of two changes made on one reading, the second is refused."""
    etag = client.get_job(job).etag
    unchanged = MatchConditions.IfNotModified
    client.update_job(job, models.BatchJobUpdateOptions(priority=1), etag=etag, match_condition=unchanged)
    with pytest.raises(ResourceModifiedError) as caught:
        client.update_job(job, models.BatchJobUpdateOptions(priority=2), etag=etag, match_condition=unchanged)
    assert (code_of(caught.value), client.get_job(job).priority) == ("ConditionNotMet", 1)


def test_replaced_job_goes_back_to_defaults(client: BatchClient, job: str) -> None:
    """A put sets what it does not name to its default."""
    client.update_job(job, models.BatchJobUpdateOptions(priority=5))
    whole = client.get_job(job)
    whole.priority = None
    client.replace_job(job, whole)
    assert client.get_job(job).priority == 0


def test_terminated_job_completes_and_takes_no_tasks(client: BatchClient, job: str) -> None:
    """Termination keeps its reason, ends what runs and leaves what waits."""
    client.create_task(job, models.BatchTaskCreateOptions(id="long", command_line="sleep 600"))
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.RUNNING)
    options = BatchJobTerminateOptions(termination_reason="enough")
    client.begin_terminate_job(job, options=options, polling_interval=0).wait()
    wait_until(lambda: is_completed(client, job))
    assert present(client.get_job(job).execution_info).termination_reason == "enough"
    assert present(present(client.get_task(job, "long").execution_info).failure_info).code == "TaskEnded"
    with pytest.raises(ResourceExistsError, match="JobCompleted"):
        client.create_task(job, models.BatchTaskCreateOptions(id="late", command_line="true"))


def test_job_ends_when_all_its_tasks_have(client: BatchClient, job: str) -> None:
    """With terminatejob the job completes after its last task."""
    client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="true"))
    mode = models.BatchAllTasksCompleteMode.TERMINATE_JOB
    client.update_job(job, models.BatchJobUpdateOptions(all_tasks_complete_mode=mode))
    wait_until(lambda: is_completed(client, job))
    assert present(client.get_job(job).execution_info).termination_reason == "AllTasksComplete"


def test_job_manager_runs_first_and_ends_the_job(client: BatchClient, name: str) -> None:
    """The job manager is a task of the job; with killJobOnCompletion its end is the job's."""
    manager = models.BatchJobManagerTask(
        id="manager", command_line="/bin/sh -c 'echo $AZ_BATCH_TASK_ID'", kill_job_on_completion=True
    )
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=POOL, job_manager_task=manager))
    wait_until(lambda: is_completed(client, name))
    assert present(client.get_job(name).execution_info).termination_reason == "JMComplete"
    assert b"".join(client.download_task_file(name, "manager", "stdout.txt")) == b"manager\n"


def test_overdue_job_is_terminated(client: BatchClient, name: str) -> None:
    """A job past its wall clock limit ends, with what runs of it."""
    limits = models.BatchJobConstraints(max_wall_clock_time=timedelta(milliseconds=300))
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=POOL, constraints=limits))
    client.create_task(name, models.BatchTaskCreateOptions(id="long", command_line="sleep 600"))
    wait_until(lambda: is_completed(client, name))
    assert present(client.get_job(name).execution_info).termination_reason == "MaxWallClockTimeExpiry"


def test_disabled_job_starts_nothing_until_enabled(client: BatchClient, job: str) -> None:
    """Tasks added to a disabled job wait."""
    options = models.BatchJobDisableOptions(disable_tasks=models.DisableBatchJobOption.REQUEUE)
    client.begin_disable_job(job, options, polling_interval=0).wait()
    client.create_task(job, models.BatchTaskCreateOptions(id="a", command_line="true"))
    wait_until(lambda: client.get_job(job).state == models.BatchJobState.DISABLED)
    assert client.get_task(job, "a").state == models.BatchTaskState.ACTIVE
    client.begin_enable_job(job, polling_interval=0).wait()
    wait_until(lambda: client.get_task(job, "a").state == models.BatchTaskState.COMPLETED)


def test_disabling_with_requeue_does_not_count_as_a_retry(client: BatchClient, job: str) -> None:
    """A running task goes back to the queue; its requeue count grows, its retry count does not."""
    client.create_task(job, models.BatchTaskCreateOptions(id="long", command_line="sleep 600"))
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.RUNNING)
    options = models.BatchJobDisableOptions(disable_tasks=models.DisableBatchJobOption.REQUEUE)
    client.begin_disable_job(job, options, polling_interval=0).wait()
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.ACTIVE)
    info = present(client.get_task(job, "long").execution_info)
    assert (info.requeue_count, info.retry_count) == (1, 0)


def test_deleted_job_vanishes_with_what_runs(client: BatchClient, job: str) -> None:
    """A job is deleting until its processes are gone; then its id is free."""
    client.create_task(job, models.BatchTaskCreateOptions(id="long", command_line="sleep 600"))
    wait_until(lambda: client.get_task(job, "long").state == models.BatchTaskState.RUNNING)
    client.begin_delete_job(job, polling_interval=0).wait()
    wait_until(lambda: job not in [item.id for item in client.list_jobs(select=["id"])])
    client.create_job(models.BatchJobCreateOptions(id=job, pool_info=POOL))


def test_unmodified_job_answers_so(client: BatchClient, job: str) -> None:
    """A read under If-None-Match with the current ETag answers 304."""
    with pytest.raises(HttpResponseError) as caught:
        client.get_job(job, etag=client.get_job(job).etag, match_condition=MatchConditions.IfModified)
    assert caught.value.status_code == 304


def test_job_can_be_read_changed_and_put_back(client: BatchClient, name: str) -> None:
    """What the service shows of a job it takes back, with the defaults it filled in."""
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=POOL))
    whole = client.get_job(name)
    whole.metadata = [models.BatchMetadataItem(name="team", value="flow")]
    client.replace_job(name, whole)
    assert present(client.get_job(name).metadata)[0].value == "flow"


def test_job_of_a_deleted_jobs_id_keeps_its_files(client: BatchClient, job: str) -> None:
    """The id of a deleted job is free only when its folders are gone, so that they are not the next job's."""
    tasks = [models.BatchTaskCreateOptions(id=f"t{index}", command_line="/bin/echo hello") for index in range(60)]
    for _ in range(2):
        client.create_tasks(job, tasks)
        wait_until(lambda: client.get_job_task_counts(job).task_counts.succeeded == len(tasks))
        assert all(b"".join(client.download_task_file(job, task.id, "stdout.txt")) == b"hello\n" for task in tasks)
        client.begin_delete_job(job, polling_interval=0).wait()
        wait_until(lambda: job not in [item.id for item in client.list_jobs(select=["id"])])
        client.create_job(models.BatchJobCreateOptions(id=job, pool_info=POOL))
