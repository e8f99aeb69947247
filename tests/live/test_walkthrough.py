"""The walk-through against the account that the environment names (docs/walkthrough.md): ``make live``.

It makes a pool of one small node, an application, a job and its container, tags them, and deletes them at the end, also
when a step fails. What an account needs is on the page. With the variables of a local service it is a rehearsal.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.live

NEEDED = ("AZURE_BATCH_ENDPOINT", "AZURE_SUBSCRIPTION_ID", "BATCH_MANAGER_IDENTITY_REFERENCE")
NAME = f"live_{secrets.token_hex(3)}"
TAG = f"live={NAME}"
PYTHON = os.environ.get("LIVE_PYTHON", "3.12")
"""Of the image's minor version."""
SECONDS = 1800


def _pool(identity: str) -> str:
    """One small node, gone at the latest two hours after its last task."""
    vm_size = os.environ.get("LIVE_VM_SIZE", "Standard_D2s_v5")
    return f"""
id: {NAME}
vm_size: {vm_size}
image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
scale: {{dedicated: 1}}
task_slots_per_node: 2
identities: ["{identity}"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new workload's folder; at the end, whatever happened, nothing of it is left in the account."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"no account is configured: set {', '.join(missing)} (docs/walkthrough.md, With a real account)")
    home = tmp_path_factory.mktemp("live")
    run(home, "new", NAME)
    folder = home / NAME
    (folder / "pool.yaml").write_text(_pool(os.environ["BATCH_MANAGER_IDENTITY_REFERENCE"]))
    try:
        yield folder
    finally:
        run(folder, "clean", "--tag", TAG, "--active", "--yes", fails=True)
        run(folder, "pool", "delete", NAME, "--yes", "--wait", fails=True)
        run(folder, "packages", f"{NAME}:0.1.0", "--delete", "--yes", fails=True)


def run(folder: Path, *words: str, fails: bool = False) -> str:
    """Run the command, and return what it printed on standard output."""
    command = [sys.executable, "-m", "batch_manager.cli", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    print(f"$ batch-manager {' '.join(words)}\n{done.stdout}{done.stderr}")
    assert fails or done.returncode == 0, done.stderr
    return done.stdout


def test_account_is_right(folder: Path) -> None:
    """Nothing that ``doctor`` looks at is wrong."""
    report: dict[str, Any] = json.loads(run(folder, "doctor", "--json"))
    assert [check for check in report["findings"] if check["state"] == "wrong"] == []


def test_job_runs_from_a_folder_to_its_results(folder: Path) -> None:
    """Packaged, deployed, submitted to a pool of its own, watched, fetched, and told."""
    local = re.match(r"http://(127\.|localhost)", os.environ["AZURE_BATCH_ENDPOINT"])
    python = ".".join(map(str, sys.version_info[:2])) if local else PYTHON
    run(folder, "package", NAME, "--python", python)
    run(folder, "deploy", f"dist/{NAME}-0.1.0-linux.zip", "--default")
    run(folder, "pool", "create", "pool.yaml", "--tag", TAG, "--wait")
    job = run(
        folder, "submit", NAME, "--pool", NAME, "--package", f"{NAME}:0.1.0", "--param", "tasks=4", "--tag", TAG
    ).strip()
    run(folder, "watch", job)
    assert "succeeded" in run(folder, "outcome", job)
    run(folder, "logs", job, "job-manager")
    run(folder, "download", job, "--to", "results")
    assert 2.5 < float((folder / "results" / "pi.txt").read_text().split()[-1]) < 3.8
    assert job in run(folder, "report", "--tag", TAG)
