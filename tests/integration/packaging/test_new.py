"""A new workload is one that a strict reviewer would take, and it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "pi_sweep"
SECONDS = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its project."""
    root = tmp_path_factory.mktemp("new")
    done = _run(root, "-m", "batch_manager.cli", "new", NAME)
    assert done.returncode == 0, done.stderr
    return root / NAME


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "AZ", "BATCH_"))}
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize(
    "words",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("pytest", "-q")],
    ids=lambda words: "-".join(words[:2]),
)
def test_checks_of_a_new_workload_pass(folder: Path, words: tuple[str, ...]) -> None:
    """With the settings in its own pyproject.toml."""
    done = _run(folder, "-m", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_new_workload_runs(folder: Path) -> None:
    """As a job on the local service, as its README says."""
    command = f"-m dispatcher run {NAME} --param tasks=4"
    assert f"python {command}" in (folder / "README.md").read_text()
    done = _run(folder, *command.split(), "--param", "darts=1000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 5 tasks succeeded" in done.stdout
    assert "pi is about 3.1" in done.stdout


def test_second_new_of_the_same_changes_nothing(folder: Path) -> None:
    """And another's file is never overwritten."""
    done = _run(folder.parent, "-m", "batch_manager.cli", "new", NAME)
    assert (done.returncode, "0 files written" in done.stdout) == (0, True)
    (folder / "README.md").write_text("mine", encoding="utf-8")
    done = _run(folder.parent, "-m", "batch_manager.cli", "new", NAME)
    assert done.returncode == 65
    assert "README.md already" in done.stderr
