"""The service as a process: its folder, its ends, and what it remembers."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from azure.batch import models

from tests.service.support import DEADLINE, connect, pool_options, present, start_service, wait_until


def run_command(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the service's command to its end."""
    command = [sys.executable, "-m", "dispatcher.service", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_folder_and_key_are_private(tmp_path: Path) -> None:
    """Nobody else can read the folder, the secrets or the key."""
    data = tmp_path / "data"
    with start_service(data) as process:
        connect(process, data)
        present(process.stdin).close()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "secrets", data / "secrets/batch_account_key")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_service_and_its_tasks(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends running tasks, closes the port, and is a success."""
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        marker = tmp_path / "marker"
        command = f"/bin/sh -c 'echo $$ > {marker}; exec sleep 600'"
        client.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=command))
        wait_until(lambda: marker.exists() and marker.read_text().strip())
        process.send_signal(number)
        assert process.wait(DEADLINE) == 0
    assert not Path(f"/proc/{marker.read_text().strip()}").exists()
    assert not (tmp_path / "endpoint.json").exists()


def test_second_service_on_a_folder_is_refused(tmp_path: Path) -> None:
    """One folder has one service; the second says so and ends with the code for configuration."""
    with start_service(tmp_path) as process:
        connect(process, tmp_path)
        second = run_command("--data", str(tmp_path))
        present(process.stdin).close()
    assert second.returncode == 78
    assert "another service runs on the data folder" in second.stderr


@pytest.mark.parametrize(
    "options", [[], ["--data"], ["--data", "x", "--port", "70000"], ["--data", "x", "--account", "No!"], ["--what"]]
)
def test_wrong_arguments_are_a_usage_error(options: list[str]) -> None:
    """The message names the argument; the code is that of wrong usage."""
    result = run_command(*options)
    assert result.returncode == 64
    assert "usage:" in result.stderr
    assert "Traceback" not in result.stderr


def test_key_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    """A damaged key file is named, and its contents are not shown."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "batch_account_key").write_text("not base64!")
    result = run_command("--data", str(tmp_path))
    assert result.returncode == 78
    assert "batch_account_key does not hold a base64 key" in result.stderr
    assert "not base64!" not in result.stderr


def test_killed_service_requeues_what_ran(tmp_path: Path) -> None:
    """After a crash the next service on the folder finds its jobs, and runs again what had not ended."""
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        command = f"/bin/sh -c '[ -e {tmp_path}/go ] || sleep 5'"
        client.create_task("job", models.BatchTaskCreateOptions(id="a", command_line=command))
        wait_until(lambda: client.get_task("job", "a").state == models.BatchTaskState.RUNNING)
        process.kill()
    (tmp_path / "go").touch()
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        wait_until(lambda: client.get_task("job", "a").state == models.BatchTaskState.COMPLETED)
        info = present(client.get_task("job", "a").execution_info)
        present(process.stdin).close()
    assert (info.result, info.requeue_count, info.retry_count) == ("success", 1, 0)


def test_killed_service_started_again_runs_a_task_in_one_place_only(tmp_path: Path) -> None:
    """What the killed service left running is ended before the task is started again; it is a requeue, not a retry."""
    marker = tmp_path / "marker"
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        command = f"/bin/sh -c 'echo $$ >> {marker}; sleep 600; true'"
        client.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=command))
        wait_until(lambda: marker.exists() and marker.read_text().strip())
        process.kill()
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        wait_until(lambda: len(marker.read_text().split()) == 2)
        first, second = marker.read_text().split()
        assert (is_running(first), is_running(second)) == (False, True)
        info = present(client.get_task("job", "long").execution_info)
        assert (info.requeue_count, info.retry_count) == (1, 0)
        present(process.stdin).close()
        assert process.wait(DEADLINE) == 0


def is_running(pid: str) -> bool:
    """Whether a process is there and has not ended; an ended one that nobody collected does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
