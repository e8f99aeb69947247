"""Faults of nodes that start."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.launch import START_TASK
from dispatcher.service.options import ServiceOptions
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue
from tests.unit.service.faults.support import bench_with_faults, logged
from tests.unit.service.nodes import act, advance, codes, end_start_task, fake, states, the_node

START: JsonObject = {"commandLine": "prepare", "waitForSuccess": True}
FILES: list[JsonValue] = [{"httpUrl": "http://x/c/blob", "filePath": "blob"}]


def with_start_task(folder: Path, plan: str, **start: JsonValue) -> Bench:
    """Return an account with a pool of one node and a start task."""
    return bench_with_faults(folder, plan, targetDedicatedNodes=1, startTask={**START, **start})


def test_start_task_fails_with_the_exit_code_of_the_plan(tmp_path: Path) -> None:
    """What is launched in its place is a command that ends so; the node takes no tasks."""
    bench = with_start_task(tmp_path, "fail-start-task:3")
    assert fake(bench).running[START_TASK].command_line == "/bin/sh -c 'exit 3'"
    end_start_task(bench, exit_code=3)
    info = the_node(bench)["startTaskInfo"]
    assert isinstance(info, dict)
    assert (states(bench), info["exitCode"]) == (["starttaskfailed"], 3)


def test_start_task_fails_each_time_that_it_is_tried(tmp_path: Path) -> None:
    """Retries of the same start fail too; the log has one fault."""
    bench = with_start_task(tmp_path, "fail-start-task", maxTaskRetryCount=1)
    end_start_task(bench, exit_code=1)
    assert fake(bench).running[START_TASK].command_line == "/bin/sh -c 'exit 1'"
    assert logged(tmp_path) == [("fail-start-task", "bench/pool start 1")]


def test_next_start_of_a_node_is_another_event(tmp_path: Path) -> None:
    """A reboot mends a node whose start task failed once."""
    bench = with_start_task(tmp_path, "fail-start-task max=1")
    end_start_task(bench, exit_code=1)
    act(bench, "begin_reboot_node")
    assert fake(bench).running[START_TASK].command_line == "prepare"
    end_start_task(bench)
    assert states(bench) == ["idle"]


def test_files_of_a_start_task_cannot_be_downloaded(tmp_path: Path) -> None:
    """Its command is its own, and its node is told to fail before."""
    bench = with_start_task(tmp_path, "fail-start-task download=yes", resourceFiles=FILES)
    launch = fake(bench).running[START_TASK]
    assert (launch.command_line, launch.faults) == ("prepare", AttemptFaults(fails_download=True))


@pytest.mark.parametrize("plan", ["fail-start-task download=yes", "fail-start-task=0", "fail-start-task pool=other"])
def test_start_task_that_is_not_met_runs(tmp_path: Path, plan: str) -> None:
    """Without files none can fail to come; nothing is in the log."""
    bench = with_start_task(tmp_path, plan)
    launch = fake(bench).running[START_TASK]
    assert (launch.command_line, launch.faults, logged(tmp_path)) == ("prepare", None, [])


def test_pool_without_a_start_task_has_none_that_fails(tmp_path: Path) -> None:
    """Its nodes are idle at once."""
    bench = bench_with_faults(tmp_path, "fail-start-task", targetDedicatedNodes=1)
    assert (states(bench), logged(tmp_path)) == (["idle"], [])


def test_node_is_unusable_from_its_start(tmp_path: Path) -> None:
    """It says why and takes no tasks; a reboot mends it, unless the plan has another say."""
    bench = bench_with_faults(tmp_path, "break-node max=1", targetDedicatedNodes=1)
    assert (states(bench), codes(the_node(bench)["errors"])) == (["unusable"], ["Unknown"])
    act(bench, "begin_reboot_node")
    assert states(bench) == ["idle"]


def test_node_boots_slowly(tmp_path: Path) -> None:
    """It is starting all the while."""
    bench = bench_with_faults(tmp_path, "slow-boot:30s max=1", targetDedicatedNodes=1)
    assert states(bench) == ["starting"]
    advance(bench, 30)
    assert states(bench) == ["idle"]


def test_slow_boot_comes_on_top_of_a_boot(tmp_path: Path) -> None:
    """Whatever a boot takes anyway; and a node that was rebooted is slow too."""
    options = ServiceOptions(boot_seconds=20)
    bench = bench_with_faults(tmp_path, "slow-boot:30s", options, targetDedicatedNodes=1)
    advance(bench, 49)
    assert states(bench) == ["starting"]
    advance(bench, 1)
    act(bench, "begin_reboot_node")
    advance(bench, 20)
    assert states(bench) == ["starting"]
    advance(bench, 30)
    assert states(bench) == ["idle"]


def test_starts_of_a_pool_are_counted(tmp_path: Path) -> None:
    """Which node it is, is chance; a pool of the same name that comes later begins anew."""
    bench = bench_with_faults(tmp_path, "slow-boot:1s", targetDedicatedNodes=2)
    advance(bench, 1)
    bench.call("begin_delete_pool", poolId="pool")
    bench.settle()
    advance(bench, 1)
    bench.add_pool()
    assert [identity for _, identity in logged(tmp_path)] == [
        "bench/pool start 1",
        "bench/pool start 2",
        "bench/pool start 1",
    ]
