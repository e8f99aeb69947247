"""Job preparation and release tasks, on nodes that run nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import Stage
from dispatcher.service.store import Store
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue

PREPARATION: JsonObject = {"commandLine": "prepare"}
RELEASE: JsonObject = {"commandLine": "release"}


def status(bench: Bench, job_id: str = "job") -> list[JsonObject]:
    """Return the status list of a job's preparation and release tasks."""
    values = bench.read("list_job_preparation_and_release_task_status", jobId=job_id)["value"]
    assert isinstance(values, list)
    return [value for value in values if isinstance(value, dict)]


def info(body: JsonObject, name: str) -> JsonObject:
    """Return one of the two parts of a status."""
    value: JsonValue = body[name]
    assert isinstance(value, dict)
    return value


@pytest.fixture
def bench() -> Bench:
    """Return an account with a pool of two nodes with two slots, and a job that prepares and releases them."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=2, taskSlotsPerNode=2, taskSchedulingPolicy={"nodeFillType": "pack"})
    bench.add_job(jobPreparationTask=PREPARATION, jobReleaseTask=RELEASE)
    return bench


def test_task_waits_for_the_preparation_of_its_node(bench: Bench) -> None:
    """The first task is preparing until the preparation task has succeeded, and counts as running."""
    bench.add_task("a")
    assert (bench.state("a"), bench.running()) == ("preparing", ["jobpreparation"])
    assert "startTime" not in bench.execution("a")
    counts = bench.read("get_job_task_counts", jobId="job")["taskCounts"]
    assert isinstance(counts, dict)
    assert counts["running"] == 1
    bench.finish("jobpreparation")
    assert (bench.state("a"), bench.task("a")["previousState"], bench.running()) == ("running", "preparing", ["a"])


def test_prepared_node_is_not_prepared_again(bench: Bench) -> None:
    """A second task starts at once on a node that is prepared, told where the preparation lies."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.add_task("b")
    assert bench.running() == ["a", "b"]
    told = bench.nodes.launch_of("b").service_environment
    assert told["AZ_BATCH_JOB_PREP_WORKING_DIR"].endswith("/workitems/job/job-1/jobpreparation/wd")


def test_second_node_is_prepared_for_itself(bench: Bench) -> None:
    """Every node that takes a task of the job is prepared once."""
    for task_id in ("a", "b", "c"):
        bench.add_task(task_id)
    first, second = (node for node in bench.nodes.opened.values())
    assert len(first.running) == len(second.running) == 1
    first.finish(next(iter(first.running)))
    bench.settle()
    assert sorted(bench.state(task_id) == "running" for task_id in ("a", "b", "c")) == [False, True, True]


def test_failed_preparation_bars_its_node(bench: Bench) -> None:
    """The job's tasks go back to active without being counted and go elsewhere; where no node is left, they wait."""
    bench.add_task("a")
    bench.finish("jobpreparation", exit_code=3)
    assert bench.running() == ["jobpreparation"]
    bench.finish("jobpreparation", exit_code=3)
    assert (bench.state("a"), bench.running(), bench.execution("a")["requeueCount"]) == ("active", [], 0)
    shown = [info(body, "jobPreparationTaskExecutionInfo") for body in status(bench)]
    assert [(each["result"], each["exitCode"]) for each in shown] == [("failure", 3), ("failure", 3)]


def test_node_barred_for_one_job_takes_tasks_of_others(bench: Bench) -> None:
    """A failed preparation says nothing of the node."""
    bench.add_task("a")
    for _ in range(2):
        bench.finish("jobpreparation", exit_code=1)
    bench.add_job("other")
    bench.add_task("b", "other")
    assert bench.running() == ["b"]


def test_failing_preparation_is_retried() -> None:
    """A preparation that fails runs again, on the same node, as often as its constraints say."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask={**PREPARATION, "constraints": {"maxTaskRetryCount": 1}})
    bench.add_task("a")
    bench.finish("jobpreparation", exit_code=1)
    assert bench.nodes.launch_of("jobpreparation").keep_files
    bench.finish("jobpreparation")
    assert (bench.running(), info(status(bench)[0], "jobPreparationTaskExecutionInfo")["retryCount"]) == (["a"], 1)


def test_preparation_that_is_retried_without_limit_pauses() -> None:
    """Its task waits meanwhile, and no process follows the other at once."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask={**PREPARATION, "constraints": {"maxTaskRetryCount": -1}})
    bench.add_task("a")
    bench.finish("jobpreparation", exit_code=3)
    assert (bench.state("a"), bench.running()) == ("preparing", [])
    bench.clock.advance(timedelta(seconds=1))
    bench.settle()
    assert bench.running() == ["jobpreparation"]
    bench.finish("jobpreparation")
    assert bench.running() == ["a"]


