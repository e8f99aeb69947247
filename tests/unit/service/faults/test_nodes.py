"""Faults of nodes that run tasks: when they come, whom they meet, and that the seed alone decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.injector import CommandRefused, NodeCommand
from dispatcher.service.faults.nodes import make_commander
from dispatcher.service.faults.plan import Rule
from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonValue
from tests.unit.service.faults.support import SPOT, bench_with_faults, logged
from tests.unit.service.nodes import advance, live_nodes, states, the_node

DEDICATED: dict[str, JsonValue] = {"targetDedicatedNodes": 1}
MANY: dict[str, JsonValue] = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 3, "taskSlotsPerNode": 2}
FILES: list[JsonValue] = [{"httpUrl": "http://x/c/blob?se=2030&sig=abc", "filePath": "blob"}]
CONTAINER: JsonValue = {"container": {"containerUrl": "http://x/c?sig=abc"}}
OUTPUTS: list[JsonValue] = [
    {
        "filePattern": "*.txt",
        "destination": CONTAINER,
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
]


def test_spot_node_is_preempted_while_its_task_runs(tmp_path: Path) -> None:
    """The task goes back to the queue, which counts as no retry, and runs again when the node is back."""
    bench = bench_with_faults(tmp_path, "preempt:5s lasting=60s max=1")
    bench.add_task("a")
    advance(bench, 4)
    assert (states(bench), bench.state("a")) == (["running"], "running")
    advance(bench, 1)
    assert (states(bench), bench.state("a")) == (["preempted"], "active")
    advance(bench, 60)
    info = bench.execution("a")
    assert (states(bench), info["requeueCount"], info["retryCount"]) == (["running"], 1, 0)


def test_worker_wakes_when_a_fault_is_due(tmp_path: Path) -> None:
    """Nobody has to send a request for it."""
    bench = bench_with_faults(tmp_path, "preempt:5s")
    bench.add_task("a")
    deadline = bench.service.worker.next_deadline()
    assert deadline is not None
    assert (deadline - bench.clock.now()).total_seconds() == 5


def test_attempt_that_ends_before_its_fault_meets_it_at_its_end(tmp_path: Path) -> None:
    """So a fast machine gets the same faults as a slow one: what the attempt did counts for nothing."""
    bench = bench_with_faults(tmp_path, "preempt:1h max=1")
    bench.add_task("a")
    bench.finish("a")
    assert (bench.state("a"), bench.execution("a")["requeueCount"]) == ("running", 1)
    bench.finish("a")
    assert bench.execution("a")["result"] == "success"


def test_fault_without_delay_comes_before_the_command(tmp_path: Path) -> None:
    """The attempt has its place on the node, and nothing is launched there."""
    bench = bench_with_faults(tmp_path, "lose-node:0 max=1 lasting=60s")
    bench.add_task("a")
    assert (states(bench), bench.running(), bench.execution("a")["requeueCount"]) == (["unknown"], [], 1)


def test_attempt_that_is_terminated_meets_no_fault(tmp_path: Path) -> None:
    """It was asked to end, and its node goes on."""
    bench = bench_with_faults(tmp_path, "preempt:5s lasting=1h")
    bench.add_task("a")
    bench.call("terminate_task", jobId="job", taskId="a")
    bench.settle()
    advance(bench, 5)
    assert (states(bench), bench.execution("a")["failureCode"]) == (["idle"], "TaskEnded")


def test_dedicated_nodes_are_preempted_only_if_asked(tmp_path: Path) -> None:
    """Azure never does; what is not done is not in the log."""
    bench = bench_with_faults(tmp_path, "preempt:5s task=a; preempt:5s dedicated=yes lasting=60s task=b", **DEDICATED)
    bench.add_task("a")
    advance(bench, 5)
    assert (states(bench), logged(tmp_path)) == (["running"], [])
    bench.finish("a")
    bench.add_task("b")
    advance(bench, 5)
    assert (states(bench), logged(tmp_path)) == (["preempted"], [("preempt", "bench/job/b run 1")])


def test_rebooted_node_keeps_its_files_and_runs_its_start_task_again(tmp_path: Path) -> None:
    """It is the same node, with a later boot time."""
    bench = bench_with_faults(tmp_path, "reboot:5s max=1", **DEDICATED)
    bench.add_task("a")
    before = the_node(bench)
    advance(bench, 5)
    after = the_node(bench)
    assert (after["id"], bench.nodes.discarded) == (before["id"], [])
    assert str(after["lastBootTime"]) > str(before["lastBootTime"])
    assert (bench.execution("a")["requeueCount"], bench.state("a")) == (1, "running")


def test_lost_node_is_replaced_and_its_tasks_run_elsewhere(tmp_path: Path) -> None:
    """Its folder is deleted, and its tasks are on a node with another id."""
    bench = bench_with_faults(tmp_path, "lose-node:5s max=1", **DEDICATED)
    bench.add_task("a")
    before = the_node(bench)["id"]
    advance(bench, 5)
    assert (bench.nodes.discarded, bench.state("a")) == ([before], "running")
    assert the_node(bench)["id"] != before


def test_two_faults_of_one_node_count_once(tmp_path: Path) -> None:
    """Both are in the log; the second finds the node gone, and each task is requeued once."""
    bench = bench_with_faults(tmp_path, "lose-node:5s lasting=60s; reboot:5s", **{**DEDICATED, "taskSlotsPerNode": 2})
    bench.add_task("a")
    bench.add_task("b")
    advance(bench, 5)
    assert (states(bench), len(logged(tmp_path))) == (["unknown"], 4)
    assert [bench.execution(task_id)["requeueCount"] for task_id in "ab"] == [1, 1]


def _work_through(bench: Bench, count: int, *, seconds: float) -> None:
    """Let tasks run, the last added first; each takes this long."""
    for number in reversed(range(count)):
        bench.add_task(f"task-{number}")
    while bench.running():
        advance(bench, seconds)
        for task_id in bench.running():
            bench.finish(task_id)


def test_same_seed_meets_the_same_tasks(tmp_path: Path) -> None:
    """Neither the number of nodes and slots nor the speed of tasks has a say in which first attempts are met."""
    plan = "seed=7; preempt=0.2; reboot=0.1; lose-node=0.05; kill-task=0.1"
    met = []
    for name, pool, seconds in (("first", SPOT, 0.1), ("second", MANY, 3.0)):
        folder = tmp_path / name
        folder.mkdir()
        bench = bench_with_faults(folder, plan, **pool)
        _work_through(bench, 30, seconds=seconds)
        met.append({each for each in logged(folder) if each[1].endswith("run 1")})
        assert all(bench.execution(f"task-{number}")["result"] == "success" for number in range(30))
    assert met[0] == met[1]
    assert len(met[0]) > 5


def test_attempt_that_its_node_gives_back_meets_its_fault_once(tmp_path: Path) -> None:
    """It was not begun; when it is launched again it is the same attempt, and the log has its fault once."""
    bench = bench_with_faults(tmp_path, "kill-task:5s", **DEDICATED)
    bench.add_task("a")
    node, first = bench.nodes.running()["a"], bench.nodes.launch_of("a")
    node.give_back(first.key)
    bench.settle()
    again = bench.nodes.launch_of("a")
    assert (first.faults, again.faults) == (AttemptFaults(kill_after=5.0), AttemptFaults(kill_after=5.0))
    assert logged(tmp_path) == [("kill-task", "bench/job/a run 1")]


def test_delay_of_an_attempt_begins_with_the_launch_that_counts(tmp_path: Path) -> None:
    """Not with that of an attempt that its node gave back."""
    bench = bench_with_faults(tmp_path, "preempt:5s lasting=1h")
    bench.add_task("a")
    advance(bench, 3)
    bench.nodes.running()["a"].give_back(bench.nodes.launch_of("a").key)
    bench.settle()
    advance(bench, 2)
    assert states(bench) == ["running"]
    advance(bench, 3)
    assert states(bench) == ["preempted"]


def test_reactivated_task_does_not_meet_the_same_fault_again(tmp_path: Path) -> None:
    """It has no retries then, as a new task, and is another event all the same."""
    bench = bench_with_faults(tmp_path, "kill-task", **DEDICATED)
    bench.add_task("a")
    bench.finish("a", exit_code=137)
    bench.call("reactivate_task", jobId="job", taskId="a")
    bench.settle()
    assert [identity for _, identity in logged(tmp_path)] == ["bench/job/a run 1", "bench/job/a run 2"]


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        ("kill-task:2s", AttemptFaults(kill_after=2.0)),
        ("slow-download:2s", AttemptFaults(slow_download=2.0)),
        ("fail-download", AttemptFaults(fails_download=True)),
        ("slow-upload:2s", AttemptFaults(slow_upload=2.0)),
        ("fail-upload", AttemptFaults(fails_upload=True)),
        ("expired-sas", AttemptFaults(expires_downloads=True)),
        ("expired-sas:yes", AttemptFaults(expires_uploads=True)),
        ("fail-upload; slow-upload:3s", AttemptFaults(fails_upload=True, slow_upload=3.0)),
    ],
)
def test_node_is_told_what_is_to_go_wrong(tmp_path: Path, rule: str, faults: AttemptFaults) -> None:
    """As plain data, with the launch."""
    bench = bench_with_faults(tmp_path, rule, **DEDICATED)
    bench.add_task("a", resourceFiles=FILES, outputFiles=OUTPUTS)
    assert bench.nodes.launch_of("a").faults == faults


def test_multi_instance_task_meets_a_fault_once(tmp_path: Path) -> None:
    """On its primary node; all its nodes let go of it, and it runs again on others."""
    pool: dict[str, JsonValue] = {"targetDedicatedNodes": 2, "enableInterNodeCommunication": True}
    bench = bench_with_faults(tmp_path, "reboot:5s max=1; kill-task:9s", **pool)
    settings: JsonValue = {"numberOfInstances": 2, "coordinationCommandLine": "prepare"}
    bench.add_task("a", multiInstanceSettings=settings)
    told = [launch.faults for node in bench.nodes.opened.values() for launch in node.running.values()]
    assert sorted(map(str, told)) == sorted(map(str, [None, AttemptFaults(kill_after=9.0)]))
    advance(bench, 5)
    assert (bench.execution("a")["requeueCount"], bench.state("a")) == (1, "running")
    assert sorted(logged(tmp_path)) == [
        ("kill-task", "bench/job/a run 1"),
        ("kill-task", "bench/job/a run 2"),
        ("reboot", "bench/job/a run 1"),
    ]


@pytest.mark.parametrize("rule", ["slow-download", "fail-download", "slow-upload", "expired-sas", "expired-sas:yes"])
def test_attempt_without_files_meets_none_of_their_faults(tmp_path: Path, rule: str) -> None:
    """What cannot go wrong is not in the log."""
    bench = bench_with_faults(tmp_path, rule, **DEDICATED)
    bench.add_task("a")
    assert (bench.nodes.launch_of("a").faults, logged(tmp_path)) == (None, [])


def test_files_without_a_sas_do_not_expire(tmp_path: Path) -> None:
    """There is nothing in their URLs that could."""
    bench = bench_with_faults(tmp_path, "expired-sas", **DEDICATED)
    bench.add_task("a", resourceFiles=[{"httpUrl": "http://x/c/blob", "filePath": "blob"}])
    assert (bench.nodes.launch_of("a").faults, logged(tmp_path)) == (None, [])


def _command(bench: Bench, fault: Fault = Fault.REBOOT, node: str = "", **parameters: float) -> NodeCommand:
    live = live_nodes(bench)[0]
    rule = Rule(fault=fault, parameters=tuple(parameters.items()))
    return NodeCommand(rule=rule, account="bench", pool_id="pool", node_id=node or live.record.id)


def test_order_is_carried_out_when_it_is_logged(tmp_path: Path) -> None:
    """Nothing happens before."""
    bench = bench_with_faults(tmp_path, "reboot=0", **DEDICATED)
    carry_out = make_commander(lambda name: bench.service.core)(_command(bench, Fault.LOSE_NODE, lasting=60.0))
    assert states(bench) == ["idle"]
    carry_out()
    bench.settle()
    assert states(bench) == ["unknown"]


@pytest.mark.parametrize(
    ("fault", "node", "parameters", "reason"),
    [
        (Fault.KILL_TASK, "", {}, "kill-task cannot be ordered for a node, but these can: preempt, reboot, lose-node"),
        (Fault.REBOOT, "tvmps_x", {}, "There is no node tvmps_x of pool pool"),
        (Fault.REBOOT, "", {"delay": 3.0}, "leave out 'delay'"),
        (Fault.PREEMPT, "", {}, "is dedicated: Azure preempts spot nodes only; with dedicated=yes it is done"),
    ],
)
def test_order_that_makes_no_sense_is_refused(
    tmp_path: Path, fault: Fault, node: str, parameters: dict[str, float], reason: str
) -> None:
    """The message says why."""
    bench = bench_with_faults(tmp_path, "reboot=0", **DEDICATED)
    with pytest.raises(CommandRefused, match=reason):
        make_commander(lambda name: bench.service.core)(_command(bench, fault, node, **parameters))


def test_order_for_a_node_that_is_away_is_refused(tmp_path: Path) -> None:
    """A lost node does not reboot; and an account that is not there has no nodes."""
    bench = bench_with_faults(tmp_path, "lose-node:0 lasting=1h", **DEDICATED)
    bench.add_task("a")
    with pytest.raises(CommandRefused, match="is unknown, which does not allow reboot"):
        make_commander(lambda name: bench.service.core)(_command(bench))
    with pytest.raises(CommandRefused, match="no account bench"):
        make_commander(lambda name: None)(_command(bench))
