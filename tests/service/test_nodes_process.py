"""The nodes live in a process beside the service's own; what becomes of their tasks when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from dispatcher.processes import descendants
from tests.service.support import DEADLINE, connect, pool_options, present, start_service, wait_until


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return a service of the test's own."""
    with start_service(tmp_path / "data") as process:
        yield process
        if process.poll() is None:
            present(process.stdin).close()
            process.wait(DEADLINE)


@pytest.fixture
def own(process: subprocess.Popen[str], tmp_path: Path) -> Iterator[BatchClient]:
    """Return a client of that service, which has a pool and a job on it."""
    with connect(process, tmp_path / "data").client() as client:
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        yield client


def nodes_process(service: subprocess.Popen[str]) -> int:
    """Return the process that runs the nodes of a service."""
    found = [pid for pid in descendants(service.pid) if "dispatcher.service.nodes_process" in command_line(pid)]
    assert len(found) == 1, found
    return found[0]


def command_line(pid: int) -> str:
    """Return a process's command line; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_running(pid: int | str) -> bool:
    """Whether a process is there and has not ended; an ended one that nobody collected does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def begun(path: Path) -> list[str]:
    """Return what the attempts of `add_sleeper` wrote."""
    return path.read_text().split() if path.exists() else []


def add_sleeper(client: BatchClient, begun_at: Path) -> None:
    """Add a task that writes its process id and sleeps, in its first run for ever."""
    command = f"/bin/sh -c 'echo $$ >>{begun_at}; [ $(wc -l <{begun_at}) -gt 1 ] || exec sleep 600'"
    client.create_task("job", models.BatchTaskCreateOptions(id="sleeper", command_line=command))
    wait_until(lambda: begun(begun_at))


def test_tasks_of_a_killed_nodes_process_are_requeued(
    process: subprocess.Popen[str], own: BatchClient, tmp_path: Path
) -> None:
    """As when a node reboots: that is no retry, the files of the node stay, and nothing of the first run is left."""
    add_sleeper(own, tmp_path / "begun")
    os.kill(nodes_process(process), signal.SIGKILL)
    wait_until(lambda: own.get_task("job", "sleeper").state == models.BatchTaskState.COMPLETED)
    info = present(own.get_task("job", "sleeper").execution_info)
    assert (info.exit_code, info.requeue_count, info.retry_count) == (0, 1, 0)
    first, _ = begun(tmp_path / "begun")
    assert not is_running(first)


def test_nodes_process_of_a_killed_service_ends_with_all_its_tasks(
    process: subprocess.Popen[str], own: BatchClient, tmp_path: Path
) -> None:
    """It needs no other service to start on the folder for that."""
    add_sleeper(own, tmp_path / "begun")
    nodes = nodes_process(process)
    process.kill()
    wait_until(lambda: not is_running(nodes))
    assert not is_running(begun(tmp_path / "begun")[0])


def test_tasks_ignore_no_signal_that_their_program_does_not(own: BatchClient) -> None:
    """The process of the nodes does not end by them, but that is no affair of what it starts."""
    command = "/bin/grep SigIgn /proc/self/status"
    own.create_task("job", models.BatchTaskCreateOptions(id="signals", command_line=command))
    wait_until(lambda: own.get_task("job", "signals").state == models.BatchTaskState.COMPLETED)
    said = b"".join(own.download_task_file("job", "signals", "stdout.txt"))
    of_programs = (1 << signal.SIGSYS) - 1  # the next two numbers are the C library's own
    assert int(said.split()[1], 16) & of_programs == 0


def test_tasks_succeed_though_the_nodes_process_is_killed_again_and_again(
    process: subprocess.Popen[str], own: BatchClient
) -> None:
    """Whatever it was doing, also starting: none is lost, none fails, and none counts a retry."""
    ids = [f"task-{number}" for number in range(100)]
    options = [models.BatchTaskCreateOptions(id=task_id, command_line="/bin/sleep 0.05") for task_id in ids]
    own.create_tasks("job", options)
    for _ in range(3):
        wait_for_another(own)
        kill_nodes_processes(process)
        wait_until(lambda: kill_nodes_processes(process))
    wait_until(lambda: completed(own) == len(ids))
    infos = [present(task.execution_info) for task in own.list_tasks("job")]
    assert {(info.exit_code, info.retry_count) for info in infos} == {(0, 0)}


def completed(client: BatchClient) -> int:
    """Return how many tasks of the job are."""
    return client.get_job_task_counts("job").task_counts.completed


def wait_for_another(client: BatchClient) -> None:
    """Return once one more task is."""
    before = completed(client)
    wait_until(lambda: completed(client) > before)


def kill_nodes_processes(service: subprocess.Popen[str]) -> int:
    """Kill the process that runs the nodes, if there is one now; return how many there were."""
    found = [pid for pid in descendants(service.pid) if "dispatcher.service.nodes_process" in command_line(pid)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return len(found)
