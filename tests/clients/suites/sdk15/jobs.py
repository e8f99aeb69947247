"""Jobs: verbs, helpers of the job, schedules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.clients.suites.sdk15.support import code_of, machine, present, text_of
from tests.clients.suites.support import shell, wait_until

MakeJob = Callable[..., str]


def add(client: BatchClient, job_id: str, task_id: str, command: str = "true") -> None:
    """Add a task."""
    client.create_task(job_id, models.BatchTaskCreateOptions(id=task_id, command_line=command))


def terminate(client: BatchClient, job_id: str, reason: str = "done") -> None:
    """Terminate a job; this client cannot do so without a reason, nor does it show the class that holds it."""
    options: Any = {"terminateReason": reason}
    client.begin_terminate_job(job_id, options, polling_interval=0).wait()


def state(client: BatchClient, job_id: str) -> str:
    """Return a job's state."""
    return models.BatchJobState(present(client.get_job(job_id).state)).value


def test_job_has_a_life(client: BatchClient, pool: str, name: str) -> None:
    """Made, listed, terminated with a reason, deleted, gone."""
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=pool), priority=7))
    assert [(job.id, job.priority) for job in client.list_jobs(filter=f"id eq '{name}'")] == [(name, 7)]
    terminate(client, name, "enough")
    wait_until(lambda: state(client, name) == "completed")
    assert present(client.get_job(name).execution_info).termination_reason == "enough"
    client.begin_delete_job(name, polling_interval=0).wait()
    with pytest.raises(ResourceNotFoundError) as caught:
        wait_until(lambda: not client.get_job(name))
    assert code_of(caught.value) == "JobNotFound"


def test_second_job_of_an_id_is_refused(client: BatchClient, pool: str, job: str) -> None:
    """In Azure's words."""
    options = models.BatchJobCreateOptions(id=job, pool_info=models.BatchPoolInfo(pool_id=pool))
    with pytest.raises(ResourceExistsError, match=r"\(JobExists\) The specified job already exists\."):
        client.create_job(options)


def test_job_is_updated_and_replaced(client: BatchClient, pool: str, job: str) -> None:
    """A patch leaves what it does not name; a replacement sets it back."""
    client.update_job(job, models.BatchJobUpdateOptions(priority=5))
    found = client.get_job(job)
    assert (found.priority, found.uses_task_dependencies) == (5, True)
    found.priority = None
    found.metadata = [models.BatchMetadataItem(name="who", value="me")]
    client.replace_job(job, found)
    found = client.get_job(job)
    assert (found.priority, present(found.metadata)[0].value) == (0, "me")


def test_job_is_disabled_and_enabled(client: BatchClient, job: str) -> None:
    """What runs goes back to the queue, and runs again."""
    add(client, job, "long", "sleep 600")
    wait_until(lambda: client.get_task(job, "long").state == "running")
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0).wait()
    wait_until(lambda: state(client, job) == "disabled")
    assert client.get_task(job, "long").state == "active"
    client.begin_enable_job(job, polling_interval=0).wait()
    wait_until(lambda: client.get_task(job, "long").state == "running")


def test_job_ends_with_its_last_task(client: BatchClient, make_job: MakeJob) -> None:
    """When it is told to."""
    job = make_job()
    add(client, job, "only")
    mode = models.BatchJobUpdateOptions(all_tasks_complete_mode=models.BatchAllTasksCompleteMode.TERMINATE_JOB)
    client.update_job(job, mode)
    wait_until(lambda: state(client, job) == "completed")
    assert present(client.get_job(job).execution_info).termination_reason == "AllTasksComplete"


def test_failed_task_ends_a_job_that_says_so(client: BatchClient, make_job: MakeJob) -> None:
    """By default every failure does, once exit options count."""
    job = make_job(task_failure_mode=models.BatchTaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION)
    add(client, job, "bad", shell("exit 3"))
    wait_until(lambda: state(client, job) == "completed")
    assert present(client.get_job(job).execution_info).termination_reason == "TaskFailed"


def test_preparation_and_release_have_a_status(client: BatchClient, make_job: MakeJob) -> None:
    """One line for each node where the job ran; its tasks see where the preparation worked."""
    job = make_job(
        job_preparation_task=models.BatchJobPreparationTask(command_line=shell("echo prepared > made")),
        job_release_task=models.BatchJobReleaseTask(command_line=shell("exit 0")),
    )
    add(client, job, "reader", shell('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/made"'))
    wait_until(lambda: client.get_task(job, "reader").state == "completed")
    assert text_of(client, job, "reader") == "prepared\n"
    terminate(client, job)
    wait_until(lambda: state(client, job) == "completed")
    (status,) = client.list_job_preparation_and_release_task_status(job)
    assert present(status.job_preparation_task_execution_info).exit_code == 0
    wait_until(lambda: released(client, job))


def released(client: BatchClient, job: str) -> bool:
    """Whether the release task has ended well on every node."""
    found = [s.job_release_task_execution_info for s in client.list_job_preparation_and_release_task_status(job)]
    return all(info is not None and info.exit_code == 0 for info in found)


