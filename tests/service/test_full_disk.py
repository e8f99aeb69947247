"""A disk that is full, read-only or broken under the service's folder: a clear stop, and nothing accepted is lost."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.service.support import DEADLINE, code_of, connect, pool_options, present, start_service, wait_until

IO_ERROR = 74


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that mounts a small file system on a new folder; skip the test where that is not allowed."""
    mounted: list[Path] = []

    def mount_at(name: str, megabytes: int = 8) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, mode=0o700)
        options = f"size={megabytes}m,nr_inodes=1000,mode=700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount_at
    for folder in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room in a file system; return what takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"0" * 4096):
                pass
        except OSError:
            pass
    return ballast


def crowd(folder: Path) -> Path:
    """Leave no room for another file in a file system; return a folder of what takes it."""
    ballast = folder / "ballast"
    ballast.mkdir()
    try:
        for number in count():
            (ballast / str(number)).touch()
    except OSError:
        pass
    return ballast


def prepare(client: BatchClient, *, nodes: int = 1) -> None:
    """Add a pool and a job."""
    client.create_pool(pool_options("pool", target_dedicated_nodes=nodes))
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))


def add(client: BatchClient, task_id: str, command: str = "/bin/true") -> None:
    """Add a task; a refusal is not tried again."""
    client.create_task("job", models.BatchTaskCreateOptions(id=task_id, command_line=command), retry_total=0)


def add_until_refused(client: BatchClient) -> tuple[list[str], HttpResponseError]:
    """Add tasks until one is refused; return those that were accepted, and the refusal."""
    accepted: list[str] = []
    while True:
        try:
            add(client, f"t{len(accepted)}")
        except HttpResponseError as error:
            return accepted, error
        accepted.append(f"t{len(accepted)}")


