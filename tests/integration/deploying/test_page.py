"""The page on packages: its commands run one after the other, on two accounts of one service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.deploying.packages import make_package

PAGE = Path(__file__).parents[3] / "docs" / "deploy.md"
SECONDS = 180


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """The page as one script, as it stands there; the ports alone are not the page's."""
    folder = tmp_path_factory.mktemp("page")
    for version in ("1.0.0", "1.1.0"):
        make_package(folder, "water_network", version)
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE))
    free = script.replace("service start", "service start --port 0 --https-port 0")
    return subprocess.run(
        ["bash", "-e", "-c", free],
        cwd=folder,
        env={"HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_commands_of_the_page_run(done: subprocess.CompletedProcess[str]) -> None:
    """Each says what it did."""
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "water_network:1.0.0 in dev: uploaded, activated, now the default (before: none)",
        "water_network:1.0.0 in dev: it was there already",
        "water_network:1.0.0 in prod from dev: uploaded, activated, now the default (before: none)",
        "water_network:1.1.0 in prod from dev: uploaded, activated, now the default (before: 1.0.0)",
        "water_network: the default version is 1.0.0; it was 1.1.0",
        "water_network:1.1.0: deleted",
    ):
        assert f"{line}\n" in done.stdout


def test_no_right_to_storage_is_told(done: subprocess.CompletedProcess[str]) -> None:
    """Uploads are made with a URL that holds one."""
    assert "sig=" not in done.stdout + done.stderr
