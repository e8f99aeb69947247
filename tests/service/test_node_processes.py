"""What a killed service leaves running on its nodes, and what it gives to tasks."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.batch import BatchClient, models

from tests.service.support import connect, pool_options, present, start_service, wait_until
from tests.service.test_process import is_running

CLEARS_ALL_BUT_ITS_SESSION = "env -i /bin/sh -c 'cd /; echo $$ > {marker}; sleep 600 > /dev/null 2>&1; true'"
KEEPS_ITS_OUTPUT_ONLY = "env -i setsid /bin/sh -c 'cd /; echo $$ > {marker}; sleep 600; true'"


def start_task(client: BatchClient, command: str) -> None:
    """Run a command as the task of a new pool and job."""
    client.create_pool(pool_options("pool"))
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    quoted = command.replace("'", "'\\''")
    client.create_task("job", models.BatchTaskCreateOptions(id="task", command_line=f"/bin/sh -c '{quoted}'"))


@pytest.mark.parametrize("command", [CLEARS_ALL_BUT_ITS_SESSION, KEEPS_ITS_OUTPUT_ONLY])
def test_process_that_clears_its_environment_is_found_after_a_kill(tmp_path: Path, command: str) -> None:
    """By its session, which the node remembers on disk, or by where its output goes."""
    marker, data = tmp_path / "marker", tmp_path / "data"
    with start_service(data) as process:
        client = connect(process, data).client()
        start_task(client, command.format(marker=marker))
        wait_until(lambda: marker.exists() and marker.read_text().strip())
        process.kill()
    first = marker.read_text().strip()
    with start_service(data) as process:
        connect(process, data)
        assert not is_running(first)
        present(process.stdin).close()


def test_task_has_the_limit_of_open_files_that_the_service_was_started_with(
    run: Callable[..., models.BatchTask],
) -> None:
    """However many the service itself needs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    expected = "unlimited" if soft == resource.RLIM_INFINITY else soft
    task = run(f'until [ "$(ulimit -Sn)" = {expected} ]; do :; done')
    assert present(task.execution_info).exit_code == 0


def test_more_tasks_run_at_once_than_the_soft_limit_has_files_for(tmp_path: Path) -> None:
    """Each takes a few; the service raises its own limit when it starts."""
    with start_service(tmp_path / "data", soft_limit=128) as process:
        client = connect(process, tmp_path / "data").client()
        options = pool_options("wide", task_slots_per_node=100)
        options.vm_size = "standard_d32s_v3"
        client.create_pool(options)
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="wide")))
        command = f"/bin/sh -c 'touch {tmp_path}/ran-$AZ_BATCH_TASK_ID; exec sleep 600'"
        client.create_tasks("job", [models.BatchTaskCreateOptions(id=str(n), command_line=command) for n in range(100)])
        wait_until(lambda: len(list(tmp_path.glob("ran-*"))) == 100)
        present(process.stdin).close()
