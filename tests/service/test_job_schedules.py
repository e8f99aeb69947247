"""Job schedules and auto pools, asked for with Microsoft's client."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from tests.service.support import code_of, present, wait_until

LATER = datetime(2100, 1, 1, tzinfo=UTC)


def specification(pool_id: str = "pool") -> models.BatchJobSpecification:
    """Return a job with a job manager that ends at once."""
    return models.BatchJobSpecification(
        pool_info=models.BatchPoolInfo(pool_id=pool_id),
        job_manager_task=models.BatchJobManagerTask(id="manager", command_line="/bin/true", run_exclusive=False),
    )


def options(name: str, do_not_run_until: datetime | None = None) -> models.BatchJobScheduleCreateOptions:
    """Return a job schedule."""
    return models.BatchJobScheduleCreateOptions(
        id=name,
        schedule=models.BatchJobScheduleConfiguration(do_not_run_until=do_not_run_until),
        job_specification=specification(),
    )


def test_job_schedule_runs_its_job_and_completes(client: BatchClient, name: str) -> None:
    """A schedule that does not recur is done when its job is; the job's files lie below the schedule's folder."""
    client.create_job_schedule(options(name))
    wait_until(lambda: client.get_job_schedule(name).state == models.BatchJobScheduleState.COMPLETED)
    schedule = client.get_job_schedule(name)
    assert present(present(schedule.execution_info).recent_job).id == f"{name}:job-1"
    (job,) = client.list_jobs_from_schedule(name)
    assert present(job.execution_info).termination_reason == "JMComplete"
    task = client.get_task(f"{name}:job-1", "manager")
    assert present(task.node_info).task_root_directory == f"workitems/{name}/job-1/manager"
    assert list(client.list_task_files(f"{name}:job-1", "manager"))
    client.begin_delete_job_schedule(name, polling_interval=0).wait()
    wait_until(lambda: name not in [there.id for there in client.list_job_schedules()])


def test_job_schedule_can_be_disabled_changed_and_ended(client: BatchClient, name: str) -> None:
    """Each state is seen at once, and a change under a stale ETag is refused."""
    client.create_job_schedule(options(name, do_not_run_until=LATER))
    client.disable_job_schedule(name)
    assert client.get_job_schedule(name).state == models.BatchJobScheduleState.DISABLED
    stale = present(client.get_job_schedule(name).etag)
    update = models.BatchJobScheduleUpdateOptions(metadata=[models.BatchMetadataItem(name="a", value="b")])
    client.update_job_schedule(name, update)
    with pytest.raises(HttpResponseError) as refused:
        client.update_job_schedule(name, update, etag=stale, match_condition=MatchConditions.IfNotModified)
    assert code_of(refused.value) == "ConditionNotMet"
    client.enable_job_schedule(name)
    schedule = client.get_job_schedule(name)
    schedule.job_specification = specification()
    client.replace_job_schedule(name, schedule)
    assert client.job_schedule_exists(name)
    client.begin_terminate_job_schedule(name, polling_interval=0).wait()
    wait_until(lambda: client.get_job_schedule(name).state == models.BatchJobScheduleState.COMPLETED)


def test_job_schedule_that_exists_is_refused(client: BatchClient, name: str) -> None:
    """With Azure's code."""
    client.create_job_schedule(options(name, do_not_run_until=LATER))
    with pytest.raises(ResourceExistsError) as refused:
        client.create_job_schedule(options(name))
    assert code_of(refused.value) == "JobScheduleExists"


def test_auto_pool_runs_its_job_and_goes(client: BatchClient, name: str) -> None:
    """A job may bring its own pool."""
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu", sku="22_04-lts")
    pool = models.BatchPoolSpecification(
        vm_size="standard_d2s_v3",
        target_dedicated_nodes=1,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
        ),
    )
    auto = models.BatchAutoPoolSpecification(
        auto_pool_id_prefix="auto", pool_lifetime_option=models.BatchPoolLifetimeOption.JOB, pool=pool
    )
    manager = models.BatchJobManagerTask(id="manager", command_line="/bin/true")
    client.create_job(
        models.BatchJobCreateOptions(
            id=name, pool_info=models.BatchPoolInfo(auto_pool_specification=auto), job_manager_task=manager
        )
    )
    pool_id = present(present(client.get_job(name).execution_info).pool_id)
    assert pool_id.startswith("auto_")
    wait_until(lambda: client.get_job(name).state == models.BatchJobState.COMPLETED)
    wait_until(lambda: pool_id not in [there.id for there in client.list_pools()])
