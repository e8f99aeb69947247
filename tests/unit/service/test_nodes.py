"""Nodes between handlers, resizes and the ends of tasks, on nodes that run nothing."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
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
