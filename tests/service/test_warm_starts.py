"""Tasks of Python on a service: started warm unless told otherwise, and the same by all that a client can see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models

from dispatcher.processes import descendants
from tests.service.support import DEADLINE, connect, pool_options, present, start_service, wait_until

LONG_AGO = 1_000_000_000
PROGRAM = """
import os, sys, time
print(os.environ["AZ_BATCH_TASK_ID"], sys.argv[1:], os.getcwd() == os.environ["AZ_BATCH_TASK_WORKING_DIR"])
print("careful", file=sys.stderr)
open("made.txt", "w").write(str(os.getppid()))
while sys.argv[1:] == ["long"]:
    time.sleep(0.01)
sys.exit(int(os.environ["AZ_BATCH_TASK_ID"]) % 7)
"""
Starter = Callable[..., BatchClient]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return a folder with the program, which was last changed long ago."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "probe.py").write_text(PROGRAM)
    for path in (folder / "probe.py", folder):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], BatchClient]]]:
    """Start services, each with a pool and a job."""
    numbers = count()

    def start(*options: str) -> tuple[subprocess.Popen[str], BatchClient]:
        data = tmp_path / f"data{next(numbers)}"
        process = stack.enter_context(start_service(data, *options))
        stack.callback(stop, process)
        client = stack.enter_context(connect(process, data).client())
        client.create_pool(pool_options("pool"))
        client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
        return process, client

    with ExitStack() as stack:
        yield start


def stop(service: subprocess.Popen[str]) -> None:
    """Let a service end, and wait until it has."""
    present(service.stdin).close()
    service.wait(DEADLINE)


def add(client: BatchClient, library: Path, tasks: range, *words: str, **options: Any) -> None:
    """Add tasks that run the program."""
    settings = {"PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = [models.EnvironmentSetting(name=name, value=value) for name, value in settings.items()]
    command = " ".join([sys.executable, "-m", "probe", *words])
    for task in tasks:
        client.create_task(
            "job",
            models.BatchTaskCreateOptions(
                id=str(task), command_line=command, environment_settings=environment, **options
            ),
        )


def run(client: BatchClient, library: Path, tasks: range) -> None:
    """Add tasks and wait until they have completed."""
    add(client, library, tasks, "a", "b")
    wait_until(lambda: all(client.get_task("job", str(task)).state == "completed" for task in tasks))


def await_begun(client: BatchClient, task: int) -> None:
    """Wait until a task's program has written its file."""

    def has_begun() -> bool:
        files = client.list_task_files("job", str(task), recursive=True)
        return any(file.name == "wd/made.txt" and present(file.properties).content_length for file in files)

    wait_until(has_begun)


def text(client: BatchClient, task: int, name: str) -> str:
    """Return a file of a task."""
    return b"".join(client.download_task_file("job", str(task), name)).decode()


def seen(client: BatchClient, task: int) -> object:
    """Return what a client sees of a task that has completed."""
    info = present(client.get_task("job", str(task)).execution_info)
    files = sorted(file.name for file in client.list_task_files("job", str(task), recursive=True) if file.name)
    failure = info.failure_info.code if info.failure_info else None
    return (
        info.exit_code,
        info.result,
        failure,
        files,
        text(client, task, "stdout.txt"),
        text(client, task, "stderr.txt"),
    )


def templates(service: subprocess.Popen[str]) -> list[int]:
    """Return the templates that live below a service."""
    found = []
    for pid in descendants(service.pid):
        with suppress(OSError):  # ended meanwhile
            if Path(f"/proc/{pid}/cwd").readlink().name == "warm":
                found.append(pid)
    return found


def was_warm(client: BatchClient, service: subprocess.Popen[str], task: int) -> bool:
    """Tell whether a task's process was a copy of a template that lives."""
    return int(text(client, task, "wd/made.txt")) in templates(service)


def make_warm(client: BatchClient, service: subprocess.Popen[str], library: Path) -> None:
    """Run tasks until one was warm: a template's process is there before it can be copied."""
    numbers = count(100)

    def is_warm() -> bool:
        task = next(numbers)
        run(client, library, range(task, task + 1))
        return was_warm(client, service, task)

    wait_until(is_warm)


@pytest.mark.parametrize("level", ["interpreter", "imports"])
def test_clients_see_no_difference(started: Any, library: Path, level: str) -> None:
    """Exit code, result, failure, files and both streams of tasks that succeed and fail."""
    _, cold = started("--warm-starts", "off")
    service, warm = started("--warm-starts", level)
    make_warm(warm, service, library)
    for client in (cold, warm):
        run(client, library, range(7, 11))
    assert [seen(warm, task) for task in range(7, 11)] == [seen(cold, task) for task in range(7, 11)]
    assert all(was_warm(warm, service, task) for task in range(7, 11))


def test_tasks_start_warm_unless_told_otherwise(started: Any, library: Path) -> None:
    """Python itself has started before the task, its program has not."""
    service, client = started()
    make_warm(client, service, library)
    run(client, library, range(1, 2))
    assert was_warm(client, service, 1)


def test_one_flag_switches_warm_starts_off(started: Any, library: Path) -> None:
    """There is never a template."""
    service, client = started("--warm-starts", "off")
    run(client, library, range(1, 7))
    assert not templates(service)


def test_terminated_warm_task_ends_with_its_process(started: Any, library: Path) -> None:
    """As a cold one does."""
    service, client = started()
    make_warm(client, service, library)
    add(client, library, range(1, 2), "long")
    await_begun(client, 1)
    client.terminate_task("job", "1")
    wait_until(lambda: client.get_task("job", "1").state == "completed")
    assert present(client.get_task("job", "1").execution_info).exit_code == 143
    assert was_warm(client, service, 1)
    assert len(descendants(service.pid)) == 1 + len(templates(service))


def test_wall_clock_ends_a_warm_task(started: Any, library: Path) -> None:
    """With the failure that a cold one has."""
    service, client = started()
    make_warm(client, service, library)
    constraints = models.BatchTaskConstraints(max_wall_clock_time=timedelta(seconds=0.2))
    add(client, library, range(1, 2), "long", constraints=constraints)
    wait_until(lambda: client.get_task("job", "1").state == "completed")
    info = present(client.get_task("job", "1").execution_info)
    assert (info.exit_code, present(info.failure_info).code) == (143, "TaskEnded")


def test_task_of_a_killed_template_keeps_its_ending(started: Any, library: Path) -> None:
    """Its exit code is known, because the process of the nodes inherits it."""
    service, client = started()
    make_warm(client, service, library)
    add(client, library, range(1, 2), "long")
    await_begun(client, 1)
    assert was_warm(client, service, 1)
    for template in templates(service):
        os.kill(template, signal.SIGKILL)
    client.terminate_task("job", "1")
    wait_until(lambda: client.get_task("job", "1").state == "completed")
    assert present(client.get_task("job", "1").execution_info).exit_code == 143
    run(client, library, range(2, 4))
    assert present(client.get_task("job", "3").execution_info).exit_code == 3


def test_killed_service_leaves_no_template_and_no_warm_task(started: Any, library: Path) -> None:
    """They end at once, with all that its nodes run."""
    service, client = started()
    make_warm(client, service, library)
    add(client, library, range(1, 2), "long")
    await_begun(client, 1)
    left = descendants(service.pid)
    assert set(templates(service)) < set(left)
    service.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
