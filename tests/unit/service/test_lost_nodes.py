"""Nodes that vanish with their files: what becomes of their tasks, and what takes their places."""

from __future__ import annotations

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import EndReason
from dispatcher.service.options import QuotaOptions, ServiceOptions
from dispatcher.service.records import NodeRecord
from dispatcher.service.states import TransitionError
from dispatcher.service.store import Store
from dispatcher.service.switching import lose
from dispatcher.service.testing import Bench
from tests.unit.service.nodes import advance, live_nodes, pool_of, states

SLOW = ServiceOptions(allocation_seconds=60)


def bench_with_tasks(options: ServiceOptions | None = None, store: Store | None = None) -> Bench:
    """Return an account with a pool of two nodes, each of which runs a task."""
    bench = Bench(store, options)
    bench.add_pool(targetDedicatedNodes=2)
    if options is not None:
        advance(bench, options.allocation_seconds)
    bench.add_job()
    for task_id in ("a", "b"):
        bench.add_task(task_id)
    return bench


def lose_node_of(bench: Bench, task_id: str) -> NodeRecord:
    """Let the node of a running task vanish; return it as it was."""
    node = bench.nodes.running()[task_id]
    (live,) = [each for each in live_nodes(bench) if bench.nodes.opened[each.record.id] is node]
    lose(bench.service.core, live)
    bench.settle()
    return live.record


def test_another_node_takes_the_place_of_a_lost_one() -> None:
    """It has an id of its own, the lost one is not known any more, its folder is gone, and the pool was steady."""
    bench = bench_with_tasks()
    lost = lose_node_of(bench, "a")
    ids = {live.record.id for live in live_nodes(bench)}
    assert (len(ids), lost.id in ids, bench.nodes.discarded) == (2, False, [lost.id])
    assert pool_of(bench)["allocationState"] == "steady"
    with pytest.raises(BatchError, match="NodeNotFound"):
        bench.call("get_node", poolId="pool", nodeId=lost.id)


def test_tasks_of_a_lost_node_are_requeued() -> None:
    """That counts as no retry; those of other nodes go on."""
    bench = bench_with_tasks()
    lose_node_of(bench, "a")
    info = bench.execution("a")
    assert (info["requeueCount"], info["retryCount"], bench.state("a")) == (1, 0, "running")
    assert bench.execution("b")["requeueCount"] == 0


def test_tasks_of_a_lost_node_get_no_warning() -> None:
    """As on a machine that is gone; those that are requeued otherwise do."""
    bench = bench_with_tasks()
    nodes = bench.nodes.running()
    lose_node_of(bench, "a")
    bench.call("begin_disable_job", {"disableTasks": "requeue"}, jobId="job")
    ends = {key.task_id: reason for node in nodes.values() for key, reason in node.ends}
    assert ends == {"a": EndReason.LOST, "b": EndReason.REQUEUED}


def test_lost_node_is_unknown_until_another_is_allocated() -> None:
    """It counts in the pool's size meanwhile, and takes no tasks."""
    bench = bench_with_tasks(SLOW)
    lose_node_of(bench, "a")
    assert (sorted(states(bench)), bench.state("a")) == (["running", "unknown"], "active")
    assert bench.service.worker.next_deadline() is not None
    advance(bench, 60)
    assert (sorted(states(bench)), bench.state("a")) == (["running", "running"], "running")


def test_files_of_a_lost_node_cannot_be_read() -> None:
    """Neither by their task nor by their node."""
    bench = bench_with_tasks(SLOW)
    bench.finish("a")
    (idle,) = [live for live in live_nodes(bench) if live.state.value == "idle"]
    lose(bench.service.core, idle)
    bench.settle()
    with pytest.raises(BatchError, match="TaskFilesUnavailable"):
        bench.call("list_task_files", jobId="job", taskId="a")
    with pytest.raises(BatchError, match="NodeStateInvalid"):
        bench.call("list_node_files", poolId="pool", nodeId=idle.record.id)


def test_lost_node_is_replaced_after_a_restart() -> None:
    """What a service remembers of a lost node is in the store."""
    store = Store(None)
    lost = lose_node_of(bench_with_tasks(SLOW, store), "a")
    after = Bench(store, SLOW)
    after.service.worker.recover()
    after.settle()
    assert "unknown" in states(after)
    advance(after, 120)  # its clock begins anew
    ids = [live.record.id for live in live_nodes(after)]
    assert (len(ids), lost.id in ids) == (2, False)


def test_pool_with_a_lost_node_is_deleted_at_once() -> None:
    """Nobody waits for another node."""
    bench = bench_with_tasks(SLOW)
    lose_node_of(bench, "a")
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    with pytest.raises(BatchError, match="PoolNotFound"):
        pool_of(bench)


def test_pool_that_shrinks_keeps_the_nodes_that_are_not_lost() -> None:
    """A lost node is the one to go."""
    bench = bench_with_tasks(SLOW)
    lose_node_of(bench, "a")
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 1}, poolId="pool")
    advance(bench, 60)
    assert (states(bench), bench.execution("b")["requeueCount"]) == (["running"], 0)


def test_node_is_lost_once() -> None:
    """One that is unknown cannot be lost again."""
    bench = bench_with_tasks(SLOW)
    lose_node_of(bench, "a")
    (live,) = [each for each in live_nodes(bench) if each.state.value == "unknown"]
    with pytest.raises(TransitionError):
        lose(bench.service.core, live)


def test_lost_node_is_replaced_within_the_quota() -> None:
    """The lost node's cores are free for the next."""
    bench = bench_with_tasks(ServiceOptions(quotas=QuotaOptions(dedicated_cores=4)))
    lose_node_of(bench, "a")
    assert (len(states(bench)), pool_of(bench).get("resizeErrors")) == (2, None)
