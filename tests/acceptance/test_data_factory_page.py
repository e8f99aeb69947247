"""The commands of docs/data-factory/README.md, as they stand there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from batch_manager.definitions import PoolDefinition
from dispatcher.local import LOCAL_IDENTITY, local_client
from dispatcher.stack import LocalStack
from tests.support.starter_process import ROOT

PAGE = ROOT / "docs" / "data-factory" / "README.md"


def test_commands_of_the_page_start_a_starter(tmp_path: Path) -> None:
    """With a key that its owner alone may read; a request without it is refused."""
    (block,) = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    shutil.copytree(PAGE.parent, tmp_path / "docs" / "data-factory", ignore=shutil.ignore_patterns("__pycache__"))
    with LocalStack() as stack:
        local_client(stack).create_pool(PoolDefinition(id="POOL"))
        environ = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "BATCH_MANAGER_SECRETS_DIR": str(stack.secrets_folder),
            "AZURE_BATCH_ENDPOINT": stack.batch_endpoint,
            "AZURE_BATCH_ACCOUNT": stack.batch_account,
            "BATCH_MANAGER_IDENTITY_REFERENCE": LOCAL_IDENTITY,
            "NO_PROXY": "127.0.0.1",
        }
        script = f"{block.strip()} --port 0"
        with subprocess.Popen(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            assert httpx.post(f"{found[0]}/jobs", json={}).status_code == 401
            os.killpg(process.pid, signal.SIGTERM)
    assert (tmp_path / "starter.key").stat().st_mode & 0o077 == 0
