"""Ending a run at any moment leaves no process, port or folder behind."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import WORKLOADS, processes_naming, wait_for


def _start(tmp_path: Path) -> tuple[subprocess.Popen[str], Path, int]:
    """A run whose first task waits, once that task runs; with its folder and its service's port."""
    words = ["run", "chain", "--param", "how=wait", "--results", str(tmp_path / "results")]
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", *words],
        cwd=WORKLOADS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"at http://127\.0\.0\.1:(\d+), files in (\S+)", line)
    assert found is not None, line + (process.stderr.read() if process.stderr else "")
    folder = Path(found[2])
    wait_for(lambda: any("chain task Part" in line for line in processes_naming(folder)), "the task runs")
    return process, folder, int(found[1])


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_run_that_is_ended_leaves_nothing(tmp_path: Path, number: int, code: int) -> None:
    """Killed without a chance to clean up, too."""
    process, folder, port = _start(tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    wait_for(lambda: processes_naming(folder) == [], "no process is left")
    wait_for(lambda: not folder.exists(), "the folder is gone")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_run_with_keep_leaves_service_and_files_until_interrupted(tmp_path: Path) -> None:
    """For a look with any client."""
    words = ["run", "chain", "--param", "parts=1", "--keep", "--results", str(tmp_path / "results")]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "dispatcher", *words], cwd=WORKLOADS, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while "Ctrl-C" not in lines[-1]:
        assert lines[-1], "".join(lines)
        lines.append(process.stdout.readline())
    found = re.search(r"at http://127\.0\.0\.1:(\d+), files in (\S+)", "".join(lines))
    assert found is not None
    with socket.create_connection(("127.0.0.1", int(found[1]))):
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    folder = Path(found[2])
    assert process.returncode == 0
    assert list(folder.rglob("stdout.txt"))
    wait_for(lambda: processes_naming(folder) == [], "no process is left")
