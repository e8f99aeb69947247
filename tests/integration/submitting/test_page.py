"""docs/submit.md: its commands run, its options are the command's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from batch_manager.cli.main import app
from tests.integration.submitting.conftest import Submitter

PAGE = Path(__file__).parents[3] / "docs" / "submit.md"
SECONDS = 120


def _blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("script", _blocks(), ids=lambda script: script.splitlines()[0][:30])
def test_commands_of_the_page_run(submitter: Submitter, tmp_path: Path, script: str) -> None:
    """As they stand there, in a shell with the account's variables."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env={**submitter.account.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "succeeded" in done.stdout


def test_every_option_of_submit_is_on_the_page() -> None:
    """And no other."""
    command = get_command(app).commands["submit"]  # type: ignore[attr-defined]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")} - {"--help"}
    table = PAGE.read_text().split("| option | means |")[1].split("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in first_cells for name in re.findall(r"`(--[a-z-]+)`", cell)} == options
