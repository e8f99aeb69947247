"""Every command of "Use it for your own project's CI" and of the README's part on the service, as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatcher.azurite.install import azurite_command

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ci.md"
PARTS = ("batch_manager", "dispatcher", "workloads", "pyproject.toml", "README.md", "LICENSE")
SECONDS = 300


def _block(page: Path, language: str, having: str = "") -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    (block,) = [block for block in blocks if having in block]
    return str(block)


def _bash(script: str, folder: Path, variables: Mapping[str, str]) -> str:
    """Run a script as CI does: it ends at the first command that fails. The ports alone are not the page's."""
    free = script.replace("service start", "service start --port 0 --https-port 0")
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", free],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as the page has it: its own tests, and this repository beside them."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        source, target = ROOT / part, folder / "azure-batch-manager" / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_greeting.py").write_text(_block(PAGE, "python"))
    return folder


@pytest.fixture(scope="module")
def variables(project: Path) -> Mapping[str, str]:
    """The environment of a CI machine with a Python of its own; Azurite is the one that is here already."""
    subprocess.run([sys.executable, "-m", "venv", str(project / "venv")], check=True)
    path = os.pathsep.join([str(project / "venv" / "bin"), os.environ["PATH"]])
    (project / "temp").mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "LANG"))}
    script = azurite_command()[-1]
    return {**kept, "PATH": path, "HOME": str(project), "RUNNER_TEMP": str(project / "temp"), "AZURITE_JS": script}


@pytest.mark.clients
def test_shell_commands_of_the_page_run(project: Path, variables: Mapping[str, str]) -> None:
    """From the installation to the end of the service."""
    assert "1 passed" in _bash(_block(PAGE, "sh"), project, variables)


@pytest.mark.clients
def test_workflow_of_the_page_runs(project: Path, variables: Mapping[str, str]) -> None:
    """Each step in a shell of its own."""
    out = {step["name"]: _bash(step["run"], project, variables) for step in _steps() if "run" in step}
    assert "1 passed" in out["Run the tests"]


@pytest.mark.clients
def test_workflow_of_the_page_keeps_what_a_failed_run_left(project: Path, variables: Mapping[str, str]) -> None:
    """The log and what the task said are where the last step looks for them, after the service has been stopped."""
    test = project / "tests" / "test_greeting.py"
    test.write_text(test.read_text().replace('b"hello', 'b"goodbye'))
    steps = {step["name"]: step for step in _steps() if "name" in step}
    _bash(steps["Start the Batch service"]["run"], project, variables)
    with pytest.raises(AssertionError, match="1 failed"):
        _bash(steps["Run the tests"]["run"], project, variables)
    assert steps["Stop the Batch service"]["if"] == "always()"
    _bash(steps["Stop the Batch service"]["run"], project, variables)
    for pattern in _steps()[-1]["with"]["path"].replace("${{ runner.temp }}/", "").split():
        assert list((project / "temp").glob(pattern)), pattern


def _steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(_block(PAGE, "yaml"))["jobs"]["tests"]["steps"]
    return found


def test_service_commands_of_the_readme_run(tmp_path: Path) -> None:
    """They start a service, run the example against it, and stop it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    out = _bash(_block(ROOT / "README.md", "sh", having="service start"), ROOT, environment)
    assert "7 poem.txt" in out
