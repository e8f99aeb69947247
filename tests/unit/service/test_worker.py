"""Pools, job managers and restarts, on nodes that run nothing."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.store import SchemaError, Store
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

MANAGER: JsonObject = {"id": "manager", "commandLine": "true"}


def test_job_manager_starts_before_older_tasks(bench: Bench) -> None:
    """The job manager task goes first, whatever was added before it was free to start."""
    bench.add_task("busy")
    bench.add_job("managed", jobManagerTask={**MANAGER, "runExclusive": False, "killJobOnCompletion": False})
    bench.add_task("other", "managed")
    bench.finish("busy")
    assert bench.running() == ["manager"]


def test_exclusive_job_manager_has_its_node_alone() -> None:
    """With runExclusive, the default, nothing else runs on the node."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=4)
    bench.add_job(jobManagerTask={**MANAGER, "killJobOnCompletion": False})
    bench.add_task("a")
    assert bench.running() == ["manager"]
    bench.finish("manager")
    assert bench.running() == ["a"]


def test_end_of_job_manager_ends_its_job(bench: Bench) -> None:
    """With killJobOnCompletion, the default, what runs is ended and the job completes."""
    bench.add_job("managed", jobManagerTask=MANAGER)
    bench.add_task("waiting", "managed")
    bench.finish("manager")
    assert bench.job("managed")["state"] == "completed"
    assert (bench.state("waiting", "managed"), bench.running()) == ("active", [])


def test_retried_job_manager_does_not_end_its_job(bench: Bench) -> None:
    """Only the manager's last attempt counts."""
    bench.add_job("managed", jobManagerTask={**MANAGER, "constraints": {"maxTaskRetryCount": 1}})
    bench.finish("manager", exit_code=1)
    assert (bench.job("managed")["state"], bench.running()) == ("active", ["manager"])


def test_job_of_higher_priority_goes_first(bench: Bench) -> None:
    """Tasks of the job with the higher priority start first, though they were added later."""
    bench.add_task("busy")
    bench.add_task("low")
    bench.add_job("urgent", priority=10)
    bench.add_task("high", "urgent")
    bench.finish("busy")
    assert bench.running() == ["high"]


def test_job_runs_no_more_tasks_at_once_than_it_may() -> None:
    """maxParallelTasks holds over all nodes."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=4)
    bench.add_job(maxParallelTasks=2)
    for task_id in ("a", "b", "c"):
        bench.add_task(task_id)
    assert bench.running() == ["a", "b"]
    bench.finish("a")
    assert bench.running() == ["b", "c"]


def test_empty_job_that_ends_when_done_is_done(bench: Bench) -> None:
    """As in Azure, a job without tasks has all of them completed."""
    bench.add_job("empty", onAllTasksComplete="terminatejob")
    assert bench.job("empty")["state"] == "completed"


def test_job_with_a_blocked_task_does_not_end(bench: Bench) -> None:
    """A dependent that can never start keeps its job active."""
    bench.add_task("a")
    bench.add_task("child", dependsOn={"taskIds": ["a"]})
    bench.call("update_job", {"onAllTasksComplete": "terminatejob"}, jobId="job")
    bench.finish("a", exit_code=1)
    assert bench.job()["state"] == "active"


def test_overdue_job_ends_what_runs(bench: Bench) -> None:
    """When the job's wall clock limit is over, its tasks end as terminated."""
    bench.add_job("short", constraints={"maxWallClockTime": "PT1M"})
    bench.add_task("a", "short")
    bench.clock.advance(timedelta(minutes=1))
    bench.settle()
    assert bench.execution("a", "short")["failureCode"] == "TaskEnded"


def test_deleted_pool_puts_its_tasks_back(bench: Bench) -> None:
    """A task on a deleted pool's node waits again, as requeued; a new pool of that id runs it."""
    bench.add_task("a")
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    assert (bench.state("a"), bench.execution("a")["requeueCount"]) == ("active", 1)
    bench.add_pool()
    assert bench.running() == ["a"]


def test_shrinking_with_taskcompletion_waits_for_tasks(bench: Bench) -> None:
    """The node leaves when its task has ended by itself."""
    bench.add_task("a")
    options: JsonObject = {"targetDedicatedNodes": 0, "nodeDeallocationOption": "taskcompletion"}
    bench.call("begin_resize_pool", options, poolId="pool")
    bench.settle()
    assert bench.running() == ["a"]
    bench.finish("a")
    assert bench.read("get_pool", poolId="pool")["currentDedicatedNodes"] == 0


def test_resize_during_a_resize_is_refused(bench: Bench) -> None:
    """A pool is resized once at a time."""
    bench.add_task("a")
    options: JsonObject = {"targetDedicatedNodes": 0, "nodeDeallocationOption": "taskcompletion"}
    bench.call("begin_resize_pool", options, poolId="pool")
    with pytest.raises(BatchError, match="PoolBeingResized"):
        bench.call("begin_resize_pool", options, poolId="pool")


def test_terminating_a_terminated_job_is_refused(bench: Bench) -> None:
    """A second termination answers that the job is completed."""
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    with pytest.raises(BatchError, match="JobCompleted"):
        bench.call("begin_terminate_job", jobId="job")


def test_late_ending_of_an_earlier_run_changes_nothing(bench: Bench) -> None:
    """An ending carries its run's number; that of another run is not the task's."""
    bench.add_task("a", constraints={"maxTaskRetryCount": 1})
    stale = bench.nodes.launch_of("a")
    bench.finish("a", exit_code=1)
    node = bench.nodes.running()["a"]
    current = node.running.pop(stale.key)
    node.running[stale.key] = stale
    node.finish(stale.key)
    node.running[stale.key] = current
    bench.settle()
    assert bench.state("a") == "running"


def test_restart_requeues_what_ran_and_keeps_the_rest(tmp_path: Path) -> None:
    """State outlives the service: completed stays completed, running goes back, waiting still waits."""
    before = Bench(Store(tmp_path / "state"))
    before.add_pool()
    before.add_job()
    before.add_task("1")
    before.finish("1")
    before.add_task("2")
    before.add_task("child", dependsOn={"taskIdRanges": [{"start": 1, "end": 2}]})
    before.service.close()
    after = Bench(Store(tmp_path / "state"))
    after.service.worker.recover()
    after.settle()
    assert (after.running(), after.execution("2")["requeueCount"]) == (["2"], 1)
    after.finish("2")
    assert after.running() == ["child"]


def test_restart_after_the_deadline_starts_no_task(tmp_path: Path) -> None:
    """A job whose wall clock limit passed while the service was down ends, and its lost task is not run again."""
    before = Bench(Store(tmp_path / "state"))
    before.add_pool()
    before.add_job(constraints={"maxWallClockTime": "PT1M"})
    before.add_task("a")
    before.service.close()
    after = Bench(Store(tmp_path / "state"))
    after.clock.advance(timedelta(minutes=2))
    after.service.worker.recover()
    after.settle()
    assert (after.state("a"), after.execution("a")["requeueCount"], after.job()["state"]) == ("active", 1, "completed")


def test_store_of_another_version_is_refused(tmp_path: Path) -> None:
    """State that this version cannot read is named, and left as it is."""
    with sqlite3.connect(tmp_path / "state") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaError, match="schema 99"):
        Store(tmp_path / "state")
