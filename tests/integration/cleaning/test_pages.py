"""The pages on cleaning up and on doctor: their commands run, and their options and checks are the commands'."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from batch_manager.checkup.asking import Question, all_checks
from batch_manager.cli.main import app
from batch_manager.settings import BatchClientSettings
from tests.support.local_account import LocalAccount

DOCS = Path(__file__).parents[3] / "docs"


def _blocks() -> list[str]:
    pages = [(DOCS / name).read_text() for name in ("clean.md", "doctor.md")]
    return [block for page in pages for block in re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)]


@pytest.mark.parametrize("script", _blocks(), ids=lambda script: script.splitlines()[0])
def test_commands_of_the_pages_run(account: LocalAccount, script: str) -> None:
    """As they stand there."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env={**account.environment, "PATH": path, "USER": "somebody"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_option_of_clean_is_on_its_page() -> None:
    """And no other; all commands have --json and --help."""
    command = get_command(app).commands["clean"]  # type: ignore[attr-defined]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    table = (DOCS / "clean.md").read_text().split("| option | chooses |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in cells for name in re.findall(r"`(--[a-z-]+)", cell)} == options - {"--json", "--help"}


def test_every_check_of_doctor_is_on_its_page() -> None:
    """In the order in which they are made, but for the endpoints, which share a line."""
    checks = all_checks(BatchClientSettings(), Question(owner="me", callback_url="https://nowhere.invalid"))
    table = (DOCS / "doctor.md").read_text().split("| check | looks at |")[1].split("\n\n")[0]
    told = [name for line in table.splitlines()[2:] for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])]
    assert sorted(told) == sorted(check.name for check in checks)
