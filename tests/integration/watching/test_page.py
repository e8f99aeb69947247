"""The page on looking at jobs: its commands run, on a job that has failed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.integration.watching.conftest import Account

PAGE = Path(__file__).parents[3] / "docs" / "watch.md"


def _commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("line", _commands())
def test_command_of_the_page_runs(account: Account, failed: str, line: str) -> None:
    """As it stands there, in this process; ``watch`` ends with the job's outcome."""
    program, *words = shlex.split(line.replace("$JOB", failed))
    assert program == "batch-manager"
    done = account.run(*words)
    assert done.exit_code == (1 if words[0] == "watch" else 0), done.stderr
