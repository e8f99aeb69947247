"""The scripts of docs/examples, each run as it is by the client it is written for, against a service."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.clients.environments import ENVIRONMENTS
from tests.clients.running import running_service

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SECONDS = 300


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What a running service tells its clients."""
    with running_service(tmp_path_factory.mktemp("service")) as found:
        yield found


def _run(words: list[str], variables: Mapping[str, str], folder: Path, environment: str) -> str:
    """Run a script to its end in a client's environment and return what it printed."""
    if not ENVIRONMENTS[environment].is_ready():
        pytest.fail(f"the environment of {environment} is missing or old: run 'make clients'", pytrace=False)
    path = os.pathsep.join([str(ENVIRONMENTS[environment].program("x").parent), os.environ["PATH"]])
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "AZURE_CORE_COLLECT_TELEMETRY": "0", **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.clients
def test_python_script_counts_words(variables: Mapping[str, str], tmp_path: Path) -> None:
    """With azure-batch and azure-storage-blob."""
    out = _run(["python", str(EXAMPLES / "word_count.py")], variables, tmp_path, "sdk15")
    assert [line.split(": ")[1] for line in sorted(out.splitlines())] == ["7 poem.txt", "5 proverb.txt", "5 title.txt"]


@pytest.mark.clients
def test_az_script_squares_numbers(variables: Mapping[str, str], tmp_path: Path) -> None:
    """With the Azure CLI, where nobody is logged in."""
    out = _run(["bash", str(EXAMPLES / "squares.sh")], variables, tmp_path, "cli")
    assert out.splitlines()[-3:] == ["3 squared is 9", "4 squared is 16", "5 squared is 25"]


@pytest.mark.clients
def test_javascript_script_greets(variables: Mapping[str, str], tmp_path: Path) -> None:
    """With @azure/batch, in a project that has it installed."""
    shutil.copy(EXAMPLES / "greetings.mjs", tmp_path)
    modules = ENVIRONMENTS["javascript"].program("node").parents[1] / "node_modules"
    (tmp_path / "node_modules").symlink_to(modules)
    out = _run(["node", "greetings.mjs"], variables, tmp_path, "javascript")
    assert {"Ada: Hello, Ada!", "last: Everybody is greeted."} <= set(out.splitlines())
