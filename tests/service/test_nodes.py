"""Start tasks and the life of nodes, through the official client, with real processes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.batch.models._models import BatchNodeDeallocateOptions, BatchNodeRebootOptions, BatchNodeReimageOptions
from azure.core.exceptions import ResourceExistsError

from tests.service.support import code_of, connect, pool_options, present, start_service, wait_until

REBOOT = BatchNodeRebootOptions(node_reboot_kind="requeue")
REIMAGE = BatchNodeReimageOptions(node_reimage_option="requeue")
DEALLOCATE = BatchNodeDeallocateOptions(node_deallocate_option="requeue")
"""What is the default: without any option the client sends no request."""
WAITING = "/bin/sh -c 'echo prepared; while [ ! -e {gate} ]; do sleep 0.05; done'"


def start_task(command: str, **options: Any) -> models.BatchStartTask:
    """Return a start task that a shell runs."""
    return models.BatchStartTask(command_line=command, **options)


def node_of(client: BatchClient, pool_id: str) -> models.BatchNode:
    """Return the only node of a pool once it is there."""
    wait_until(lambda: len(list(client.list_nodes(pool_id))) == 1)
    (node,) = client.list_nodes(pool_id)
    return node


def wait_for(client: BatchClient, pool_id: str, state: str) -> str:
    """Wait until the only node of a pool is in a state; return its id."""
    wait_until(lambda: node_of(client, pool_id).state == state)
    return present(node_of(client, pool_id).id)


def content(client: BatchClient, pool_id: str, node_id: str, path: str) -> bytes:
    """Return a file of a node."""
    return b"".join(client.download_node_file(pool_id, node_id, path))


def test_start_task_prepares_the_node(client: BatchClient, name: str, tmp_path: Path) -> None:
    """Its output is readable while it runs, and what it wrote is there for tasks when it has ended."""
    gate = tmp_path / "gate"
    client.create_pool(pool_options(name, start_task=start_task(WAITING.format(gate=gate))))
    node_id = wait_for(client, name, "waitingforstarttask")
    wait_until(lambda: client.get_node(name, node_id).start_task_info is not None)
    wait_until(lambda: _has(client, name, node_id, "startup/stdout.txt", b"prepared\n"))
    gate.touch()
    wait_for(client, name, "idle")
    info = present(client.get_node(name, node_id).start_task_info)
    assert (info.state, info.exit_code, info.result) == ("completed", 0, "success")


def _has(client: BatchClient, pool_id: str, node_id: str, path: str, expected: bytes) -> bool:
    files = [file.name for file in client.list_node_files(pool_id, node_id, recursive=True)]
    return path in files and content(client, pool_id, node_id, path) == expected


def test_failed_start_task_is_mended_by_a_reboot(client: BatchClient, name: str, tmp_path: Path) -> None:
    """The node takes no tasks and says why; a reboot runs the start task again."""
    needed = tmp_path / "needed"
    command = f"/bin/sh -c 'test -e {needed} || exit 4'"
    client.create_pool(pool_options(name, start_task=start_task(command, max_task_retry_count=1)))
    node_id = wait_for(client, name, "starttaskfailed")
    info = present(client.get_node(name, node_id).start_task_info)
    assert (info.exit_code, info.retry_count, present(info.failure_info).code) == (4, 1, "FailureExitCode")
    needed.touch()
    client.begin_reboot_node(name, node_id, REBOOT, polling_interval=0).wait()
    wait_for(client, name, "idle")


def test_tasks_run_while_a_start_task_is_not_waited_for(client: BatchClient, name: str, tmp_path: Path) -> None:
    """One slot is enough for both."""
    gate = tmp_path / "gate"
    start = start_task(WAITING.format(gate=gate), wait_for_success=False)
    client.create_pool(pool_options(name, task_slots_per_node=1, start_task=start))
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=name)))
    client.create_task(name, models.BatchTaskCreateOptions(id="a", command_line="/bin/true"))
    wait_until(lambda: client.get_task(name, "a").state == models.BatchTaskState.COMPLETED)
    assert present(node_of(client, name).start_task_info).state == "running"
    gate.touch()
    client.begin_delete_job(name, polling_interval=0).wait()


def test_reimaged_node_is_empty_and_a_rebooted_one_is_not(client: BatchClient, name: str) -> None:
    """The helpers of the client wait for the end of both."""
    client.create_pool(pool_options(name, start_task=start_task("/bin/sh -c 'date >> $AZ_BATCH_NODE_SHARED_DIR/runs'")))
    node_id = wait_for(client, name, "idle")
    client.begin_reboot_node(name, node_id, REBOOT, polling_interval=0).wait()
    wait_for(client, name, "idle")
    assert content(client, name, node_id, "shared/runs").count(b"\n") == 2
    client.begin_reimage_node(name, node_id, REIMAGE, polling_interval=0).wait()
    wait_for(client, name, "idle")
    assert content(client, name, node_id, "shared/runs").count(b"\n") == 1


def test_node_is_deallocated_and_started(client: BatchClient, name: str) -> None:
    """The helpers end in these states."""
    client.create_pool(pool_options(name))
    node_id = wait_for(client, name, "idle")
    client.begin_deallocate_node(name, node_id, DEALLOCATE, polling_interval=0).wait()
    wait_for(client, name, "deallocated")
    with pytest.raises(ResourceExistsError) as caught:
        client.begin_reboot_node(name, node_id, REBOOT)
    assert code_of(caught.value) == "NodeStateInvalid"
    client.begin_start_node(name, node_id, polling_interval=0).wait()
    wait_for(client, name, "idle")


def test_nodes_are_removed(client: BatchClient, name: str) -> None:
    """The helper waits until the pool is steady again."""
    client.create_pool(pool_options(name, target_dedicated_nodes=3))
    wait_until(lambda: len(list(client.list_nodes(name))) == 3)
    wait_until(lambda: client.get_pool(name).allocation_state == "steady")
    first, *_ = [present(node.id) for node in client.list_nodes(name)]
    client.begin_remove_nodes(name, models.BatchNodeRemoveOptions(node_ids=[first]), polling_interval=0).wait()
    pool = client.get_pool(name)
    assert (pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (2, 2)
    assert first not in [node.id for node in client.list_nodes(name)]


def test_killed_service_runs_the_start_task_again(tmp_path: Path) -> None:
    """A service that is killed while a start task runs takes the node up where it was."""
    data, gate = tmp_path / "data", tmp_path / "gate"
    with start_service(data) as process:
        with connect(process, data).client() as client:
            client.create_pool(pool_options("pool", start_task=start_task(WAITING.format(gate=gate))))
            node_id = wait_for(client, "pool", "waitingforstarttask")
        process.kill()
        process.wait()
    gate.touch()
    with start_service(data) as process:
        with connect(process, data).client() as client:
            assert wait_for(client, "pool", "idle") == node_id
            assert content(client, "pool", node_id, "startup/stdout.txt") == b"prepared\n"
        present(process.stdin).close()


@pytest.mark.parametrize(("wipes", "runs"), [(False, 2), (True, 1)])
def test_killed_service_goes_on_with_a_reboot(tmp_path: Path, *, wipes: bool, runs: int) -> None:
    """Killed while a node is rebooted or reimaged, the service brings it to the same end."""
    data = tmp_path / "data"
    start = start_task("/bin/sh -c 'date >> $AZ_BATCH_NODE_SHARED_DIR/runs'")
    with start_service(data, "--boot-seconds", "0.5") as process:
        with connect(process, data).client() as client:
            client.create_pool(pool_options("pool", start_task=start))
            node_id = wait_for(client, "pool", "idle")
            if wipes:
                client.begin_reimage_node("pool", node_id, REIMAGE)
            else:
                client.begin_reboot_node("pool", node_id, REBOOT)
            assert node_of(client, "pool").state == ("reimaging" if wipes else "rebooting")
        process.kill()
        process.wait()
    with start_service(data, "--boot-seconds", "0.5") as process:
        with connect(process, data).client() as client:
            assert wait_for(client, "pool", "idle") == node_id
            assert content(client, "pool", node_id, "shared/runs").count(b"\n") == runs
        present(process.stdin).close()


def test_resize_takes_the_time_that_was_set(tmp_path: Path) -> None:
    """The pool is resizing meanwhile, and a killed service goes on with that."""
    data = tmp_path / "data"
    with start_service(data, "--allocation-seconds", "1") as process:
        with connect(process, data).client() as client:
            client.create_pool(pool_options("pool"))
            pool = client.get_pool("pool")
            assert (pool.allocation_state, pool.current_dedicated_nodes) == (models.AllocationState.RESIZING, 0)
        process.kill()
        process.wait()
    with start_service(data, "--allocation-seconds", "1") as process:
        with connect(process, data).client() as client:
            wait_for(client, "pool", "idle")
            assert client.get_pool("pool").allocation_state == models.AllocationState.STEADY
        present(process.stdin).close()


def test_formula_scales_a_pool(client: BatchClient, name: str) -> None:
    """The formula runs at once, its run is shown, and another one can be evaluated without effect."""
    options = pool_options(
        name,
        target_dedicated_nodes=None,
        enable_auto_scale=True,
        auto_scale_formula="$TargetDedicatedNodes = 2;",
        auto_scale_evaluation_interval=timedelta(minutes=5),
    )
    client.create_pool(options)
    wait_until(lambda: len(list(client.list_nodes(name))) == 2)
    assert "$TargetDedicatedNodes=2" in present(present(client.get_pool(name).auto_scale_run).results)
    formula = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 9;")
    assert "$TargetDedicatedNodes=9" in present(client.evaluate_pool_auto_scale(name, formula).results)
    with pytest.raises(ResourceExistsError):
        client.begin_resize_pool(name, models.BatchPoolResizeOptions(target_dedicated_nodes=1))
    client.disable_pool_auto_scale(name)
    pool = client.get_pool(name)
    assert (pool.enable_auto_scale, pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (False, 2, 2)


def test_folder_of_a_node_that_nobody_knows_goes(tmp_path: Path) -> None:
    """A service that was killed between forgetting a node and deleting its folder deletes it at the next start."""
    data = tmp_path / "data"
    with start_service(data) as process:
        with connect(process, data).client() as client:
            client.create_pool(pool_options("pool"))
            wait_for(client, "pool", "idle")
        process.kill()
        process.wait()
    (root,) = (folder for folder in data.rglob("workitems") if folder.is_dir())
    unknown = root.parent.parent.parent / "gone" / "node"
    (unknown / "shared").mkdir(parents=True)
    with start_service(data) as process:
        with connect(process, data).client() as client:
            wait_until(lambda: not unknown.parent.exists())
            wait_for(client, "pool", "idle")
        present(process.stdin).close()
    assert root.exists()
