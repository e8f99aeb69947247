"""Multi-instance tasks with real processes, MPI ranks among them, asked for with Microsoft's client."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models

from tests.service.support import pool_options, present, wait_until

MPIEXEC = Path(sys.executable).with_name("mpiexec.hydra")
HELLO = "from mpi4py import MPI; w = MPI.COMM_WORLD; print(w.allreduce(w.rank + 1), flush=True)"


@pytest.fixture(scope="module")
def pool(service_client: BatchClient) -> str:
    """Return a pool of three nodes that talk to each other."""
    options = pool_options(
        "gang", target_dedicated_nodes=3, task_slots_per_node=1, enable_inter_node_communication=True
    )
    service_client.create_pool(options)
    return "gang"


@pytest.fixture
def job(client: BatchClient, pool: str, name: str) -> str:
    """Return the id of a job on that pool."""
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=pool)))
    return name


def run(client: BatchClient, job: str, command: str, coordination: str, **options: Any) -> models.BatchTask:
    """Run a task on three nodes and return it when it is completed."""
    settings = models.MultiInstanceSettings(number_of_instances=3, coordination_command_line=coordination)
    task = models.BatchTaskCreateOptions(id="mpi", command_line=command, multi_instance_settings=settings, **options)
    client.create_task(job, task)
    wait_until(lambda: client.get_task(job, "mpi").state == models.BatchTaskState.COMPLETED)
    return client.get_task(job, "mpi")


def output(client: BatchClient, job: str) -> list[str]:
    """Return the lines of the task's standard output."""
    return b"".join(client.download_task_file(job, "mpi", "stdout.txt")).decode().splitlines()


def test_multi_instance_task_runs_on_its_nodes_and_lists_subtasks(client: BatchClient, job: str) -> None:
    """Each subtask names its node, where its files are."""
    task = run(client, job, "/bin/sh -c 'echo $AZ_BATCH_HOST_LIST'", "/bin/sh -c 'echo $AZ_BATCH_NODE_ID'")
    assert present(task.execution_info).exit_code == 0
    own, hosts = output(client, job)
    assert own == present(task.node_info).node_id
    assert len(set(hosts.split(","))) == 3
    wait_until(
        lambda: all(item.state == models.BatchSubtaskState.COMPLETED for item in client.list_subtasks(job, "mpi"))
    )
    subtasks = list(client.list_subtasks(job, "mpi"))
    assert [(item.id, item.exit_code) for item in subtasks] == [(1, 0), (2, 0)]
    for item in subtasks:
        info = present(item.node_info)
        path = f"{info.task_root_directory}/stdout.txt"
        content = b"".join(client.download_node_file("gang", present(info.node_id), path))
        assert content.decode().strip() == info.node_id


def test_mpi_ranks_on_all_nodes_compute_together(client: BatchClient, job: str) -> None:
    """MPICH starts a rank for each host of the list, with its fork launcher."""
    ranks = f'{MPIEXEC} -launcher fork -hosts $AZ_BATCH_HOST_LIST -ppn 1 -n 3 {sys.executable} -c "{HELLO}"'
    task = run(client, job, f"/bin/sh -c '{ranks}'", "/bin/true")
    assert present(task.execution_info).exit_code == 0
    assert output(client, job) == ["6", "6", "6"]


def test_mpi_ranks_that_hang_are_ended_when_their_time_is_up(client: BatchClient, job: str) -> None:
    """MPICH waits for ever when a rank ends without MPI_Finalize; the wall clock limit does not."""
    dies = "import os; from mpi4py import MPI; MPI.COMM_WORLD.rank == 1 and os._exit(3); MPI.COMM_WORLD.Barrier()"
    ranks = f'{MPIEXEC} -launcher fork -hosts $AZ_BATCH_HOST_LIST -ppn 1 -n 3 {sys.executable} -c "{dies}"'
    constraints = models.BatchTaskConstraints(max_wall_clock_time=timedelta(seconds=3))
    task = run(client, job, f"/bin/sh -c 'echo $$; {ranks}'", "/bin/true", constraints=constraints)
    assert present(present(task.execution_info).failure_info).code == "TaskEnded"
    assert not processes_of_session(int(output(client, job)[0]))


def test_failed_coordination_command_fails_the_task(client: BatchClient, job: str) -> None:
    """The task's own command does not run."""
    only_others = 'test "$AZ_BATCH_IS_CURRENT_NODE_MASTER" = true'
    task = run(client, job, "/bin/echo ran", f"/bin/sh -c '{only_others}'")
    info = present(task.execution_info)
    assert info.result == models.BatchTaskExecutionResult.FAILURE
    assert output(client, job) == []


def processes_of_session(session: int) -> list[int]:
    """Return the processes that are left of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found
