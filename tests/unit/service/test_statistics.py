"""Statistics of tasks, jobs, job schedules and pools."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.service.machine_sizes import cores_of
from dispatcher.service.node.launch import Usage
from dispatcher.service.store import Store
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

SECOND = timedelta(seconds=1)
STATS = {"$expand": "stats"}
USED = Usage(user=2 * SECOND, kernel=SECOND, reads=2048, writes=4096)


def stats(bench: Bench, operation: str, **parameters: str) -> JsonObject:
    """Return the statistics of an entity."""
    body = bench.call(operation, None, query=STATS, **parameters).body
    assert body is not None
    assert isinstance(body["stats"], dict)
    return body["stats"]


def run(bench: Bench, task_id: str, *, exit_code: int = 0) -> None:
    """Run a task for ten seconds."""
    bench.add_task(task_id)
    bench.clock.advance(10 * SECOND)
    bench.finish(task_id, exit_code=exit_code, usage=USED)


def test_task_statistics_are_what_its_process_used(bench: Bench) -> None:
    """Times are durations, counts are texts as in Azure, and sizes are gibibytes."""
    bench.add_task("first")
    bench.add_task("second")
    bench.clock.advance(10 * SECOND)
    bench.finish("first")
    bench.clock.advance(5 * SECOND)
    bench.finish("second", usage=USED)
    found = stats(bench, "get_task", jobId="job", taskId="second")
    names = ("wallClockTime", "waitTime", "userCPUTime", "kernelCPUTime", "readIOps", "writeIOps")
    assert [found[name] for name in names] == ["PT5S", "PT10S", "PT2S", "PT1S", "2048", "4096"]
    assert found["readIOGiB"] == 2048 * 512 / 2**30


def test_attempt_that_a_killed_service_ran_counts_up_to_the_last_that_was_stored(tmp_path: Path) -> None:
    """When it ended nobody knows; the time until the next start is no task's."""
    path = tmp_path / "state"
    before = Bench(Store(path))
    before.add_pool()
    before.add_job()
    before.add_task("a")
    before.service.close()
    died = (before.clock.now() + 7 * SECOND).timestamp()
    os.utime(path, (died, died))
    after = Bench(Store(path))
    after.clock.advance(60 * SECOND)
    after.service.worker.recover()
    assert stats(after, "get_task", jobId="job", taskId="a")["wallClockTime"] == "PT7S"
    assert stats(after, "get_job", jobId="job")["wallClockTime"] == "PT7S"


def test_retries_count_with_the_task_and_in_the_job(bench: Bench) -> None:
    """Wall clock time adds up over attempts; the wait is that of the latest."""
    bench.add_task("t", constraints={"maxTaskRetryCount": 1})
    for exit_code in (1, 0):
        bench.clock.advance(10 * SECOND)
        bench.finish("t", exit_code=exit_code, usage=USED)
    task, job = stats(bench, "get_task", jobId="job", taskId="t"), stats(bench, "get_job", jobId="job")
    assert [task["wallClockTime"], task["waitTime"], task["userCPUTime"]] == ["PT20S", "PT10S", "PT4S"]
    assert [job["wallClockTime"], job["waitTime"], job["numTaskRetries"]] == ["PT20S", "PT10S", "1"]


def test_running_task_shows_its_time_so_far(bench: Bench) -> None:
    """Statistics of a task that runs go on with the clock."""
    bench.add_task("t")
    bench.clock.advance(10 * SECOND)
    assert stats(bench, "get_task", jobId="job", taskId="t")["wallClockTime"] == "PT10S"


def test_job_statistics_outlive_its_tasks(bench: Bench) -> None:
    """What a deleted task used stays with its job."""
    run(bench, "good")
    run(bench, "bad", exit_code=1)
    bench.call("delete_task", jobId="job", taskId="good")
    found = stats(bench, "get_job", jobId="job")
    assert [found["numSucceededTasks"], found["numFailedTasks"], found["wallClockTime"]] == ["1", "1", "PT20S"]


def test_terminated_task_that_never_ran_counts_as_failed(bench: Bench) -> None:
    """It has an outcome, and used nothing."""
    bench.add_task("runs")
    bench.add_task("waits")
    bench.call("terminate_task", jobId="job", taskId="waits")
    found = stats(bench, "get_job", jobId="job")
    assert [found["numFailedTasks"], found["wallClockTime"]] == ["1", "PT0S"]


def test_schedule_statistics_outlive_its_jobs(bench: Bench) -> None:
    """A schedule's statistics are those of all its jobs, deleted ones included."""
    specification: JsonObject = {"poolInfo": {"poolId": "pool"}, "jobManagerTask": {"id": "m", "commandLine": "true"}}
    body: JsonObject = {"id": "s", "schedule": {"recurrenceInterval": "PT1H"}, "jobSpecification": specification}
    bench.call("create_job_schedule", body)
    bench.settle()
    bench.clock.advance(10 * SECOND)
    bench.finish("m", usage=USED)
    before = stats(bench, "get_job_schedule", jobScheduleId="s")
    bench.call("begin_delete_job", jobId="s:job-1")
    bench.settle()
    assert stats(bench, "get_job_schedule", jobScheduleId="s") == before
    assert [before["numSucceededTasks"], before["userCPUTime"]] == ["1", "PT2S"]


def test_pool_statistics_are_of_its_nodes(bench: Bench) -> None:
    """Core time is that of the cores its size names; the processors' load is that of its tasks."""
    run(bench, "t")
    found = stats(bench, "get_pool", poolId="pool")
    usage, resources = found["usageStats"], found["resourceStats"]
    assert isinstance(usage, dict)
    assert isinstance(resources, dict)
    assert usage["dedicatedCoreTime"] == "PT20S"
    assert resources["avgCPUPercentage"] == pytest.approx(15.0)
    assert resources["diskReadIOps"] == "2048"


@pytest.mark.parametrize("operation", ["list_tasks", "list_jobs", "list_pools", "list_job_schedules"])
def test_lists_expand_statistics_if_they_are_asked_for(bench: Bench, operation: str) -> None:
    """What nobody asks for is not there."""
    body: JsonObject = {"id": "s", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "pool"}}}
    bench.call("create_job_schedule", body)
    bench.add_task("t")
    queries: list[dict[str, str]] = [{}, STATS, {**STATS, "$select": "id"}, {**STATS, "$select": "id, stats"}]
    for query in queries:
        reply = bench.call(operation, query=query, jobId="job")
        entity = json.loads(json.dumps(reply.body))["value"][0]
        assert ("stats" in entity) is ("$expand" in query and query.get("$select") != "id")


@pytest.mark.parametrize(
    ("vm_size", "cores"),
    [("standard_d2s_v3", 2), ("Standard_D16ds_v5", 16), ("STANDARD_A1_v2", 1), ("standard_e8-2s_v5", 2),
     ("standard_hb120rs_v3", 120), ("standard_nc24ads_a100_v4", 24), ("own size", 1)],
)  # fmt: skip
def test_cores_are_read_from_a_size(vm_size: str, cores: int) -> None:
    """Names of sizes hold the number of cores after the family."""
    assert cores_of(vm_size) == cores
