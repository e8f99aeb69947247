"""Pools that jobs and job schedules bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.options import QuotaOptions, ServiceOptions
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue

POOL: JsonObject = {
    "vmSize": "standard_d2s_v3",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04-lts"},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
    },
    "targetDedicatedNodes": 1,
}


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return an empty account that may have one pool and three jobs and schedules."""
    bench = Bench(options=ServiceOptions(quotas=QuotaOptions(pools=1, active_jobs_and_schedules=3)))
    yield bench
    bench.service.close()


def pool_info(lifetime: str = "job", **properties: JsonValue) -> JsonObject:
    """Return a ``poolInfo`` with a pool of its own."""
    specification: JsonObject = {"poolLifetimeOption": lifetime, "pool": {**POOL, **properties}}
    return {"autoPoolSpecification": specification}


def kept(info: JsonObject) -> JsonObject:
    """Return a ``poolInfo`` whose pool stays when its job ends."""
    specification = info["autoPoolSpecification"]
    assert isinstance(specification, dict)
    return {"autoPoolSpecification": {**specification, "keepAlive": True}}


def pools(bench: Bench) -> list[str]:
    """Return the ids of the pools."""
    listed = bench.read("list_pools")["value"]
    assert isinstance(listed, list)
    return [str(pool["id"]) for pool in listed if isinstance(pool, dict)]


def execution(bench: Bench, job_id: str = "job") -> JsonObject:
    """Return a job's execution information."""
    info = bench.job(job_id)["executionInfo"]
    assert isinstance(info, dict)
    return info


def test_job_whose_pool_is_beyond_the_quota_is_completed_with_a_scheduling_error(bench: Bench) -> None:
    """As on Azure, where the job is added all the same; nothing of the pool is left."""
    bench.add_pool()
    bench.add_job(poolInfo=pool_info())
    error = execution(bench)["schedulingError"]
    assert isinstance(error, dict)
    assert (error["category"], error["code"]) == ("UserError", "AutoPoolCreationFailedWithQuotaReached")
    assert (bench.job()["state"], "poolId" in execution(bench), pools(bench)) == ("completed", False, ["pool"])


def test_job_of_a_schedule_without_room_for_its_pool_is_completed_and_the_next_one_is_made(bench: Bench) -> None:
    """The schedule goes on; when there is room, its job has a pool."""
    bench.add_pool()
    specification: JsonObject = {"poolInfo": pool_info()}
    schedule: JsonObject = {"recurrenceInterval": "PT1H"}
    bench.call("create_job_schedule", {"id": "s", "schedule": schedule, "jobSpecification": specification})
    bench.settle()
    assert "schedulingError" in execution(bench, "s:job-1")
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    bench.clock.advance(timedelta(hours=1))
    bench.settle()
    assert pools(bench) == [execution(bench, "s:job-2")["poolId"]]


def test_due_job_beyond_the_quota_is_tried_again_and_leaves_no_pool(bench: Bench) -> None:
    """Until there is room or its window is over."""
    for number in range(2):
        bench.add_job(f"other-{number}")
    schedule: JsonObject = {"startWindow": "PT5M", "recurrenceInterval": "PT1H"}
    specification: JsonObject = {"poolInfo": pool_info("jobschedule")}
    bench.call("create_job_schedule", {"id": "s", "schedule": schedule, "jobSpecification": specification})
    bench.settle()
    assert bench.read("list_jobs_from_schedule", jobScheduleId="s")["value"] == []
    assert pools(bench) == []
    bench.call("begin_terminate_job", jobId="other-0")
    bench.clock.advance(timedelta(minutes=1))
    bench.settle()
    assert pools(bench) == [execution(bench, "s:job-1")["poolId"]]


def test_pool_of_a_schedule_for_a_plain_job_is_refused(bench: Bench) -> None:
    """Microsoft: only for job schedules."""
    with pytest.raises(BatchError) as refused:
        bench.add_job(poolInfo=pool_info("jobschedule"))
    assert dict(refused.value.values)["PropertyName"] == "poolInfo.autoPoolSpecification.poolLifetimeOption"
    assert pools(bench) == []


def test_pool_that_is_to_stay_stays_when_its_job_ends(bench: Bench) -> None:
    """Even if that was said later."""
    bench.add_job(poolInfo=pool_info())
    bench.call("update_job", {"poolInfo": kept(pool_info())}, jobId="job")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert len(pools(bench)) == 1


def test_nothing_else_of_a_pool_of_a_job_can_be_changed(bench: Bench) -> None:
    """Nor can a job be given a pool of its own later."""
    bench.add_job(poolInfo=pool_info())
    bench.add_job("other")
    for job_id, info in (("job", pool_info(targetDedicatedNodes=2)), ("other", pool_info())):
        with pytest.raises(BatchError, match="InvalidPropertyValue"):
            bench.call("update_job", {"poolInfo": info}, jobId=job_id)


def test_pool_that_a_client_deleted_is_no_matter_when_the_job_ends(bench: Bench) -> None:
    """Its job waits for it until then."""
    bench.add_job(poolInfo=pool_info())
    bench.add_task("t")
    bench.call("begin_delete_pool", poolId=pools(bench)[0])
    bench.settle()
    assert (pools(bench), bench.state("t")) == ([], "active")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert bench.job()["state"] == "completed"
