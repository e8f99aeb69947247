"""Jobs and schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from azure.batch import models
from azure.batch.aio import BatchClient
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from tests.clients.suites.sdk15_aio.support import connect, job_of, present, run, wait_for
from tests.clients.suites.support import Account, shell


async def state(client: BatchClient, job_id: str) -> str:
    """Return a job's state."""
    return models.BatchJobState(present((await client.get_job(job_id)).state)).value


async def is_in(client: BatchClient, job_id: str, wanted: str) -> bool:
    """Whether a job is in a state."""
    return await state(client, job_id) == wanted


async def test_job_has_a_life(account: Account, pool: str, name: str) -> None:
    """Terminated with a reason, deleted, gone."""
    async with connect(account) as client:
        async with job_of(client, name, pool):
            reason: Any = {"terminateReason": "enough"}
            await (await client.begin_terminate_job(name, reason, polling_interval=0)).wait()
            await wait_for(lambda: is_in(client, name, "completed"))
            assert present((await client.get_job(name)).execution_info).termination_reason == "enough"
        with pytest.raises(ResourceNotFoundError, match="JobNotFound"):
            await wait_for(lambda: is_in(client, name, "gone"))


async def test_second_job_of_an_id_is_refused(account: Account, pool: str, name: str) -> None:
    """In Azure's words."""
    async with connect(account) as client, job_of(client, name, pool):
        options = models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=pool))
        with pytest.raises(ResourceExistsError, match=r"\(JobExists\) The specified job already exists\."):
            await client.create_job(options)


async def test_job_is_disabled_and_enabled(account: Account, pool: str, name: str) -> None:
    """What runs goes back to the queue."""
    async with connect(account) as client, job_of(client, name, pool):
        await run(client, name, "true")
        options = models.BatchJobDisableOptions(disable_tasks="requeue")
        await (await client.begin_disable_job(name, options, polling_interval=0)).wait()
        await wait_for(lambda: is_in(client, name, "disabled"))
        await (await client.begin_enable_job(name, polling_interval=0)).wait()
        assert await state(client, name) == "active"


async def test_failed_task_ends_a_job_that_says_so(account: Account, pool: str, name: str) -> None:
    """By default every failure does, once exit options count."""
    mode = models.BatchTaskFailureMode.PERFORM_EXIT_OPTIONS_JOB_ACTION
    async with connect(account) as client, job_of(client, name, pool, task_failure_mode=mode):
        await client.create_task(name, models.BatchTaskCreateOptions(id="bad", command_line=shell("exit 3")))
        await wait_for(lambda: is_in(client, name, "completed"))


async def test_preparation_is_told_of(account: Account, pool: str, name: str) -> None:
    """One line for each node where the job ran."""
    preparation = models.BatchJobPreparationTask(command_line=shell("exit 0"))
    async with connect(account) as client, job_of(client, name, pool, job_preparation_task=preparation):
        await run(client, name, "true")
        found = [line async for line in client.list_job_preparation_and_release_task_status(name)]
        assert [present(line.job_preparation_task_execution_info).exit_code for line in found] == [0]


async def test_task_counts_add_up(account: Account, pool: str, name: str) -> None:
    """Succeeded and failed are what completed is made of."""
    async with connect(account) as client, job_of(client, name, pool):
        await run(client, name, "true", "good")
        await run(client, name, "false", "bad")
        counts = (await client.get_job_task_counts(name)).task_counts
        assert (counts.completed, counts.succeeded, counts.failed) == (2, 1, 1)


async def test_schedule_makes_a_job(account: Account, pool: str, name: str) -> None:
    """Its jobs are listed; it is deleted with them."""
    spec = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id=pool))
    every = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
    options = models.BatchJobScheduleCreateOptions(id=name, schedule=every, job_specification=spec)
    async with connect(account) as client:
        await client.create_job_schedule(options)

        async def has_a_job() -> list[str]:
            return [present(job.id) async for job in client.list_jobs_from_schedule(name)]

        await wait_for(has_a_job)
        await (await client.begin_delete_job_schedule(name, polling_interval=0)).wait()
