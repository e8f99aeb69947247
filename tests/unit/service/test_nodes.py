"""Nodes between handlers, resizes and the ends of tasks, on nodes that run nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench, FakeNode, FakeNodes
from dispatcher.service.wire import JsonObject

STEPS = ("start", "finish", "enable", "shrink", "grow", "stop", "requeue", "terminate", "taskcompletion")


def node_of(bench: Bench) -> tuple[str, object]:
    """Return the id and the state of the pool's only node."""
    (live,) = bench.service.core.fleet.of_pool("pool")
    return live.record.id, bench.read("get_node", poolId="pool", nodeId=live.record.id)["state"]


def disable(bench: Bench, option: str) -> None:
    """Disable scheduling on every node of the pool."""
    for live in bench.service.core.fleet.of_pool("pool"):
        body: JsonObject = {"nodeDisableSchedulingOption": option}
        bench.call("disable_node_scheduling", body, poolId="pool", nodeId=live.record.id)


def enable(bench: Bench) -> None:
    """Enable scheduling on every node of the pool."""
    for live in bench.service.core.fleet.of_pool("pool"):
        bench.call("enable_node_scheduling", poolId="pool", nodeId=live.record.id)


def resize(bench: Bench, nodes: int) -> None:
    """Begin a resize that lets tasks end by themselves."""
    body: JsonObject = {"targetDedicatedNodes": nodes, "nodeDeallocationOption": "taskcompletion"}
    bench.call("begin_resize_pool", body, poolId="pool")


def take_step(bench: Bench, step: str, task_id: str) -> None:
    """Do one thing to the pool's nodes; a refusal is as good as an answer."""
    with suppress(BatchError):
        match step:
            case "start":
                bench.add_task(task_id)
            case "finish":
                for running in bench.running()[:1]:
                    bench.finish(running)
            case "enable":
                enable(bench)
            case "stop":
                bench.call("begin_stop_pool_resize", poolId="pool")
            case "shrink" | "grow":
                resize(bench, 1 if step == "shrink" else 2)
            case option:
                disable(bench, option)
    bench.settle()


def test_node_enabled_while_its_task_runs_is_running_until_it_ends(bench: Bench) -> None:
    """A task that was let run on survives the enabling, and the node is idle after it."""
    bench.add_task("a")
    disable(bench, "taskcompletion")
    enable(bench)
    assert node_of(bench)[1] == "running"
    bench.finish("a")
    assert (node_of(bench)[1], bench.state("a")) == ("idle", "completed")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_node_is_never_told_what_cannot_happen(steps: list[str]) -> None:
    """No order of events raises, and a node that takes tasks is running exactly while one runs there."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=2)
    bench.add_job()
    for number, step in enumerate(steps):
        take_step(bench, step, f"t{number}")
        for live in bench.service.core.fleet.of_pool("pool"):
            if live.state.value in {"idle", "running"}:
                assert (live.state.value == "running") == bool(live.attempts)
    bench.service.close()


def no_descriptors(*_: object) -> None:
    """Fail as a system call does where a process has too many files open."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_threads(*_: object) -> None:
    """Fail as Python does where the machine gives no more threads."""
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("failing", [no_descriptors, no_threads])
def test_attempt_that_cannot_be_launched_fails_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, failing: Callable[..., None]
) -> None:
    """The task ends with the node's fault, its slots are free again, and the next task runs."""
    with monkeypatch.context() as patch:
        patch.setattr(FakeNode, "launch", failing)
        bench.add_task("a")
    bench.add_task("b")
    failure = bench.execution("a")["failureInfo"]
    assert isinstance(failure, dict)
    assert (bench.state("a"), failure["category"], bench.running()) == ("completed", "ServerError", ["b"])


def test_attempt_that_cannot_be_launched_is_retried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task with retries goes back to the queue, as after any other failure."""
    launch = FakeNode.launch
    monkeypatch.setattr(FakeNode, "launch", no_descriptors)
    bench.call("create_task", {"id": "a", "commandLine": "true", "constraints": {"maxTaskRetryCount": 1}}, jobId="job")
    bench.service.worker.step()
    monkeypatch.setattr(FakeNode, "launch", launch)
    bench.settle()
    assert (bench.running(), bench.execution("a")["retryCount"]) == (["a"], 1)


def test_pool_keeps_resizing_while_its_nodes_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that cannot be opened harms nothing, leaves no row, and is tried again at the next wake."""
    bench = Bench()
    with monkeypatch.context() as patch:
        patch.setattr(FakeNodes, "open", no_descriptors)
        bench.add_pool()
    assert bench.read("get_pool", poolId="pool")["allocationState"] == "resizing"
    assert bench.service.core.store.pools.nodes() == []
    bench.settle()
    assert bench.read("get_pool", poolId="pool")["allocationState"] == "steady"
    assert node_of(bench)[1] == "idle"


@pytest.mark.parametrize(
    ("size", "limit"),
    [
        ({"targetDedicatedNodes": 101}, "at most 100 in a pool"),
        ({"targetDedicatedNodes": 60, "targetLowPriorityNodes": 41}, "at most 100 in a pool"),
        ({"targetDedicatedNodes": 8, "taskSlotsPerNode": 256, "vmSize": "large"}, "at most 2000 in a pool"),
    ],
)
def test_pool_that_one_machine_cannot_carry_is_refused(size: JsonObject, limit: str) -> None:
    """The refusal names the limit, and no pool is made."""
    bench = Bench()
    with pytest.raises(BatchError, match=limit):
        bench.add_pool("pool", **size)
    with pytest.raises(BatchError, match="PoolNotFound"):
        bench.read("get_pool", poolId="pool")


def test_resize_beyond_what_one_machine_carries_is_refused() -> None:
    """A resize counts the target that it leaves as it is, and the slots of the pool."""
    bench = Bench()
    bench.add_pool(taskSlotsPerNode=256, vmSize="large")
    with pytest.raises(BatchError, match="8 nodes of 256 task slots, 2048 together"):
        bench.call("begin_resize_pool", {"targetLowPriorityNodes": 7}, poolId="pool")


def test_stopped_shrinking_adds_no_nodes() -> None:
    """A node that leaves already is not one of those that the pool keeps."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=2)
    bench.add_job()
    bench.add_task("a")
    bench.add_task("b")
    resize(bench, 1)
    bench.settle()
    bench.call("begin_stop_pool_resize", poolId="pool")
    bench.settle()
    pool = bench.read("get_pool", poolId="pool")
    assert (pool["targetDedicatedNodes"], len(bench.service.core.fleet.of_pool("pool"))) == (1, 2)


def test_deleted_pool_ends_tasks_on_nodes_that_were_leaving(bench: Bench) -> None:
    """A node that was to wait for its task waits no more: the task goes back to the queue and the pool goes."""
    bench.add_task("a")
    resize(bench, 0)
    bench.settle()
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    assert (bench.state("a"), bench.execution("a")["requeueCount"]) == ("active", 1)
    with pytest.raises(BatchError, match="PoolNotFound"):
        bench.read("get_pool", poolId="pool")
