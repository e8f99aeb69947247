"""Multi-instance tasks: several nodes at once, one fate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import Stage, TaskKey
from dispatcher.service.testing import Bench, FakeNode
from dispatcher.service.wire import JsonObject, JsonValue

BLOB_NOT_FOUND = failure("BlobNotFound")
KEY = TaskKey(job_id="job", task_id="mpi")


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return an account with a pool of three nodes that talk to each other, and a job."""
    bench = Bench()
    bench.add_pool(targetDedicatedNodes=3, enableInterNodeCommunication=True)
    bench.add_job()
    yield bench
    bench.service.close()


def add(bench: Bench, instances: int, **properties: JsonValue) -> None:
    """Add a multi-instance task."""
    settings: JsonObject = {"numberOfInstances": instances, "coordinationCommandLine": "prepare"}
    body: JsonObject = {"id": "mpi", "commandLine": "run", "multiInstanceSettings": settings, **properties}
    bench.call("create_task", body, jobId="job")
    bench.settle()


def taken(bench: Bench) -> list[FakeNode]:
    """Return the nodes that the task runs on, the primary first."""
    nodes = [node for node in bench.nodes.opened.values() if KEY in node.running]
    return sorted(nodes, key=lambda node: not is_primary(node))


def ids(node: FakeNode) -> list[str]:
    """Return the ids of the tasks that run on a node."""
    return [key.task_id for key in node.running]


def is_primary(node: FakeNode) -> bool:
    """Say whether the task's own command runs on a node."""
    coordination = node.running[KEY].coordination
    assert coordination is not None
    return coordination.is_primary


def coordinate(bench: Bench) -> None:
    """Let the coordination command return on every node."""
    for node in taken(bench):
        node.coordinate(KEY)
    bench.settle()


def subtasks(bench: Bench) -> list[JsonObject]:
    """Return the task's subtasks."""
    listed = bench.read("list_subtasks", jobId="job", taskId="mpi")["value"]
    assert isinstance(listed, list)
    return [item for item in listed if isinstance(item, dict)]


def test_task_takes_as_many_nodes_as_it_asks_for(bench: Bench) -> None:
    """One is the primary, and the others are listed as subtasks."""
    add(bench, 2)
    assert [is_primary(node) for node in taken(bench)] == [True, False]
    assert [(item["id"], item["state"]) for item in subtasks(bench)] == [(1, "running")]


def test_own_command_starts_when_all_coordination_commands_have_returned(bench: Bench) -> None:
    """Not before."""
    add(bench, 2)
    primary, other = taken(bench)
    primary.coordinate(KEY)
    bench.settle()
    assert primary.proceeded == []
    other.coordinate(KEY)
    bench.settle()
    assert primary.proceeded == [KEY]


def test_commands_are_told_of_all_nodes(bench: Bench) -> None:
    """With distinct addresses, the primary's first, as Batch names them."""
    add(bench, 2)
    primary, other = (node.running[KEY].service_environment for node in taken(bench))
    first, second = primary["AZ_BATCH_HOST_LIST"].split(",")
    assert first != second
    assert primary["AZ_BATCH_NODE_LIST"] == f"{first};{second}"
    assert primary["AZ_BATCH_MASTER_NODE"] == f"{first}:6000"
    assert primary["CCP_NODES"] == f"2 {first} 1 {second} 1"
    assert [told["AZ_BATCH_IS_CURRENT_NODE_MASTER"] for told in (primary, other)] == ["true", "false"]


def test_subtasks_end_with_the_primary(bench: Bench) -> None:
    """And have not failed; their nodes are free again."""
    add(bench, 3)
    coordinate(bench)
    taken(bench)[0].finish(KEY)
    bench.settle()
    assert bench.state("mpi") == "completed"
    assert bench.execution("mpi")["exitCode"] == 0
    assert [(item["state"], item["result"]) for item in subtasks(bench)] == [("completed", "success")] * 2
    assert taken(bench) == []


def test_failed_subtask_fails_the_task(bench: Bench) -> None:
    """With the subtask's failure; the primary is ended."""
    add(bench, 2)
    taken(bench)[1].finish(KEY, exit_code=4)
    bench.settle()
    info = bench.execution("mpi")
    assert (bench.state("mpi"), info["result"], info["failureCode"]) == ("completed", "failure", "FailureExitCode")
    assert [(item["exitCode"], item["result"]) for item in subtasks(bench)] == [(4, "failure")]


def test_subtask_that_could_not_be_prepared_fails_the_task_before_its_command(bench: Bench) -> None:
    """So that exit conditions for pre-processing errors hold for it."""
    conditions: JsonObject = {"preProcessingError": {"dependencyAction": "satisfy"}}
    add(bench, 2, exitConditions=conditions)
    bench.add_task("child", dependsOn={"taskIds": ["mpi"]})
    taken(bench)[1].finish(KEY, exit_code=None, failure=BLOB_NOT_FOUND, stage=Stage.PRE_PROCESSING)
    bench.settle()
    assert bench.execution("mpi")["failureCode"] == "BlobNotFound"
    assert bench.running() == ["child"]


