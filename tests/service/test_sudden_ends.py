"""A service that is killed while schedules wait and multi-instance tasks run, and started again on its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from tests.service.support import DEADLINE, connect, pool_options, present, start_service, wait_until

NODES = 3


@contextmanager
def killed_service(data: Path) -> Iterator[BatchClient]:
    """Run a service on a folder, and kill it at the end."""
    with start_service(data) as process:
        yield connect(process, data).client()
        process.kill()


@contextmanager
def service_again(data: Path) -> Iterator[BatchClient]:
    """Run a service on a folder, and stop it at the end."""
    with start_service(data) as process:
        yield connect(process, data).client()
        present(process.stdin).close()
        assert process.wait(DEADLINE) == 0


def add_gang(client: BatchClient, coordination: str, command: str) -> None:
    """Add a pool and a task that takes all of its nodes."""
    options = pool_options(
        "gang", target_dedicated_nodes=NODES, task_slots_per_node=1, enable_inter_node_communication=True
    )
    client.create_pool(options)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="gang")))
    settings = models.MultiInstanceSettings(
        number_of_instances=NODES, coordination_command_line=f"/bin/sh -c '{coordination}'"
    )
    task = models.BatchTaskCreateOptions(
        id="mpi", command_line=f"/bin/sh -c '{command}'", multi_instance_settings=settings
    )
    client.create_task("job", task)


def await_end(client: BatchClient) -> models.BatchTaskExecutionInfo:
    """Return how the task ended, once it and all its subtasks have and their nodes are free."""
    wait_until(lambda: client.get_task("job", "mpi").state == models.BatchTaskState.COMPLETED)
    wait_until(lambda: {node.state for node in client.list_nodes("gang")} == {models.BatchNodeState.IDLE})
    subtasks = list(client.list_subtasks("job", "mpi"))
    assert [subtask.state for subtask in subtasks] == [models.BatchSubtaskState.COMPLETED] * (NODES - 1)
    return present(client.get_task("job", "mpi").execution_info)


def lines(path: Path) -> list[str]:
    """Return a file's lines; none if it is not there."""
    return path.read_text().split() if path.exists() else []


def is_running(pid: str) -> bool:
    """Whether a process is there and has not ended; an ended one that nobody collected does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@pytest.mark.parametrize("launcher", ["", "setsid "])
def test_killed_service_ends_the_daemons_of_a_gang_and_runs_it_again(tmp_path: Path, launcher: str) -> None:
    """On all nodes, those that left their session too; nothing of the first run is there when the second runs."""
    daemons, go, data = tmp_path / "daemons", tmp_path / "go", tmp_path / "data"
    data.mkdir()
    with killed_service(data) as client:
        add_gang(client, f"{launcher}sleep 600 & echo $! >>{daemons}", f"[ -e {go} ] || sleep 600")
        wait_until(lambda: len(lines(daemons)) == NODES)
    first = lines(daemons)
    go.touch()
    with service_again(data) as client:
        info = await_end(client)
        assert (info.result, info.exit_code, info.requeue_count, info.retry_count) == ("success", 0, 1, 0)
        assert not any(is_running(pid) for pid in first)
        assert len(lines(daemons)) == 2 * NODES
    with service_again(data):  # a daemon that left its session outlives its task, but not the next start
        assert not any(is_running(pid) for pid in lines(daemons))


def test_service_killed_during_coordination_coordinates_again(tmp_path: Path) -> None:
    """The own command of the first run never starts; that of the second does once."""
    began, ran, go, data = (tmp_path / name for name in ("began", "ran", "go", "data"))
    data.mkdir()
    with killed_service(data) as client:
        add_gang(client, f"echo $$ >>{began}; [ -e {go} ] || sleep 600", f"echo $$ >>{ran}")
        wait_until(lambda: len(lines(began)) == NODES)
    go.touch()
    with service_again(data) as client:
        assert await_end(client).requeue_count == 1
    assert (len(lines(began)), len(lines(ran))) == (2 * NODES, 1)


def test_service_killed_while_a_gang_ends_frees_all_its_nodes(tmp_path: Path) -> None:
    """Whether the end of the task was stored or not; in any case it is completed once."""
    ran, data = tmp_path / "ran", tmp_path / "data"
    data.mkdir()
    with killed_service(data) as client:
        add_gang(client, "sleep 600 &", f"echo $$ >>{ran}")
        wait_until(lambda: lines(ran))
    with service_again(data) as client:
        wait_until(lambda: client.get_task("job", "mpi").state == models.BatchTaskState.COMPLETED)
        wait_until(lambda: {node.state for node in client.list_nodes("gang")} == {models.BatchNodeState.IDLE})
        requeues = present(client.get_task("job", "mpi").execution_info).requeue_count
    assert len(lines(ran)) == 1 + requeues


@pytest.mark.parametrize("until", [None, timedelta(seconds=2)])
def test_killed_service_makes_the_job_of_a_schedule_once(tmp_path: Path, until: timedelta | None) -> None:
    """Whether the service was killed before the job was due, or while it was made."""
    starts = None if until is None else datetime.now(UTC) + until
    specification = models.BatchJobSpecification(
        pool_info=models.BatchPoolInfo(pool_id="pool"),
        job_manager_task=models.BatchJobManagerTask(id="manager", command_line="/bin/true"),
    )
    schedule = models.BatchJobScheduleConfiguration(do_not_run_until=starts)
    with killed_service(tmp_path) as client:
        client.create_pool(pool_options("pool"))
        client.create_job_schedule(
            models.BatchJobScheduleCreateOptions(id="s", schedule=schedule, job_specification=specification)
        )
    with service_again(tmp_path) as client:
        wait_until(lambda: client.get_job_schedule("s").state == models.BatchJobScheduleState.COMPLETED)
        assert [job.id for job in client.list_jobs_from_schedule("s")] == ["s:job-1"]
