"""Jobs and schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from azure.batch import BatchServiceClient, models

from tests.clients.suites.sdk14.support import Run, refused, text
from tests.clients.suites.support import shell, wait_until


def test_job_has_a_life(client: BatchServiceClient, make_job: Callable[..., str]) -> None:
    """Made, listed, terminated with a reason."""
    job = make_job(priority=7)
    only = models.JobListOptions(filter=f"id eq '{job}'")
    assert [(found.id, found.priority) for found in client.job.list(only)] == [(job, 7)]
    client.job.terminate(job, "enough")
    wait_until(lambda: client.job.get(job).state == "completed")
    assert client.job.get(job).execution_info.terminate_reason == "enough"
    with refused(409, "JobCompleted"):
        client.task.add(job, models.TaskAddParameter(id="late", command_line="true"))


def test_deleted_job_is_gone(client: BatchServiceClient, pool: str, name: str) -> None:
    """Sooner or later, and then its id is free."""
    options = models.JobAddParameter(id=name, pool_info=models.PoolInformation(pool_id=pool))
    client.job.add(options)
    with refused(409, "JobExists"):
        client.job.add(options)
    client.job.delete(name)
    wait_until(lambda: name not in [job.id for job in client.job.list()])
    with refused(404, "JobNotFound"):
        client.job.get(name)


def test_job_is_patched_and_updated(client: BatchServiceClient, pool: str, job: str) -> None:
    """A patch leaves what it does not name; an update sets it back."""
    client.job.patch(job, models.JobPatchParameter(priority=5))
    assert client.job.get(job).priority == 5
    client.job.update(job, models.JobUpdateParameter(pool_info=models.PoolInformation(pool_id=pool)))
    assert client.job.get(job).priority == 0


def test_job_is_disabled_and_enabled(client: BatchServiceClient, job: str) -> None:
    """What runs goes back to the queue."""
    client.task.add(job, models.TaskAddParameter(id="long", command_line="sleep 600"))
    wait_until(lambda: client.task.get(job, "long").state == "running")
    client.job.disable(job, "requeue")
    wait_until(lambda: client.job.get(job).state == "disabled")
    assert client.task.get(job, "long").state == "active"
    client.job.enable(job)
    wait_until(lambda: client.task.get(job, "long").state == "running")


def test_preparation_and_release_have_a_status(client: BatchServiceClient, make_job: Callable[..., str]) -> None:
    """One line for each node where the job ran."""
    job = make_job(
        job_preparation_task=models.JobPreparationTask(command_line=shell("echo prepared > made")),
        job_release_task=models.JobReleaseTask(command_line="true"),
    )
    command = shell('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/made"')
    client.task.add(job, models.TaskAddParameter(id="reader", command_line=command))
    wait_until(lambda: client.task.get(job, "reader").state == "completed")
    assert text(client.file.get_from_task(job, "reader", "stdout.txt")) == "prepared\n"
    client.job.terminate(job)
    wait_until(lambda: client.job.get(job).state == "completed")
    (line,) = client.job.list_preparation_and_release_task_status(job)
    assert (line.job_preparation_task_execution_info.exit_code, line.job_release_task_execution_info.exit_code) == (
        0,
        0,
    )


def test_task_counts_add_up(client: BatchServiceClient, job: str, run: Run) -> None:
    """Succeeded and failed are what completed is made of."""
    run("true", "good")
    run("false", "bad")
    counts = client.job.get_task_counts(job).task_counts
    assert (counts.completed, counts.succeeded, counts.failed) == (2, 1, 1)


def test_schedule_obeys_its_verbs(client: BatchServiceClient, pool: str, name: str) -> None:
    """It makes a job; it is disabled, enabled, terminated, deleted, and then there is none."""
    spec = models.JobSpecification(pool_info=models.PoolInformation(pool_id=pool))
    every = models.Schedule(recurrence_interval=timedelta(hours=1))
    client.job_schedule.add(models.JobScheduleAddParameter(id=name, schedule=every, job_specification=spec))
    wait_until(lambda: list(client.job.list_from_job_schedule(name)))
    client.job_schedule.disable(name)
    client.job_schedule.enable(name)
    client.job_schedule.patch(
        name, models.JobSchedulePatchParameter(metadata=[models.MetadataItem(name="a", value="b")])
    )
    assert client.job_schedule.get(name).metadata[0].value == "b"
    client.job_schedule.terminate(name)
    wait_until(lambda: client.job_schedule.get(name).state == "completed")
    client.job_schedule.delete(name)
    wait_until(lambda: not client.job_schedule.exists(name))