def test_own_resource_files_are_for_the_primary_alone(bench: Bench) -> None:
    """Common ones are for every node."""
    file: JsonObject = {"httpUrl": "http://127.0.0.1/f", "filePath": "f"}
    settings: JsonObject = {
        "numberOfInstances": 2,
        "coordinationCommandLine": "prepare",
        "commonResourceFiles": [{"httpUrl": "http://127.0.0.1/c", "filePath": "c"}],
    }
    bench.add_task("mpi", multiInstanceSettings=settings, resourceFiles=[file])
    launches = [node.running[KEY] for node in taken(bench)]
    assert [[file.file_path for file in launch.resource_files] for launch in launches] == [["f"], []]
    for launch in launches:
        assert launch.coordination is not None
        assert [file.file_path for file in launch.coordination.files] == ["c"]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_files_of_subtasks_go_with_those_of_the_primary(bench: Bench, is_deleted: bool) -> None:
    """On every node, when the task is deleted or its retention time is over."""
    add(bench, 3, constraints={"retentionTime": "PT1H"})
    nodes = taken(bench)
    coordinate(bench)
    nodes[0].finish(KEY)
    bench.settle()
    if is_deleted:
        bench.call("delete_task", jobId="job", taskId="mpi")
    else:
        bench.clock.advance(timedelta(hours=1))
    bench.settle()
    assert all(KEY in node.forgotten for node in nodes)


def test_files_of_a_task_that_is_deleted_while_it_runs_go_everywhere(bench: Bench) -> None:
    """Once its processes have ended."""
    add(bench, 3)
    nodes = taken(bench)
    bench.call("delete_task", jobId="job", taskId="mpi")
    bench.settle()
    assert all(KEY in node.forgotten for node in nodes)


def test_failed_task_is_retried_on_all_its_nodes(bench: Bench) -> None:
    """A retry is a new run with new subtasks."""
    add(bench, 3, constraints={"maxTaskRetryCount": 1})
    coordinate(bench)
    taken(bench)[0].finish(KEY, exit_code=1)
    bench.settle()
    assert len(taken(bench)) == 3
    assert [item["state"] for item in subtasks(bench)] == ["running"] * 2
    assert bench.execution("mpi")["retryCount"] == 1


def test_terminated_task_ends_everywhere(bench: Bench) -> None:
    """At once."""
    add(bench, 3)
    bench.call("terminate_task", jobId="job", taskId="mpi")
    bench.settle()
    assert taken(bench) == []
    assert bench.execution("mpi")["failureCode"] == "TaskEnded"


@pytest.mark.parametrize("which", [0, 1])
def test_task_whose_node_takes_no_more_tasks_is_requeued(bench: Bench, which: int) -> None:
    """Whether it was the primary's or another's."""
    add(bench, 3)
    (lost,) = [name for name, node in bench.nodes.opened.items() if node is taken(bench)[which]]
    bench.call("disable_node_scheduling", {}, poolId="pool", nodeId=lost)
    bench.settle()
    assert (bench.state("mpi"), taken(bench)) == ("active", [])
    assert bench.execution("mpi")["requeueCount"] == 1
    bench.call("enable_node_scheduling", poolId="pool", nodeId=lost)
    bench.settle()
    assert len(taken(bench)) == 3


def test_waiting_task_is_not_starved_by_smaller_ones(bench: Bench) -> None:
    """Free nodes are held back for it."""
    bench.add_task("small")
    add(bench, 3)
    bench.add_task("behind")
    assert bench.running() == ["small"]
    bench.finish("small")
    assert len(taken(bench)) == 3


def test_task_that_wants_more_nodes_than_there_are_holds_nobody_up(bench: Bench) -> None:
    """It stays active, as on Azure."""
    add(bench, 4)
    bench.add_task("behind")
    assert (bench.state("mpi"), bench.running()) == ("active", ["behind"])


@pytest.mark.parametrize("pool", [{"enableInterNodeCommunication": False}, {"taskSlotsPerNode": 2}])
def test_task_waits_on_a_pool_that_cannot_run_it(bench: Bench, pool: JsonObject) -> None:
    """Nodes must talk to each other and have one slot; others of the job go on."""
    bench.add_pool("other", targetDedicatedNodes=3, **{"enableInterNodeCommunication": True, **pool})
    bench.add_job("second", poolInfo={"poolId": "other"})
    bench.add_task("mpi", "second", multiInstanceSettings={"numberOfInstances": 2, "coordinationCommandLine": "p"})
    bench.add_task("behind", "second")
    assert (bench.state("mpi", "second"), bench.running()) == ("active", ["behind"])


def test_deleted_task_takes_its_subtasks_with_it(bench: Bench) -> None:
    """A new task of the same id has none of the old one's."""
    add(bench, 2)
    coordinate(bench)
    taken(bench)[0].finish(KEY)
    bench.settle()
    bench.call("delete_task", jobId="job", taskId="mpi")
    bench.add_task("mpi")
    assert subtasks(bench) == []


def test_task_is_preparing_until_all_its_nodes_are_prepared(bench: Bench) -> None:
    """The coordination command of a node follows the preparation there."""
    bench.add_job("second", jobPreparationTask={"id": "prepare", "commandLine": "true"})
    settings: JsonObject = {"numberOfInstances": 3, "coordinationCommandLine": "c"}
    bench.add_task("mpi", "second", multiInstanceSettings=settings)
    for left in (2, 1, 0):
        assert bench.state("mpi", "second") == "preparing"
        bench.finish("prepare")
        assert len([node for node in bench.nodes.opened.values() if "mpi" in ids(node)]) == 3 - left
    assert bench.state("mpi", "second") == "running"


def test_multi_instance_task_in_a_container_is_refused(bench: Bench) -> None:
    """Since its coordination command would run outside."""
    with pytest.raises(BatchError, match="UnsupportedProperty"):
        add(bench, 2, containerSettings={"imageName": "image"})


def test_settings_without_a_coordination_command_are_refused(bench: Bench) -> None:
    """With the property's name."""
    with pytest.raises(BatchError) as refused:
        bench.add_task("mpi", multiInstanceSettings={"numberOfInstances": 2})
    assert refused.value.values == (("PropertyName", "multiInstanceSettings.coordinationCommandLine"),)
