"""Tasks that are given to a node ahead of its slots, since those before them were very short."""

from __future__ import annotations

import pytest

from dispatcher.service.node.launch import TaskKey
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue

SHORT = 40
"""Tasks that run for no time at all."""
OUTPUT: JsonObject = {
    "filePattern": "*",
    "destination": {"container": {"containerUrl": "http://127.0.0.1:1/c"}},
    "uploadOptions": {"uploadCondition": "tasksuccess"},
}


@pytest.fixture
def bench() -> Bench:
    """Return an account with a job on a node of one slot that has run many short tasks."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    for number in range(SHORT):
        bench.add_task(f"short-{number}")
        finish_at_once(bench, f"short-{number}")
    return bench


def finish_at_once(bench: Bench, task_id: str) -> None:
    """Let a running task end at the time its command started."""
    node = bench.nodes.running()[task_id]
    node.finish(TaskKey(job_id="job", task_id=task_id), started=bench.clock.now())
    bench.settle()


def give_back(bench: Bench, task_id: str) -> None:
    """Let a node give a task back."""
    bench.nodes.running()[task_id].give_back(TaskKey(job_id="job", task_id=task_id))


def test_node_of_short_tasks_is_given_more_than_it_has_slots(bench: Bench) -> None:
    """All of them count as running, and each is launched once."""
    for name in "abc":
        bench.add_task(name)
    assert bench.running() == ["a", "b", "c"]
    assert bench.read("get_job_task_counts", jobId="job")["taskCounts"]["running"] == 3  # type: ignore[index, call-overload]


def test_tasks_that_are_given_back_wait_and_run_later(bench: Bench) -> None:
    """That is neither a retry nor a requeue, and nothing more is given ahead until tasks are short again."""
    for name in "abc":
        bench.add_task(name)
    give_back(bench, "b")
    give_back(bench, "c")
    bench.settle()
    assert bench.running() == ["a"]
    assert [bench.state(name) for name in "abc"] == ["running", "active", "active"]
    bench.finish("a")
    bench.finish("b")
    assert (bench.state("b"), bench.execution("b")["requeueCount"], bench.execution("b")["retryCount"]) == (
        "completed",
        0,
        0,
    )


def test_task_that_is_given_back_while_it_is_terminated_ends(bench: Bench) -> None:
    """The node gave it back before it heard of the termination; it does not go back to the queue."""
    bench.add_task("a")
    bench.add_task("b")
    give_back(bench, "b")
    bench.call("terminate_task", jobId="job", taskId="b")
    bench.settle()
    assert (bench.state("b"), bench.execution("b")["failureCode"]) == ("completed", "TaskEnded")
    assert bench.running() == ["a"]


def test_task_that_is_given_back_after_it_was_deleted_is_gone(bench: Bench) -> None:
    """So that a task of the same id may follow."""
    bench.add_task("a")
    bench.add_task("b")
    give_back(bench, "b")
    bench.call("delete_task", jobId="job", taskId="b")
    bench.settle()
    bench.add_task("b")
    assert bench.state("b") == "active"


def test_node_whose_tasks_end_before_one_is_given_back_is_idle(bench: Bench) -> None:
    """Whichever of the two is told first, nothing runs there any more."""
    for name in "ab":
        bench.add_task(name)
    bench.call("begin_disable_job", {"disableTasks": "wait"}, jobId="job")
    finish_at_once(bench, "a")
    give_back(bench, "b")
    bench.settle()
    (node,) = bench.service.core.fleet.of_pool("pool")
    assert (node.state.value, node.used_slots, bench.state("b")) == ("idle", 0, "active")


def test_task_that_was_given_back_shows_nothing_of_its_node(bench: Bench) -> None:
    """It has never run, and the service does not say that it had."""
    for name in "ab":
        bench.add_task(name)
    give_back(bench, "b")
    bench.settle()
    assert "nodeInfo" not in bench.task("b")
    assert not {"startTime", "endTime", "exitCode"} & bench.execution("b").keys()


def test_node_counts_what_has_slots_as_running(bench: Bench) -> None:
    """A client that reckons with the slots of a node never finds more than all of them taken."""
    for name in "abc":
        bench.add_task(name)
    (node,) = bench.service.core.fleet.of_pool("pool")
    body = bench.read("get_node", poolId="pool", nodeId=node.record.id)
    assert (body["runningTasksCount"], body["runningTaskSlotsCount"], len(body["recentTasks"])) == (1, 1, 1)  # type: ignore[arg-type]


def test_nothing_waits_on_a_node_while_another_task_needs_several_slots() -> None:
    """Else those that take one would pass it by for ever, since none of its slots were free for a moment."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job()
    for number in range(SHORT):
        bench.add_task(f"short-{number}")
        finish_at_once(bench, f"short-{number}")
    bench.add_task("long")
    bench.add_task("wide", requiredSlots=2)
    for name in "abc":
        bench.add_task(name)
    assert bench.running() == ["a", "long"]
    bench.finish("long")
    assert [bench.state(name) for name in ("wide", "b", "c")] == ["active", "running", "active"]


def test_tasks_that_wait_for_a_preparation_are_not_given_ahead(bench: Bench) -> None:
    """It may take long, and other nodes may come to be free. Nor does another task take the slot of one that does."""
    bench.add_job("prepared", jobPreparationTask={"commandLine": "true"})
    for name in "ab":
        bench.add_task(name, "prepared")
    assert [bench.state(name, "prepared") for name in "ab"] == ["preparing", "active"]
    bench.add_job("other", priority=10)
    bench.add_task("c", "other")
    assert bench.state("c", "other") == "active"


@pytest.mark.parametrize(
    "files",
    [
        {"resourceFiles": [{"httpUrl": "http://127.0.0.1:1/a", "filePath": "a"}]},
        {"outputFiles": [OUTPUT]},
    ],
)
def test_nothing_waits_behind_a_task_with_files(bench: Bench, files: dict[str, JsonValue]) -> None:
    """How long they travel cannot be told from how long commands run."""
    bench.add_task("a", "job", **files)
    bench.add_task("b")
    assert [bench.state(name) for name in "ab"] == ["running", "active"]


def test_tasks_ahead_are_not_preempted_while_some_wait() -> None:
    """Else all of them would lose their places to one; each takes a moment only. The last that runs makes room."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(priority=0, allowTaskPreemption=True)
    for number in range(SHORT):
        bench.add_task(f"short-{number}")
        finish_at_once(bench, f"short-{number}")
    for name in "abc":
        bench.add_task(name)
    bench.add_job("urgent", priority=10, jobPreparationTask={"commandLine": "true"})
    bench.add_task("u", "urgent")
    assert bench.running() == ["a", "b", "c"]
    finish_at_once(bench, "a")
    finish_at_once(bench, "b")
    assert [bench.state("c"), bench.state("u", "urgent")] == ["active", "preparing"]
