"""The page on the local service: its commands run, and its options are the command's."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from dispatcher.service_commands import service

PAGE = Path(__file__).parents[2] / "docs" / "service.md"
SECONDS = 120


def _blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("script", _blocks(), ids=lambda script: script.splitlines()[0])
def test_commands_of_the_page_run(tmp_path: Path, script: str) -> None:
    """As they stand there, with a user's folder of the test's own; the ports alone are not the page's."""
    free = script.replace("service start", "service start --port 0 --https-port 0")
    environment = {
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", free],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("has ended.\n")


def test_every_option_of_start_is_on_the_page() -> None:
    """And no other."""
    start = get_command(service).commands["start"]  # type: ignore[attr-defined]
    options = {name for parameter in start.params for name in parameter.opts} - {"--help"}
    table = PAGE.read_text().split("| option of `start` | means |")[1].split("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in first_cells for name in re.findall(r"`(--[a-z-]+)`", cell)} == options
