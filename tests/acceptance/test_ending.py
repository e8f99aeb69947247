"""Ending a run at any moment leaves no process, port or folder behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import WORKLOADS, processes_naming, wait_for

ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -signal.SIGKILL)]

Moment = Callable[[Path], bool]

MOMENTS: dict[str, Moment] = {
    # Not any entry: Python looks for a place for temporary files by making one, and a kill just then leaves it.
    "its folder is made": lambda folder: any(path.is_dir() for path in folder.iterdir()),
    "Azurite has started": lambda folder: _runs("azurite.js", folder),
    "the service has started": lambda folder: _runs("dispatcher.service", folder),
    "the job manager runs": lambda folder: _runs("chain job-manager", folder),
    "a task runs": lambda folder: _runs("chain task Part", folder),
}


def _runs(words: str, folder: Path) -> bool:
    return any(words in line for line in processes_naming(folder))


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A run whose first task waits, and which keeps all it makes in ``folder``."""
    folder.mkdir()
    command = [sys.executable, "-m", "dispatcher", "run", "chain", "--results", str(folder.parent / "results"), *words]
    return subprocess.Popen(
        command,
        cwd=WORKLOADS,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _assert_nothing_is_left(folder: Path, out: str) -> None:
    wait_for(lambda: processes_naming(folder) == [], "no process is left")
    wait_for(lambda: not any(folder.iterdir()), "the folder is gone")
    for port in re.findall(r"127\.0\.0\.1:(\d+)", out):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0


@pytest.mark.parametrize(("number", "code"), ENDS, ids=lambda value: getattr(value, "name", ""))
def test_run_that_is_ended_while_a_task_runs_leaves_nothing(tmp_path: Path, number: int, code: int) -> None:
    """Asked to end, and killed without a chance to clean up."""
    folder = tmp_path / "temporary"
    process = _start(folder, "--param", "how=wait")
    wait_for(lambda: MOMENTS["a task runs"](folder), "a task runs")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    _assert_nothing_is_left(folder, out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", MOMENTS)
def test_run_that_is_ended_at_any_moment_leaves_nothing(tmp_path: Path, moment: str, number: int) -> None:
    """From its first file to its last."""
    folder = tmp_path / "temporary"
    process = _start(folder, "--param", "how=wait")
    wait_for(lambda: MOMENTS[moment](folder), moment)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in err
    _assert_nothing_is_left(folder, out)


def test_run_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """As the demo does with make, killed without a chance to pass it on."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = f"{sys.executable} -m dispatcher run chain --param how=wait --end-with-parent; true"
    parent = subprocess.Popen(["/bin/sh", "-c", command], cwd=WORKLOADS, env={**os.environ, "TMPDIR": str(folder)})
    wait_for(lambda: MOMENTS["a task runs"](folder), "a task runs")
    parent.kill()
    parent.wait()
    _assert_nothing_is_left(folder, "")


def test_run_with_keep_leaves_service_and_files_until_interrupted(tmp_path: Path) -> None:
    """For a look with any client."""
    folder = tmp_path / "temporary"
    process = _start(folder, "--param", "parts=1", "--keep")
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while "Ctrl-C" not in lines[-1]:
        assert lines[-1], "".join(lines)
        lines.append(process.stdout.readline())
    (port,) = set(re.findall(r"127\.0\.0\.1:(\d+)", "".join(lines)))
    with socket.create_connection(("127.0.0.1", int(port))):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    wait_for(lambda: processes_naming(folder) == [], "no process is left")
    assert list(folder.rglob("stdout.txt"))


@pytest.mark.parametrize(("server", "named"), [("dispatcher.service", "service"), ("azurite.js", "azurite")])
def test_run_whose_server_is_killed_says_which_and_leaves_nothing(tmp_path: Path, server: str, named: str) -> None:
    """Not a time-out in the middle of somewhere."""
    folder = tmp_path / "temporary"
    process = _start(folder, "--param", "how=wait")
    wait_for(lambda: MOMENTS["a task runs"](folder), "a task runs")
    for pid in _pids(server, folder):
        os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in err) == (69, False), err
    assert f"{named} ended with exit code -9" in err
    _assert_nothing_is_left(folder, out)


def _pids(words: str, folder: Path) -> list[int]:
    """The processes of a run whose command line holds the words."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ") if (process / "cmdline").exists() else b""
            if words.encode() in line and os.fsencode(folder) in line and b"dispatcher.guard" not in line:
                found.append(int(process.name))
    return found
