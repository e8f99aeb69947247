"""Job preparation and release tasks on nodes that are rebooted, reimaged or taken by several at once."""

from __future__ import annotations

import pytest

from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.nodes import act, live_nodes

PREPARATION: JsonObject = {"commandLine": "prepare"}
RELEASE: JsonObject = {"commandLine": "release"}


def bench_of(**preparation: object) -> Bench:
    """Return an account with a pool of one node and a job whose preparation there has succeeded for a task."""
    bench = Bench()
    bench.add_pool()
    task: JsonObject = {**PREPARATION, **preparation}  # type: ignore[dict-item]
    bench.add_job(jobPreparationTask=task, jobReleaseTask=RELEASE)
    bench.add_task("a")
    bench.finish("jobpreparation")
    bench.finish("a")
    return bench


def test_rebooted_node_is_prepared_again() -> None:
    """By default a preparation task runs again after a reboot, though it succeeded."""
    bench = bench_of()
    act(bench, "begin_reboot_node")
    bench.add_task("b")
    assert (bench.running(), bench.state("b")) == (["jobpreparation"], "preparing")


def test_rebooted_node_stays_prepared_where_the_job_says_so() -> None:
    """With rerunOnNodeRebootAfterSuccess=false one success is enough."""
    bench = bench_of(rerunOnNodeRebootAfterSuccess=False)
    act(bench, "begin_reboot_node")
    bench.add_task("b")
    assert bench.running() == ["b"]


def test_reimaged_node_is_prepared_again_and_not_released_before() -> None:
    """What the preparation made is gone, so that there is nothing to release until it has run again."""
    bench = bench_of(rerunOnNodeRebootAfterSuccess=False)
    act(bench, "begin_reimage_node")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    assert (bench.job()["state"], bench.running()) == ("completed", [])


@pytest.mark.parametrize(("operation", "running"), [("begin_reboot_node", []), ("begin_reimage_node", ["p"])])
def test_barred_node_takes_tasks_again_when_it_is_reimaged(operation: str, running: list[str]) -> None:
    """A failed preparation bars its node until it is reimaged; a reboot does not help."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask={**PREPARATION, "id": "p"})
    bench.add_task("a")
    bench.finish("p", exit_code=1)
    act(bench, operation)
    assert bench.running() == running


def test_reboot_during_preparation_prepares_again() -> None:
    """The task loses its place uncounted, and the preparation runs anew when the node is back."""
    bench = Bench()
    bench.add_pool()
    bench.add_job(jobPreparationTask=PREPARATION)
    bench.add_task("a")
    act(bench, "begin_reboot_node")
    assert (bench.state("a"), bench.running()) == ("preparing", ["jobpreparation"])
    bench.finish("jobpreparation")
    assert (bench.running(), bench.execution("a")["requeueCount"]) == (["a"], 0)


def test_reboot_during_release_releases_again() -> None:
    """A release task that a reboot ended runs again when the node is back."""
    bench = bench_of()
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    act(bench, "begin_reboot_node")
    assert (bench.job()["state"], bench.running()) == ("terminating", ["jobrelease"])
    bench.finish("jobrelease")
    assert bench.job()["state"] == "completed"


def gang_of_two() -> Bench:
    """Return an account where a multi-instance task waits for two nodes to be prepared."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=2, enableInterNodeCommunication=True)
    bench.add_job(jobPreparationTask=PREPARATION)
    settings: JsonObject = {"numberOfInstances": 2, "coordinationCommandLine": "coordinate"}
    bench.add_task("mpi", multiInstanceSettings=settings)
    return bench


def finish_on(bench: Bench, index: int, *, exit_code: int = 0) -> None:
    """End the preparation task on one of the nodes."""
    node = bench.nodes.opened[live_nodes(bench)[index].record.id]
    (key,) = node.running
    node.finish(key, exit_code=exit_code)
    bench.settle()


def test_multi_instance_task_runs_when_all_its_nodes_are_prepared() -> None:
    """Each node runs its own preparation task, and its part of the task then."""
    bench = gang_of_two()
    assert bench.state("mpi") == "preparing"
    finish_on(bench, 0)
    finish_on(bench, 1)
    tasks = [key.task_id for node in bench.nodes.opened.values() for key in node.running]
    assert (tasks, bench.state("mpi")) == (["mpi", "mpi"], "running")


@pytest.mark.parametrize("first", [0, 1])
def test_multi_instance_task_waits_when_one_node_could_not_be_prepared(first: int) -> None:
    """With one node barred there are too few: nothing of the task runs."""
    bench = gang_of_two()
    finish_on(bench, first)
    finish_on(bench, 1 - first, exit_code=1)
    assert (bench.state("mpi"), bench.running()) == ("active", [])