def test_preparation_that_pauses_ends_with_its_job() -> None:
    """At once, and does not begin later."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask={**PREPARATION, "constraints": {"maxTaskRetryCount": -1}})
    bench.add_task("a")
    bench.finish("jobpreparation", exit_code=3)
    bench.call("begin_terminate_job", jobId="job")
    bench.clock.advance(timedelta(seconds=1))
    bench.settle()
    assert (bench.running(), bench.job()["state"]) == ([], "completed")


def test_preparation_that_cannot_start_is_not_retried() -> None:
    """Pre-processing errors of a preparation task are not retried."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask={**PREPARATION, "constraints": {"maxTaskRetryCount": 5}})
    bench.add_task("a")
    bench.finish("jobpreparation", exit_code=None, stage=Stage.PRE_PROCESSING)
    assert (bench.state("a"), bench.running()) == ("active", [])


def test_job_that_does_not_wait_starts_its_tasks_meanwhile() -> None:
    """Without waitForSuccess tasks run beside the preparation task, and on though it fails."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job(jobPreparationTask={**PREPARATION, "waitForSuccess": False})
    bench.add_task("a")
    assert bench.running() == ["a", "jobpreparation"]
    bench.finish("jobpreparation", exit_code=1)
    bench.add_task("b")
    assert bench.running() == ["a", "b"]


def test_release_task_runs_on_every_prepared_node_when_the_job_ends(bench: Bench) -> None:
    """The job is terminating until its release tasks have ended; nodes that were not prepared have none."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.finish("a")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert (bench.job()["state"], bench.running()) == ("terminating", ["jobrelease"])
    assert bench.nodes.launch_of("jobrelease").wall_clock_limit == 900
    bench.finish("jobrelease", exit_code=4)
    (body,) = status(bench)
    assert (bench.job()["state"], info(body, "jobReleaseTaskExecutionInfo")["exitCode"]) == ("completed", 4)


def test_release_task_waits_for_running_tasks(bench: Bench) -> None:
    """Tasks are ended before anything is released."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert (bench.state("a"), bench.running()) == ("completed", ["jobrelease"])


def test_forced_termination_does_not_wait_for_release_tasks(bench: Bench) -> None:
    """With force the job completes at once, also one that is terminating already."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    bench.call("begin_terminate_job", jobId="job", query={"force": "true"})
    bench.settle()
    assert (bench.job()["state"], bench.running()) == ("completed", [])


def test_deleted_job_is_released_first(bench: Bench) -> None:
    """A job that is deleted while it is active runs its release tasks before it goes."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.call("begin_delete_job", jobId="job")
    bench.settle()
    assert (bench.job()["state"], bench.running()) == ("deleting", ["jobrelease"])
    bench.finish("jobrelease")
    assert bench.running() == []


def test_completed_job_is_not_released_again(bench: Bench) -> None:
    """To delete a job that ended already runs nothing."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    bench.finish("jobrelease")
    bench.call("begin_delete_job", jobId="job")
    bench.settle()
    assert bench.running() == []


