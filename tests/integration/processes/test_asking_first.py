"""A task that asks first, as a process: what it becomes once it may run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from batch_manager.reports import read_attempts

MAIN = """
import logging, sys
print(__name__, __spec__.name, sys.argv[1:], logging.getLogger().handlers, logging.getLogger("azure").level)
"""


def _run(folder: Path, main: str, package: str = "") -> subprocess.CompletedProcess[str]:
    """``python -m batch_manager.node task`` of a workload that is this ``__main__.py``."""
    workload = folder / "deed"
    workload.mkdir()
    (workload / "__init__.py").write_text(package)
    (workload / "__main__.py").write_text(main)
    words = [sys.executable, "-m", "batch_manager.node", "task", "deed", "Do"]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
        "AZ_BATCH_JOB_ID": "j",
        "AZ_BATCH_TASK_ID": "1",
        "AZ_BATCH_TASK_WORKING_DIR": str(folder),
    }
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environ, check=False)


def test_process_that_may_run_is_the_workloads(tmp_path: Path) -> None:
    """Its name, its words, and its logging, which the framework's process has not touched."""
    done = _run(tmp_path, MAIN)
    assert (done.returncode, done.stdout.strip()) == (0, "__main__ deed.__main__ ['task', 'Do'] [] 0"), done.stderr


@pytest.mark.parametrize("code", [0, 3, 80])
def test_exit_code_is_the_workloads(tmp_path: Path, code: int) -> None:
    """Whatever it is: only an ``Application`` judges it."""
    assert _run(tmp_path, f"raise SystemExit({code})").returncode == code


@pytest.mark.parametrize(("main", "package"), [("raise ValueError('no')", ""), ("", "raise ValueError('no')")])
def test_exception_of_the_workloads_import_is_reported(tmp_path: Path, main: str, package: str) -> None:
    """Of its package too, though that has imported nothing of the framework's."""
    done = _run(tmp_path, main, package)
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 1), done.stderr
    assert [attempt.cause for attempt in read_attempts(str(tmp_path))] == ["ValueError: no"]
