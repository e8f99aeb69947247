"""Nodes whose process has ended: whatever they were at, they come to take tasks again."""

from __future__ import annotations

import pytest

from dispatcher.service.node.launch import NodeLost
from dispatcher.service.testing import Bench
from tests.unit.service.nodes import START, act, end_start_task, fake, states


def lose_process(bench: Bench) -> None:
    """Let what runs the pool's only node end."""
    fake(bench)._listener(NodeLost(at=bench.clock.now()))
    bench.settle()


@pytest.fixture
def bench() -> Bench:
    """Return an account with a node that runs a task."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    bench.add_task("a")
    return bench


def test_task_of_a_lost_process_runs_again_on_its_node(bench: Bench) -> None:
    """The node has rebooted: that is a requeue, and no retry."""
    before = fake(bench)
    lose_process(bench)
    assert (before.closed, fake(bench) is before, bench.state("a")) == (True, False, "running")
    assert (bench.execution("a")["requeueCount"], bench.execution("a")["retryCount"]) == (1, 0)


@pytest.mark.parametrize("waits", [True, False])
def test_start_task_of_a_lost_process_runs_again(waits: bool) -> None:
    """Though the node takes no tasks yet, or only just; nobody would end its start task otherwise."""
    bench = Bench()
    bench.add_pool(startTask={**START, "waitForSuccess": waits})
    before = fake(bench)
    lose_process(bench)
    assert (before.closed, before.running, len(fake(bench).running)) == (True, {}, 1)
    end_start_task(bench)
    assert states(bench) == ["idle"]


def test_node_that_takes_no_tasks_is_opened_again_and_stays_as_it_is(bench: Bench) -> None:
    """Who disabled it enables it again, and then it runs tasks."""
    act(bench, "disable_node_scheduling")
    before = fake(bench)
    lose_process(bench)
    assert (states(bench), before.closed, fake(bench) is before) == (["offline"], True, False)
    act(bench, "enable_node_scheduling")
    assert (states(bench), bench.state("a")) == (["running"], "running")


def test_node_whose_process_is_lost_while_it_is_off_boots_once(bench: Bench) -> None:
    """What runs it is opened when it is switched on."""
    act(bench, "begin_deallocate_node")
    lose_process(bench)
    assert states(bench) == ["deallocated"]
    act(bench, "begin_start_node")
    assert bench.state("a") == "running"


def test_two_reports_of_one_loss_are_one_reboot(bench: Bench) -> None:
    """A node says that it is lost each time something is to begin there."""
    lost = fake(bench)
    for _ in range(3):
        lost._listener(NodeLost(at=bench.clock.now()))
    bench.settle()
    assert (bench.execution("a")["requeueCount"], bench.state("a"), len(bench.nodes.opened)) == (1, "running", 1)
