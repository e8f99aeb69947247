"""Faults of nodes, put in by the flag: what Microsoft's client sees of each, and that they can be replayed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential

from tests.service.faulty import SPOT, add, add_job, await_node, completed, run, shell, the_node
from tests.service.support import DEADLINE, code_of, connect, present, start_service, wait_until
from tests.service.test_faults_http import put_in, serving
from tests.service.test_nodes import REBOOT, REIMAGE

RULES = "preempt=0.15; reboot=0.1; lose-node=0.05; kill-task=0.15:0"


def test_spot_node_is_preempted(tmp_path: Path) -> None:
    """Its task waits, which is no retry, and runs again on the same node, whose files are gone.

    It was faster than the fault, and is met at its end.
    """
    with serving(tmp_path, "preempt:1h lasting=3s max=1") as service, service.client() as client:
        add_job(client, **SPOT)
        add(client, f"ls $AZ_BATCH_NODE_SHARED_DIR; touch $AZ_BATCH_NODE_SHARED_DIR/x; echo >> {tmp_path}/runs")
        node = await_node(client, models.BatchNodeState.PREEMPTED)
        wait_until(lambda: client.get_task("job", "task").state == models.BatchTaskState.ACTIVE)
        info = completed(client)
        assert (info.requeue_count, info.retry_count, info.exit_code) == (1, 0, 0)
        assert (the_node(client).id, (tmp_path / "runs").read_text()) == (node.id, "\n\n")
        assert b"".join(client.download_task_file("job", "task", "stdout.txt")) == b""


def test_node_reboots(tmp_path: Path) -> None:
    """The node is the same with its files and a later boot time, and its start task runs again; so does its task."""
    start = models.BatchStartTask(command_line=shell("echo >> $AZ_BATCH_NODE_SHARED_DIR/starts"), wait_for_success=True)
    with serving(tmp_path, "reboot:100ms max=1") as service, service.client() as client:
        add_job(client, start_task=start)
        before = await_node(client, models.BatchNodeState.IDLE)
        info = run(client, "cat $AZ_BATCH_NODE_SHARED_DIR/starts; sleep 1")
        after = the_node(client)
        assert (info.requeue_count, info.retry_count, after.id) == (1, 0, before.id)
        assert present(after.last_boot_time) > present(before.last_boot_time)
        assert b"".join(client.download_task_file("job", "task", "stdout.txt")) == b"\n\n"


def test_node_is_lost_with_its_files(tmp_path: Path) -> None:
    """A new node takes its place; it, and the files of a task that had ended there, cannot be found any more."""
    with serving(tmp_path, "lose-node:0 task=other lasting=1s max=1") as service, service.client() as client:
        add_job(client)
        run(client, "true")
        lost = the_node(client).id
        add(client, "true", "other")
        await_node(client, models.BatchNodeState.UNKNOWN)
        with pytest.raises(HttpResponseError) as caught:
            client.get_task_file_properties("job", "task", "stdout.txt")
        assert caught.value.status_code == 409
        assert completed(client, "other").requeue_count == 1
        with pytest.raises(HttpResponseError) as caught:
            client.get_node("pool", lost)
        assert (code_of(caught.value), the_node(client).id != lost) == ("NodeNotFound", True)
        with pytest.raises(HttpResponseError) as caught:
            list(client.list_task_files("job", "task"))
        assert code_of(caught.value) == "TaskFilesUnavailable"
        wait_until(lambda: not (tmp_path / "pools" / "pool" / lost).exists())


def test_start_task_fails_on_a_node(tmp_path: Path) -> None:
    """The node says so, and is mended by a reboot."""
    start = models.BatchStartTask(command_line=shell("true"), wait_for_success=True)
    with serving(tmp_path, "fail-start-task:3 max=1") as service, service.client() as client:
        add_job(client, start_task=start)
        node = await_node(client, models.BatchNodeState.START_TASK_FAILED)
        info = present(node.start_task_info)
        assert (info.exit_code, info.result) == (3, models.BatchTaskExecutionResult.FAILURE)
        assert present(info.failure_info).code == "FailureExitCode"
        client.begin_reboot_node("pool", node.id, REBOOT, polling_interval=0).wait()
        await_node(client, models.BatchNodeState.IDLE)


def test_node_is_unusable(tmp_path: Path) -> None:
    """It says why, and tasks wait until it is reimaged."""
    with serving(tmp_path, "break-node max=1") as service, service.client() as client:
        add_job(client)
        node = await_node(client, models.BatchNodeState.UNUSABLE)
        assert present(node.errors)[0].code == "Unknown"
        client.begin_reimage_node("pool", node.id, REIMAGE, polling_interval=0).wait()
        assert run(client, "true").exit_code == 0


@pytest.mark.parametrize("delay", ["0", "200ms", "1h"])
def test_command_is_killed(tmp_path: Path, delay: str) -> None:
    """Its exit code is that of SIGKILL, also if it was faster, and its retry succeeds."""
    seconds = 60 if delay == "200ms" else 0
    command = f"test -e {tmp_path}/x || {{ echo > {tmp_path}/x; sleep {seconds}; }}"
    with serving(tmp_path, f"kill-task:{delay} max=1") as service, service.client() as client:
        add_job(client)
        info = run(client, command if seconds else "true", retries=1)
        assert (info.exit_code, info.retry_count, info.requeue_count) == (0, 1, 0)
        assert present(info.last_retry_time)


def test_killed_command_without_retries_has_failed(tmp_path: Path) -> None:
    """Its exit code and failure are those of any command that fails."""
    with serving(tmp_path, "kill-task:0") as service, service.client() as client:
        add_job(client)
        info = run(client, "sleep 60")
        assert (info.exit_code, info.result) == (137, models.BatchTaskExecutionResult.FAILURE)
        assert present(info.failure_info).code == "FailureExitCode"


def _order(data: Path, **order: str) -> httpx.Response:
    """Send an order to the admin endpoint."""
    facts = json.loads((data / "endpoint.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IDENTITY_ENDPOINT", facts["identity_endpoint"])
        patch.setenv("IDENTITY_HEADER", (data / "secrets" / "identity_header").read_text())
        token = ManagedIdentityCredential().get_token("https://batch.core.windows.net/.default").token
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(f"{facts['endpoint']}/faults/orders", json=order, headers=headers, trust_env=False)


def test_node_is_lost_by_order(tmp_path: Path) -> None:
    """The admin endpoint does it at once and logs it; what it cannot do it refuses."""
    with start_service(tmp_path, "--admin") as process:
        service = connect(process, tmp_path)
        client = service.client()
        add_job(client)
        node = await_node(client, models.BatchNodeState.IDLE)
        refused = _order(tmp_path, fault="preempt", pool="pool", node=node.id)
        assert (refused.status_code, "dedicated=yes" in refused.text) == (409, True)
        assert _order(tmp_path, fault="lose-node", pool="pool", node=node.id).status_code == 202
        wait_until(lambda: [each.id for each in client.list_nodes("pool")] not in ([], [node.id]))
        present(process.stdin).close()
        assert process.wait(DEADLINE) == 0
    assert [line["identity"] for line in put_in(tmp_path)] == [f"{service.account}/pool node {node.id}"]


def _runs(data: Path) -> Path:
    return data.with_name(f"{data.name}-runs")


def _work(data: Path, plan: str, *, count: int, **pool: Any) -> list[models.BatchTaskExecutionInfo]:
    """Run tasks on a service of its own; return how they went. A task that runs twice at once says so in a file."""
    runs = _runs(data)
    runs.mkdir()
    task = f"{runs}/$AZ_BATCH_TASK_ID"
    command = shell(f"exec 9>{task}.lock; flock -n 9 || echo > {task}.twice; echo >> {task}; sleep 0.1")
    constraints = models.BatchTaskConstraints(max_task_retry_count=-1)
    tasks = [
        models.BatchTaskCreateOptions(id=f"task-{number}", command_line=command, constraints=constraints)
        for number in range(count)
    ]
    with serving(data, plan) as service, service.client() as client:
        add_job(client, **pool)
        client.create_tasks("job", tasks)
        counts = client.get_job_task_counts
        wait_until(lambda: present(counts("job").task_counts).completed == count)
        return [present(task.execution_info) for task in client.list_tasks("job")]


def test_hundred_tasks_survive_several_faults_at_once(tmp_path: Path) -> None:
    """Every task succeeds, none runs twice at once, and each run is accounted for."""
    data = tmp_path / "data"
    pool = {"target_dedicated_nodes": 1, "target_low_priority_nodes": 2, "task_slots_per_node": 2}
    infos = _work(data, f"seed=3; {RULES}; slow-boot=0.3:50ms", count=100, **pool)
    assert Counter(info.exit_code for info in infos) == {0: 100}
    assert not list(_runs(data).glob("*.twice"))
    began = sum(len(each.read_text()) for each in _runs(data).iterdir() if each.suffix != ".lock")
    assert 100 <= began <= 100 + sum(present(info.requeue_count) + present(info.retry_count) for info in infos)
    met = Counter(line["fault"] for line in put_in(data))
    assert all(met[fault] for fault in ("preempt", "reboot", "lose-node", "kill-task", "slow-boot")), met


def _first_attempts(data: Path) -> set[tuple[str, str]]:
    return {(line["fault"], line["identity"]) for line in put_in(data) if line["identity"].endswith("run 1")}


def test_seed_and_log_replay_the_faults(tmp_path: Path) -> None:
    """The same tasks are met on other nodes at other times; on one slot, where nothing else is chance, all are."""
    pool = {"target_dedicated_nodes": 0, "target_low_priority_nodes": 1, "task_slots_per_node": 1}
    wide = {"target_dedicated_nodes": 0, "target_low_priority_nodes": 3, "task_slots_per_node": 2}
    first = tmp_path / "first"
    _work(first, f"seed=3; {RULES}", count=20, **pool)
    _work(tmp_path / "wide", f"seed=3; {RULES}", count=20, **wide)
    assert _first_attempts(tmp_path / "wide") == _first_attempts(first)
    _work(tmp_path / "again", f"replay={first / 'faults.jsonl'}", count=20, **pool)
    identities = [{line["identity"] for line in put_in(tmp_path / name)} for name in ("first", "again")]
    assert identities[0] == identities[1]
    assert len(identities[0]) > 5