def test_terminated_job_does_not_wait_for_a_node_that_is_gone(bench: Bench) -> None:
    """Where a prepared node has left, nothing is released; the list still tells of the preparation."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.finish("a")
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 0}, poolId="pool")
    bench.settle()
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    (body,) = status(bench)
    assert (bench.job()["state"], "jobReleaseTaskExecutionInfo" in body) == ("completed", False)


def test_preparation_ends_with_its_job(bench: Bench) -> None:
    """A terminated job ends what prepares its nodes; its tasks end as terminated."""
    bench.add_task("a")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert (bench.job()["state"], bench.running()) == ("completed", [])
    assert bench.execution("a")["failureCode"] == "TaskEnded"


def test_terminated_task_does_not_start_after_its_preparation(bench: Bench) -> None:
    """A preparing task can be terminated; the preparation goes on for the next one."""
    bench.add_task("a")
    bench.call("terminate_task", jobId="job", taskId="a")
    bench.settle()
    bench.finish("jobpreparation")
    assert (bench.state("a"), bench.running()) == ("completed", [])


def test_preparing_task_of_a_disabled_job_goes_back(bench: Bench) -> None:
    """To disable with requeue puts a preparing task back; when enabled it does not wait again."""
    bench.add_task("a")
    bench.call("begin_disable_job", {"disableTasks": "requeue"}, jobId="job")
    bench.settle()
    assert (bench.state("a"), bench.job()["state"]) == ("active", "disabled")
    bench.finish("jobpreparation")
    bench.call("begin_enable_job", jobId="job")
    bench.settle()
    assert bench.running() == ["a"]


def test_preparation_on_a_leaving_node_is_lost(bench: Bench) -> None:
    """When the node leaves during preparation, the task is prepared for elsewhere."""
    bench.add_task("a")
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 0}, poolId="pool")
    bench.settle()
    assert (bench.state("a"), bench.running()) == ("active", [])
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 1}, poolId="pool")
    bench.settle()
    assert (bench.state("a"), len(status(bench))) == ("preparing", 2)


def test_restart_prepares_again_what_was_being_prepared(tmp_path: Path) -> None:
    """After a restart the task waits for a new run of the preparation task."""
    bench = Bench(Store(tmp_path / "state.db"))
    bench.add_pool()
    bench.add_job(jobPreparationTask=PREPARATION)
    bench.add_task("a")
    bench.service.core.store.close()
    again = Bench(Store(tmp_path / "state.db"))
    again.service.worker.recover()
    again.settle()
    assert (again.state("a"), again.running()) == ("preparing", ["jobpreparation"])
    again.finish("jobpreparation")
    assert again.running() == ["a"]


def test_restart_runs_release_tasks_again(tmp_path: Path) -> None:
    """A release task that ran when the service was killed runs again."""
    bench = Bench(Store(tmp_path / "state.db"))
    bench.add_pool()
    bench.add_job(jobPreparationTask=PREPARATION, jobReleaseTask=RELEASE)
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    bench.service.core.store.close()
    again = Bench(Store(tmp_path / "state.db"))
    again.service.worker.recover()
    again.settle()
    assert (again.job()["state"], again.running()) == ("terminating", ["jobrelease"])


def test_files_of_job_tasks_go_when_their_retention_is_over(bench: Bench) -> None:
    """Retention begins when the job is completed, so that nothing a task may need goes before."""
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.finish("a")
    bench.clock.advance(timedelta(days=6))
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    bench.finish("jobrelease")
    bench.clock.advance(timedelta(days=7))
    bench.settle()
    gone = {key.task_id for node in bench.nodes.opened.values() for key in node.forgotten}
    assert {"jobpreparation", "jobrelease"} <= gone


@pytest.mark.parametrize("task_id", ["jobpreparation", "JobRelease"])
def test_task_with_the_id_of_a_job_task_is_refused(bench: Bench, task_id: str) -> None:
    """No task may have the id of the job's preparation or release task."""
    with pytest.raises(BatchError, match="TaskIdSameAsJob"):
        bench.add_task(task_id)


@pytest.mark.parametrize(
    "properties",
    [
        {"jobReleaseTask": RELEASE},
        {"jobPreparationTask": {}},
        {"jobPreparationTask": PREPARATION, "jobReleaseTask": {**RELEASE, "maxWallClockTime": "PT16M"}},
        {"jobPreparationTask": PREPARATION, "jobReleaseTask": {**RELEASE, "id": "jobpreparation"}},
    ],
)
def test_job_tasks_that_azure_refuses_are_refused(properties: JsonObject) -> None:
    """A release task alone, a command that is missing, more than 15 minutes and an id twice are refused."""
    bench = Bench()
    with pytest.raises(BatchError):
        bench.call("create_job", {"id": "job", "poolInfo": {"poolId": "pool"}, **properties})


def test_status_of_a_job_without_job_tasks_is_refused() -> None:
    """There is nothing to list, as Azure answers."""
    bench = Bench()
    bench.add_job()
    with pytest.raises(BatchError, match="JobPreparationTaskNotSpecified"):
        status(bench)
