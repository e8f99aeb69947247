"""The life of nodes: allocation, boot, reboot, reimage, deallocation, preemption, and restarts of the service."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.errors import BatchError
from dispatcher.service.options import ServiceOptions
from dispatcher.service.planning.nodes import NodeAction, NodeLife, Phase, plan_node
from dispatcher.service.states import NODE, NodeEvent, NodeState, TransitionError
from dispatcher.service.store import Store
from dispatcher.service.switching import preempt
from dispatcher.service.testing import Bench, FakeNodes
from dispatcher.service.wire import JsonObject
from tests.unit.service.nodes import act, advance, codes, live_nodes, pool_of, states, the_node

SLOW = ServiceOptions(allocation_seconds=60, boot_seconds=30)
SWITCHED_OFF = [
    ("begin_reboot_node", "nodeRebootOption", "rebooting"),
    ("begin_reimage_node", "nodeReimageOption", "reimaging"),
    ("begin_deallocate_node", "nodeDeallocateOption", "deallocating"),
]


def test_nodes_take_the_time_that_was_set() -> None:
    """The pool resizes until its nodes are there, they start for a while, and are idle then."""
    bench = Bench(options=SLOW)
    bench.add_pool()
    assert (pool_of(bench)["allocationState"], states(bench)) == ("resizing", [])
    advance(bench, 60)
    assert (pool_of(bench)["allocationState"], states(bench)) == ("steady", ["starting"])
    advance(bench, 30)
    assert states(bench) == ["idle"]


def test_worker_wakes_when_a_state_is_over() -> None:
    """The next deadline is that of the allocation, and then that of the boot."""
    bench = Bench(options=SLOW)
    bench.add_pool()
    for seconds in (60, 30):
        deadline = bench.service.worker.next_deadline()
        assert deadline is not None
        assert deadline - bench.clock.now() == timedelta(seconds=seconds)
        advance(bench, seconds)


def test_resize_is_stopped_before_its_nodes_are_there() -> None:
    """The pool stays as it was, and is steady at once."""
    bench = Bench(options=SLOW)
    bench.add_pool()
    bench.call("begin_stop_pool_resize", poolId="pool")
    advance(bench, 600)
    pool = pool_of(bench)
    assert (pool["allocationState"], pool["targetDedicatedNodes"], states(bench)) == ("steady", 0, [])


def test_resize_that_takes_too_long_gives_up() -> None:
    """The pool is steady, and says why it has no nodes; the next resize forgets that."""
    bench = Bench(options=ServiceOptions(allocation_seconds=3600))
    bench.add_pool(resizeTimeout="PT5M")
    advance(bench, 300)
    pool = pool_of(bench)
    assert (pool["allocationState"], codes(pool["resizeErrors"])) == ("steady", ["AllocationTimedOut"])
    bench.call("begin_resize_pool", {"targetDedicatedNodes": 1}, poolId="pool")
    assert "resizeErrors" not in pool_of(bench)


@pytest.mark.parametrize(("operation", "key", "state"), SWITCHED_OFF)
def test_node_waits_for_its_task_where_told_to(bench: Bench, operation: str, key: str, state: str) -> None:
    """With task completion the state changes at once, no task starts, and the node goes on when its task has ended."""
    bench.add_task("a")
    act(bench, operation, {key: "taskcompletion"})
    bench.add_task("b")
    assert (states(bench), bench.running()) == ([state], ["a"])
    bench.finish("a")
    assert (bench.state("a"), states(bench) == [state]) == ("completed", False)


@pytest.mark.parametrize(
    ("option", "outcome"), [("requeue", ("running", 1)), ("terminate", ("completed", 0)), (None, ("running", 1))]
)
def test_reboot_does_with_tasks_as_told(bench: Bench, option: str | None, outcome: tuple[str, int]) -> None:
    """Requeue, which is the default, runs the task again after the reboot; terminate ends it."""
    bench.add_task("a")
    act(bench, "begin_reboot_node", {} if option is None else {"nodeRebootOption": option})
    assert (bench.state("a"), bench.execution("a")["requeueCount"]) == outcome


def test_reboot_keeps_the_folder_and_reimage_does_not(bench: Bench) -> None:
    """Only a reimaged node begins with an empty folder; both have the id and address they had."""
    before = the_node(bench)
    act(bench, "begin_reboot_node")
    assert bench.nodes.discarded == []
    act(bench, "begin_reimage_node")
    assert bench.nodes.discarded == [before["id"]]
    assert (the_node(bench)["id"], the_node(bench)["ipAddress"]) == (before["id"], before["ipAddress"])


def test_reboot_takes_the_time_of_a_boot() -> None:
    """The node is rebooting meanwhile, and its boot time is the new one."""
    bench = Bench(options=ServiceOptions(boot_seconds=30))
    bench.add_pool()
    advance(bench, 30)
    booted = the_node(bench)["lastBootTime"]
    act(bench, "begin_reboot_node")
    assert states(bench) == ["rebooting"]
    advance(bench, 30)
    assert (states(bench), the_node(bench)["lastBootTime"] == booted) == (["idle"], False)


def test_deallocated_node_is_started_again(bench: Bench) -> None:
    """It stays in the pool without taking tasks, and comes back empty."""
    act(bench, "begin_deallocate_node")
    bench.add_task("a")
    assert (states(bench), bench.state("a")) == (["deallocated"], "active")
    act(bench, "begin_start_node")
    assert (states(bench), bench.running(), len(bench.nodes.discarded)) == (["running"], ["a"], 1)


def test_node_refuses_what_its_state_does_not_allow(bench: Bench) -> None:
    """An idle node is not started."""
    with pytest.raises(BatchError, match="NodeStateInvalid"):
        act(bench, "begin_start_node")


def test_preempted_node_comes_back_empty() -> None:
    """Its task is requeued, which is no retry; the node keeps its id and returns after the time it is gone."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=0, targetLowPriorityNodes=1)
    bench.add_job()
    bench.add_task("a")
    (live,) = live_nodes(bench)
    preempt(bench.service.core, live, timedelta(minutes=5))
    bench.settle()
    assert (states(bench), bench.state("a"), bench.execution("a")["requeueCount"]) == (["preempted"], "active", 1)
    advance(bench, 300)
    assert (live_nodes(bench), bench.running(), bench.nodes.discarded) == ([live], ["a"], [live.record.id])


