"""Tasks that are given to a node ahead of its slots, since those before them were very short."""

from __future__ import annotations

import pytest

from dispatcher.service.node.launch import TaskKey
from dispatcher.service.testing import Bench

SHORT = 40
"""Tasks that run for no time at all."""


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
