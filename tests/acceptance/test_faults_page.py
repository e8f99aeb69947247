"""The page on faults: its commands run, in the order of the page, with its script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
SECONDS = 180


def blocks(language: str) -> list[str]:
    """Return the page's examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("script", blocks("sh"), ids=["plan", "replay", "admin"])
def test_commands_of_the_page_run(tmp_path: Path, script: str) -> None:
    """As they stand there, with a user's folder of the test's own; the ports alone are not the page's."""
    (tmp_path / "submit.py").write_text(blocks("python")[0])
    done = subprocess.run(
        ["bash", "-e", "-c", script.replace("service start", "service start --port 0 --https-port 0")],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("has ended.\n")
    assert len(list(tmp_path.rglob("faults.jsonl"))) == script.count("service start")
