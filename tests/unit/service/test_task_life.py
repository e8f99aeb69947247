"""Retries with pauses, deleted parents, managers on spot nodes, and the deletion of large jobs."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.settlement import pause_end
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject


def test_task_that_always_fails_pauses_between_retries(bench: Bench) -> None:
    """The first ten retries start at once, the next waits a second; the slot is free meanwhile."""
    bench.add_task("a", constraints={"maxTaskRetryCount": -1})
    bench.add_task("b")
    for _ in range(11):
        bench.finish("a", exit_code=1)
    assert (bench.running(), bench.execution("a")["retryCount"]) == (["b"], 11)
    bench.finish("b")
    assert bench.running() == []
    bench.clock.advance(timedelta(seconds=1))
    bench.settle()
    assert bench.running() == ["a"]


def test_pause_is_a_deadline_of_the_service(bench: Bench) -> None:
    """Nothing else has to happen for the retry to start."""
    bench.add_task("a", constraints={"maxTaskRetryCount": -1})
    for _ in range(11):
        bench.finish("a", exit_code=1)
    assert bench.service.worker.next_deadline() == bench.clock.now() + timedelta(seconds=1)


def test_pauses_grow_to_a_minute(bench: Bench) -> None:
    """They never shrink, and never pass a minute."""
    now = bench.clock.now()
    pauses = [(pause_end(retry, now) or now) - now for retry in range(1, 100)]
    assert all(before <= after for before, after in pairwise(pauses))
    assert (pauses[9], pauses[-1]) == (timedelta(), timedelta(minutes=1))


def test_child_of_a_range_waits_for_a_parent_that_was_deleted_and_added_again(bench: Bench) -> None:
    """A number that a deleted task met is met again by the new task alone."""
    bench.add_task("1")
    bench.finish("1")
    bench.call("delete_task", jobId="job", taskId="1")
    bench.add_task("1")
    bench.add_task("child", dependsOn={"taskIdRanges": [{"start": 1, "end": 1}]})
    assert (bench.running(), bench.state("child")) == (["1"], "active")
    bench.finish("1")
    assert bench.running() == ["child"]


def test_child_that_counted_a_deleted_parent_does_not_wait_for_it_again(bench: Bench) -> None:
    """What was met for a task that was there then stays met, and is not counted twice."""
    bench.add_task("1")
    bench.add_task("child", dependsOn={"taskIdRanges": [{"start": 1, "end": 3}]})
    bench.finish("1")
    bench.call("delete_task", jobId="job", taskId="1")
    bench.add_task("1")
    bench.finish("1")
    bench.add_task("2")
    bench.finish("2")
    assert bench.state("child") == "active"
    bench.add_task("3")
    bench.finish("3")
    assert bench.running() == ["child"]


def test_job_manager_may_ask_for_a_dedicated_node() -> None:
    """With allowLowPriorityNode=false it waits for one, while other tasks use the spot nodes."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=0, targetLowPriorityNodes=1)
    manager: JsonObject = {"id": "m", "commandLine": "true", "allowLowPriorityNode": False}
    bench.add_job(jobManagerTask=manager)
    bench.add_task("a")
    assert bench.running() == ["a"]
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 1, "targetLowPriorityNodes": 1}, poolId="pool")
    bench.settle()
    assert bench.running() == ["a", "m"]


def test_large_job_is_deleted_in_several_steps(bench: Bench) -> None:
    """No step deletes more than some hundred tasks; the id is free when the last is gone."""
    tasks: JsonObject = {"value": []}
    for start in range(0, 1200, 100):
        tasks = {"value": [{"id": f"t{index}", "commandLine": "true"} for index in range(start, start + 100)]}
        bench.call("create_task_collection", tasks, jobId="job")
    bench.call("begin_delete_job", jobId="job")
    left = []
    while bench.service.core.store.jobs.find("job") is not None:
        bench.service.worker.step()
        left.append(sum(1 for _ in bench.service.core.store.tasks.scan(1)))
    assert max(before - after for before, after in pairwise([1200, *left])) <= 500
    assert ("job" in {job for _, job in bench.nodes.forgotten_jobs}, left[-1]) == (True, 0)


def test_job_being_deleted_keeps_its_id(bench: Bench) -> None:
    """Until all of it is gone the id is taken."""
    bench.add_task("a")
    bench.call("begin_delete_job", jobId="job")
    with pytest.raises(BatchError, match="JobBeingDeleted"):
        bench.add_job()


def test_previous_states_have_their_times(bench: Bench) -> None:
    """A task and a job tell when they entered the state before."""
    bench.add_task("a")
    bench.clock.advance(timedelta(hours=1))
    bench.finish("a")
    task = bench.task("a")
    assert task["previousState"] == "running"
    assert task["previousStateTransitionTime"] != task["stateTransitionTime"]