def test_dedicated_node_is_not_preempted(bench: Bench) -> None:
    """Only spot nodes are."""
    (live,) = live_nodes(bench)
    with pytest.raises(TransitionError):
        preempt(bench.service.core, live)


def no_descriptors(*_: object) -> None:
    """Fail as a system call does where a process has too many files open."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_stored_node_that_cannot_be_opened_is_unusable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service starts all the same; the node says what is wrong, and a reboot tries again."""
    before = Bench(Store(tmp_path / "state"))
    before.add_pool()
    before.service.close()
    after = Bench(Store(tmp_path / "state"))
    with monkeypatch.context() as patch:
        patch.setattr(FakeNodes, "open", no_descriptors)
        after.service.worker.recover()
        after.settle()
    assert (states(after), codes(the_node(after)["errors"])) == (["unusable"], ["Unknown"])
    act(after, "begin_reboot_node")
    assert (states(after), "errors" in the_node(after)) == (["idle"], False)


@pytest.mark.parametrize("operation", [operation for operation, _, _ in SWITCHED_OFF])
def test_restart_goes_on_with_what_a_node_was_doing(tmp_path: Path, operation: str) -> None:
    """A service that ends while a node is switched off, at any of the points of that, brings it to the same end."""
    before = Bench(Store(tmp_path / "state"), ServiceOptions(boot_seconds=30))
    before.add_pool()
    advance(before, 30)
    (live,) = live_nodes(before)
    before.call(operation, poolId="pool", nodeId=live.record.id)
    before.service.close()
    after = Bench(Store(tmp_path / "state"), ServiceOptions(boot_seconds=30))
    after.clock.advance(timedelta(seconds=30))
    after.service.worker.recover()
    after.settle()
    advance(after, 30)
    assert states(after) == ["deallocated" if operation == "begin_deallocate_node" else "idle"]