def test_job_manager_ends_its_job(client: BatchClient, make_job: MakeJob) -> None:
    """It is a task of the job, and the job ends with it."""
    manager = models.BatchJobManagerTask(id="manager", command_line=shell("echo managed"), run_exclusive=False)
    job = make_job(job_manager_task=manager)
    wait_until(lambda: state(client, job) == "completed")
    assert text_of(client, job, "manager") == "managed\n"
    assert present(client.get_job(job).execution_info).termination_reason == "JMComplete"


def test_common_environment_reaches_every_task(client: BatchClient, make_job: MakeJob) -> None:
    """A task's own setting wins."""
    setting = models.EnvironmentSetting(name="WORD", value="common")
    job = make_job(common_environment_settings=[setting])
    add(client, job, "a", shell("echo $WORD"))
    wait_until(lambda: client.get_task(job, "a").state == "completed")
    assert text_of(client, job, "a") == "common\n"


def test_task_counts_add_up(client: BatchClient, job: str) -> None:
    """Succeeded and failed are what completed is made of."""
    for task_id, command in (("good", "true"), ("bad", "false")):
        add(client, job, task_id, command)
    wait_until(lambda: client.get_job_task_counts(job).task_counts.completed == 2)
    counts = client.get_job_task_counts(job).task_counts
    assert (counts.active, counts.running, counts.succeeded, counts.failed) == (0, 0, 1, 1)


def test_job_of_an_unknown_pool_waits(client: BatchClient, pool: str, make_job: MakeJob) -> None:
    """Its tasks stay active; once it is disabled it may be given another pool."""
    job = make_job(pool_info=models.BatchPoolInfo(pool_id="not-there-yet"))
    add(client, job, "a")
    assert client.get_task(job, "a").state == "active"
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0).wait()
    wait_until(lambda: state(client, job) == "disabled")
    client.update_job(job, models.BatchJobUpdateOptions(pool_info=models.BatchPoolInfo(pool_id=pool)))
    client.begin_enable_job(job, polling_interval=0).wait()
    wait_until(lambda: client.get_task(job, "a").state == "completed")


def test_job_makes_and_ends_its_own_pool(client: BatchClient, make_job: MakeJob) -> None:
    """An auto pool lives as long as its job."""
    spec = models.BatchPoolSpecification(
        vm_size="standard_d2s_v3", virtual_machine_configuration=machine(), target_dedicated_nodes=1
    )
    auto = models.BatchAutoPoolSpecification(auto_pool_id_prefix="auto", pool_lifetime_option="job", pool=spec)
    job = make_job(pool_info=models.BatchPoolInfo(auto_pool_specification=auto))
    add(client, job, "a")
    wait_until(lambda: client.get_task(job, "a").state == "completed")
    made = present(present(client.get_job(job).execution_info).pool_id)
    assert made.startswith("auto")
    terminate(client, job)
    wait_until(lambda: made not in [found.id for found in client.list_pools() if found.state == "active"])


def schedule_options(name: str, pool: str) -> models.BatchJobScheduleCreateOptions:
    """Return a schedule that makes a job at once and then every hour."""
    spec = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id=pool), priority=3)
    every = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
    return models.BatchJobScheduleCreateOptions(id=name, schedule=every, job_specification=spec)


def test_schedule_makes_a_job(client: BatchClient, pool: str, name: str) -> None:
    """It tells which is the recent one, and its jobs are listed."""
    client.create_job_schedule(schedule_options(name, pool))
    assert client.job_schedule_exists(name)
    recent = wait_until(lambda: present(client.get_job_schedule(name).execution_info).recent_job)
    assert [(job.id, job.priority) for job in client.list_jobs_from_schedule(name)] == [(recent.id, 3)]
    assert name in [found.id for found in client.list_job_schedules()]
    client.begin_delete_job_schedule(name, polling_interval=0).wait()


def test_schedule_obeys_its_verbs(client: BatchClient, pool: str, name: str) -> None:
    """Disabled, enabled, updated, replaced, terminated."""
    client.create_job_schedule(schedule_options(name, pool))
    client.disable_job_schedule(name)
    assert client.get_job_schedule(name).state == "disabled"
    client.enable_job_schedule(name)
    assert client.get_job_schedule(name).state == "active"
    note = [models.BatchMetadataItem(name="who", value="me")]
    client.update_job_schedule(name, models.BatchJobScheduleUpdateOptions(metadata=note))
    found = client.get_job_schedule(name)
    assert present(found.metadata)[0].value == "me"
    found.metadata = None
    client.replace_job_schedule(name, found)
    assert not client.get_job_schedule(name).metadata
    client.begin_terminate_job_schedule(name, polling_interval=0).wait()
    wait_until(lambda: client.get_job_schedule(name).state == "completed")
    client.begin_delete_job_schedule(name, polling_interval=0).wait()
    with pytest.raises(ResourceNotFoundError):  # this client's own mistake: it cannot say no
        wait_until(lambda: not client.job_schedule_exists(name))


def test_state_changes_before_the_answer(client: BatchClient, job: str) -> None:
    """A helper that still saw the old state would take it for the end."""
    add(client, job, "long", "sleep 600")
    options: Any = {"terminateReason": "now"}
    client.begin_terminate_job(job, options, polling_interval=0)
    assert state(client, job) in {"terminating", "completed"}
    with pytest.raises(HttpResponseError) as caught:
        add(client, job, "late")
    assert code_of(caught.value) in {"JobBeingTerminated", "JobCompleted"}
    assert caught.value.status_code == 409