def integrity(data: Path) -> str:
    """Return what SQLite says of a state file."""
    with closing(sqlite3.connect(data / "state.sqlite3")) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a service ended by itself: its exit code, and the last line it said."""
    code = process.wait(DEADLINE)
    return code, present(process.stderr).read().splitlines()[-1]


def all_complete(data: Path) -> set[str]:
    """Start a service on a folder, let every task of the job end, and return their ids."""
    with start_service(data) as process:
        client = connect(process, data).client()
        wait_until(lambda: all(task.state == models.BatchTaskState.COMPLETED for task in client.list_tasks("job")))
        tasks = list(client.list_tasks("job"))
        present(process.stdin).close()
        assert process.wait(DEADLINE) == 0
    return {present(task.id) for task in tasks}


def test_disk_that_fills_up_stops_the_service_and_loses_nothing(mount: Callable[..., Path]) -> None:
    """The request is answered as an error of the server; once there is room, the next start has all it accepted."""
    data = mount("data")
    with start_service(data) as process:
        client = connect(process, data).client()
        prepare(client, nodes=0)
        add(client, "before")
        ballast = fill(data)
        accepted, refusal = add_until_refused(client)
        code, said = ended(process)
    assert (refusal.status_code, code_of(refusal)) == (500, "InternalError")
    assert code == IO_ERROR
    assert f"{data}/state.sqlite3 cannot be kept: database or disk is full" in said
    assert "free space there, then start the service again on the same folder" in said
    ballast.unlink()
    assert integrity(data) == "ok"
    with start_service(data) as process:
        client = connect(process, data).client()
        assert {task.id for task in client.list_tasks("job")} == {"before", *accepted}
        present(process.stdin).close()


def test_tasks_end_with_a_service_that_finds_the_disk_full(mount: Callable[..., Path], tmp_path: Path) -> None:
    """It finds out when it stores that a task ended; those that ran are requeued by the next start."""
    data, began, go = mount("data"), tmp_path / "began", tmp_path / "go"
    with start_service(data) as process:
        client = connect(process, data).client()
        prepare(client)
        add(client, "long", f"/bin/sh -c 'echo $$ >>{began}; [ $(wc -l <{began}) -gt 1 ] || exec sleep 600'")
        add(client, "ends", f"/bin/sh -c 'until [ -e {go} ]; do sleep 0.05; done'")
        wait_until(lambda: began.exists() and began.read_text())
        wait_until(lambda: client.get_task("job", "ends").state == models.BatchTaskState.RUNNING)
        ballast = fill(data)
        go.touch()
        code, _ = ended(process)
    assert code == IO_ERROR
    assert not Path(f"/proc/{began.read_text().split()[0]}").exists()
    ballast.unlink()
    assert all_complete(data) == {"long", "ends"}
    assert integrity(data) == "ok"


def test_disk_that_fails_to_write_stops_the_service(tmp_path: Path) -> None:
    """Whatever the system calls the reason; the state file stays whole."""
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        prepare(client, nodes=0)
        add(client, "before")
        largest = max(file.stat().st_size for file in tmp_path.glob("state.sqlite3*"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
        accepted, refusal = add_until_refused(client)
        code, said = ended(process)
    assert (refusal.status_code, code) == (500, IO_ERROR)
    assert "cannot be kept: disk I/O error" in said
    assert integrity(tmp_path) == "ok"
    with start_service(tmp_path) as process:
        client = connect(process, tmp_path).client()
        assert {task.id for task in client.list_tasks("job")} == {"before", *accepted}
        present(process.stdin).close()


def test_service_does_not_start_on_a_full_disk(mount: Callable[..., Path]) -> None:
    """It says so in a sentence, at every step of its start; then it starts."""
    data = mount("data")
    ballast = fill(data)
    for step in range(11):
        with start_service(data) as process:
            if present(process.stdout).readline():
                present(process.stdin).close()
                assert process.wait(DEADLINE) == 0
                break
            code, said = ended(process)
            assert (code, "space" in said, said.startswith("dispatcher.service: ")) == (IO_ERROR, True, True), said
        os.truncate(ballast, ballast.stat().st_size - 4096 * 2**step)
    else:
        pytest.fail("the service does not start though there is room")
    assert integrity(data) == "ok"


def test_service_does_not_start_on_a_read_only_file_system(mount: Callable[..., Path]) -> None:
    """What is there is left as it is, and serves again once it may be written."""
    data = mount("data")
    with start_service(data) as process:
        client = connect(process, data).client()
        prepare(client)
        add(client, "a")
        present(process.stdin).close()
    subprocess.run(["mount", "-o", "remount,ro", str(data)], check=True)
    with start_service(data) as process:
        code, said = ended(process)
    assert (code, said) == (
        IO_ERROR,
        f"dispatcher.service: cannot write below {data}: Read-only file system: "
        "make its file system writable, then start the service again",
    )
    subprocess.run(["mount", "-o", "remount,rw", str(data)], check=True)
    assert all_complete(data) == {"a"}


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_command_says_that_the_disk_is_full(mount: Callable[..., Path], detach: list[str]) -> None:
    """Though there is no room for a log."""
    folder = mount("folder")
    fill(folder)
    command = [sys.executable, "-m", "dispatcher", "service", "start", "--data", str(folder), "--port", "0"]
    ran = subprocess.run([*command, *detach], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (ran.returncode, ran.stderr.splitlines()) == (
        IO_ERROR,
        [
            f"dispatcher: cannot write below {folder}: No space left on device: "
            "free space there, then start the service again"
        ],
    )


def test_task_that_finds_its_nodes_disk_full_fails_alone(mount: Callable[..., Path], tmp_path: Path) -> None:
    """The state lies elsewhere: the service goes on, and so do tasks once there is room."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    pools = mount("data/pools")
    with start_service(data) as process:
        client = connect(process, data).client()
        prepare(client)
        add(client, "first")
        wait_until(lambda: client.get_task("job", "first").state == models.BatchTaskState.COMPLETED)
        ballast = crowd(pools)
        add(client, "full")
        wait_until(lambda: client.get_task("job", "full").state == models.BatchTaskState.COMPLETED)
        info = present(client.get_task("job", "full").execution_info)
        shutil.rmtree(ballast)
        add(client, "after")
        wait_until(lambda: client.get_task("job", "after").state == models.BatchTaskState.COMPLETED)
        assert present(client.get_task("job", "after").execution_info).result == "success"
        present(process.stdin).close()
    failure = present(info.failure_info)
    assert (info.result, info.exit_code) == ("failure", None)
    assert failure.code == "DiskFull"