def test_removed_nodes_leave_and_the_target_follows() -> None:
    """The others stay, and the pool is steady with a smaller target."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=3)
    first, *others = live_nodes(bench)
    bench.call("begin_remove_nodes", {"nodeList": [first.record.id.upper()]}, poolId="pool")
    assert (pool_of(bench)["allocationState"], states(bench)) == ("resizing", ["leavingpool", "idle", "idle"])
    bench.settle()
    pool = pool_of(bench)
    assert (pool["allocationState"], pool["targetDedicatedNodes"], live_nodes(bench)) == ("steady", 2, others)


@pytest.mark.parametrize(
    ("nodes", "code"), [([], "InvalidPropertyValue"), (["x"] * 1, "NodeNotFound"), (None, "MissingRequiredProperty")]
)
def test_removal_of_other_nodes_is_refused(bench: Bench, nodes: list[str] | None, code: str) -> None:
    """A removal names nodes of the pool; nothing changes where it does not."""
    body: JsonObject = {} if nodes is None else {"nodeList": [*nodes]}
    with pytest.raises(BatchError, match=code):
        bench.call("begin_remove_nodes", body, poolId="pool")
    assert pool_of(bench)["allocationState"] == "steady"


def test_removal_of_too_many_nodes_is_refused(bench: Bench) -> None:
    """At most 100 in one request."""
    with pytest.raises(BatchError, match="InvalidPropertyValue"):
        bench.call("begin_remove_nodes", {"nodeList": [f"n{number}" for number in range(101)]}, poolId="pool")


def test_leaving_node_keeps_retained_data_until_its_time(bench: Bench) -> None:
    """A node whose task's files are retained leaves when that is over."""
    bench.add_task("a", constraints={"retentionTime": "PT10M"})
    bench.finish("a")
    bench.call(
        "begin_resize_pool", {"targetDedicatedNodes": 0, "nodeDeallocationOption": "retaineddata"}, poolId="pool"
    )
    bench.settle()
    assert states(bench) == ["leavingpool"]
    advance(bench, 600)
    assert states(bench) == []


def test_deleted_pool_takes_nodes_in_every_state() -> None:
    """A pool goes though its nodes are starting."""
    bench = Bench(options=ServiceOptions(boot_seconds=3600))
    bench.add_pool(targetDedicatedNodes=2)
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    assert [node.closed for node in bench.nodes.opened.values()] == [True, True]


def test_every_state_but_those_nobody_makes_is_reached() -> None:
    """The table leads from a new node to every state that is not there for clients' counts only."""
    reached = {NodeState.CREATING}
    for _ in NodeState:
        reached |= {after for (before, _), after in NODE.table.items() if before in reached}
    assert set(NodeState) - reached == {NodeState.UPGRADING_OS}


@given(st.sampled_from(NodeState), st.sampled_from(Phase), st.booleans(), st.booleans())
def test_plan_of_a_node_is_allowed_by_the_table(state: NodeState, phase: Phase, is_empty: bool, due: bool) -> None:
    """What is planned for a node can happen to it."""
    now = Bench().clock.now()
    action = plan_node(NodeLife(state=state, phase=phase, until=None, is_empty=is_empty, start_is_due=due), now)
    events = {
        NodeAction.ALLOCATE: NodeEvent.ALLOCATED,
        NodeAction.SWITCH_ON: NodeEvent.START,
        NodeAction.BE_DEALLOCATED: NodeEvent.DEALLOCATED,
    }
    assert action not in events or NODE.allows(state, events[action])
