"""Start tasks, on nodes that run nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.launch import START_TASK, ErrorCategory, NodeSetup, Stage, TaskFailure
from dispatcher.service.store import Store
from dispatcher.service.testing import Bench, FakeNode
from dispatcher.service.wire import JsonObject, JsonValue
from tests.unit.service.nodes import START, act, advance, codes, end_start_task, fake, states, the_node

FAILURE = TaskFailure(category=ErrorCategory.USER_ERROR, code="ApplicationPackageError", message="no such package")
MOUNTS: list[JsonValue] = [
    {
        "azureBlobFileSystemConfiguration": {
            "accountName": "account",
            "containerName": "data",
            "relativeMountPath": "data",
            "sasKey": "sig=x",
        }
    }
]


def bench_with(start: JsonObject) -> Bench:
    """Return an account whose pool has a start task, and a job with one task."""
    bench = Bench()
    bench.add_pool(startTask={**START, **start})
    bench.add_job()
    bench.add_task("a")
    return bench


def info_of(bench: Bench) -> JsonObject:
    """Return what is known of the start task on the pool's only node."""
    info = the_node(bench)["startTaskInfo"]
    assert isinstance(info, dict)
    return info


def test_node_waits_for_its_start_task() -> None:
    """Tasks start when it has succeeded, which is the default."""
    bench = bench_with({})
    assert (states(bench), bench.state("a"), info_of(bench)["state"]) == (["waitingforstarttask"], "active", "running")
    end_start_task(bench)
    info = info_of(bench)
    assert (states(bench), bench.state("a")) == (["running"], "running")
    assert (info["state"], info["exitCode"], info["result"], info["retryCount"]) == ("completed", 0, "success", 0)


def test_node_whose_start_task_failed_takes_no_tasks() -> None:
    """It says so, and why."""
    bench = bench_with({})
    end_start_task(bench, exit_code=3)
    info = info_of(bench)
    failure = info["failureInfo"]
    assert isinstance(failure, dict)
    assert (states(bench), bench.state("a")) == (["starttaskfailed"], "active")
    assert (info["result"], info["exitCode"], failure["code"]) == ("failure", 3, "FailureExitCode")


def test_reboot_runs_the_start_task_again() -> None:
    """A node whose start task failed is mended so; so does every reboot."""
    bench = bench_with({})
    end_start_task(bench, exit_code=3)
    act(bench, "begin_reboot_node")
    assert states(bench) == ["waitingforstarttask"]
    end_start_task(bench)
    assert bench.state("a") == "running"


def test_start_task_is_retried_as_often_as_it_may() -> None:
    """Two retries are three runs; the last failure counts."""
    bench = bench_with({"maxTaskRetryCount": 2})
    for retries in range(3):
        assert (states(bench), info_of(bench)["retryCount"]) == (["waitingforstarttask"], retries)
        end_start_task(bench, exit_code=1)
    assert (states(bench), info_of(bench)["retryCount"]) == (["starttaskfailed"], 2)


def test_start_task_that_could_not_be_prepared_is_not_retried() -> None:
    """As Batch has it: only failures of the command are."""
    bench = bench_with({"maxTaskRetryCount": 2})
    fake(bench).finish(START_TASK, exit_code=None, failure=FAILURE, stage=Stage.PRE_PROCESSING)
    bench.settle()
    assert states(bench) == ["starttaskfailed"]


def test_start_task_without_limit_pauses_between_runs() -> None:
    """It is retried for ever, but not at once."""
    bench = bench_with({"maxTaskRetryCount": -1})
    end_start_task(bench, exit_code=1)
    assert START_TASK not in fake(bench).running
    advance(bench, 1)
    assert START_TASK in fake(bench).running
    assert info_of(bench)["retryCount"] == 1


def test_tasks_run_beside_a_start_task_that_is_not_waited_for() -> None:
    """The node is ready at once, and stays so when the start task fails."""
    bench = bench_with({"waitForSuccess": False})
    assert (states(bench), bench.state("a"), info_of(bench)["state"]) == (["running"], "running", "running")
    end_start_task(bench, exit_code=1)
    assert (states(bench), info_of(bench)["result"]) == (["running"], "failure")


@pytest.mark.parametrize("waits", [True, False])
def test_restart_runs_an_unfinished_start_task_again(tmp_path: Path, *, waits: bool) -> None:
    """A node that was running it when the service ended runs it again; one that had run it does not."""
    before = Bench(Store(tmp_path / "state"))
    before.add_pool(startTask={**START, "waitForSuccess": waits})
    before.service.close()
    after = Bench(Store(tmp_path / "state"))
    after.service.worker.recover()
    after.settle()
    end_start_task(after)
    assert (states(after), info_of(after)["result"]) == (["idle"], "success")
    after.service.close()
    last = Bench(Store(tmp_path / "state"))
    last.service.worker.recover()
    last.settle()
    assert (states(last), fake(last).running) == (["idle"], {})


def test_new_start_task_runs_on_nodes_that_boot(bench: Bench) -> None:
    """A changed pool changes nothing on the nodes that are there, until they are rebooted."""
    bench.call("update_pool", {"startTask": START}, poolId="pool")
    bench.settle()
    assert states(bench) == ["idle"]
    act(bench, "begin_reboot_node")
    assert fake(bench).running[START_TASK].command_line == "prepare"


def test_start_task_is_told_what_it_was_given() -> None:
    """Settings and files reach the node; it takes no slot."""
    bench = Bench()
    settings: list[JsonValue] = [{"name": "A", "value": "1"}]
    files: list[JsonValue] = [{"httpUrl": "http://127.0.0.1/f", "filePath": "f"}]
    bench.add_pool(startTask={**START, "environmentSettings": settings, "resourceFiles": files})
    launch = fake(bench).running[START_TASK]
    assert (dict(launch.environment), launch.resource_files[0].file_path) == ({"A": "1"}, "f")
    assert (the_node(bench)["runningTaskSlotsCount"], the_node(bench)["recentTasks"]) == (0, [])


@pytest.mark.parametrize("start", [{}, {"commandLine": ""}, {"commandLine": "a", "maxTaskRetryCount": -2}])
def test_bad_start_task_is_refused(start: JsonObject) -> None:
    """The pool is not made."""
    with pytest.raises(BatchError, match="Property"):
        Bench().add_pool(startTask=start)


def test_node_that_cannot_be_set_up_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, its start task does not run, and a reboot sets it up anew."""
    bench = Bench()
    set_up = FakeNode.set_up

    def fail(node: FakeNode, setup: NodeSetup) -> None:
        node.setup_failure = FAILURE
        set_up(node, setup)

    with monkeypatch.context() as patch:
        patch.setattr(FakeNode, "set_up", fail)
        bench.add_pool(startTask=START, mountConfiguration=MOUNTS)
    assert (states(bench), codes(the_node(bench)["errors"])) == (["unusable"], ["ApplicationPackageError"])
    act(bench, "begin_reboot_node")
    assert (states(bench), len(fake(bench).setups)) == (["waitingforstarttask"], 1)


def test_node_that_gets_no_thread_for_its_setup_is_unusable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service goes on."""

    def fail(node: FakeNode, setup: NodeSetup) -> None:
        del node, setup
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(FakeNode, "set_up", fail)
    bench = Bench()
    bench.add_pool(mountConfiguration=MOUNTS)
    assert (states(bench), codes(the_node(bench)["errors"])) == (["unusable"], ["Unknown"])
