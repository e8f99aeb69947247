"""A deployment whose process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from batch_manager.account_management import AccountManagement, PackageState
from batch_manager.deploying import read_package
from tests.integration.deploying.packages import make_package
from tests.service.support import wait_until
from tests.support.local_account import LocalAccount


def test_deployment_that_was_killed_is_finished_by_the_same_command(
    account: LocalAccount, management: AccountManagement, tmp_path: Path
) -> None:
    """Between the version's creation and its activation, or wherever it had come by then."""
    package = make_package(tmp_path, "killed", "1.0.0", size=20_000_000)
    command = ["deploy", str(package), "--default"]
    process = subprocess.Popen(
        [sys.executable, "-m", "batch_manager.cli", *command],
        env=account.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: management.find_version("killed", "1.0.0") is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = account.run(*command, cwd=tmp_path)
    assert done.code == 0, done.err
    found = management.find_version("killed", "1.0.0")
    assert found is not None
    assert found.state is PackageState.ACTIVE
    assert management.read_content("killed", "1.0.0") == read_package(package).content
