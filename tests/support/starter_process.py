"""A starter as a team would run it: a process of its own, against a local stack."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from dispatcher.local import LOCAL_IDENTITY
from dispatcher.stack import LocalStack

ROOT = Path(__file__).parents[2]
WORKLOADS = ROOT / "tests" / "acceptance" / "workloads"
KEY = "starter-key-0123456789-0123456789"


class StarterProcess:
    """Runs ``python -m starter`` while its context lasts.

    Args:
        stack: where the jobs run.
        folder: for the key file and the log; another starter may use it after this one.
        pools: ids.
        more: further words of its command line.
    """

    def __init__(self, stack: LocalStack, folder: Path, pools: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
        self.log = folder / "starter.log"
        self._key_file = folder / "keys"
        self._key_file.write_text(KEY)
        words = [word for pool in pools for word in ("--pool", pool)]
        words += ["--workload", "chain", "--key-file", str(self._key_file), "--port", "0"]
        words += ["--launcher", sys.executable, "--look-interval", "0.2"]
        words += ["--setting", f"PYTHONPATH={WORKLOADS}"]
        words += ["--setting", f"BATCH_MANAGER_SECRETS_DIR={stack.secrets_folder}", *more]
        self._command = [sys.executable, "-m", "starter", *words]
        self._environ = {
            **os.environ,
            "PYTHONPATH": str(WORKLOADS),
            "BATCH_MANAGER_SECRETS_DIR": str(stack.secrets_folder),
            "AZURE_BATCH_ENDPOINT": stack.batch_endpoint,
            "AZURE_BATCH_ACCOUNT": stack.batch_account,
            "AZURE_STORAGE_ACCOUNT_URL": stack.storage.blob_url,
            "BATCH_MANAGER_IDENTITY_REFERENCE": LOCAL_IDENTITY,
            "NO_PROXY": "127.0.0.1",
        }
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT / "docs" / "data-factory",
                env=self._environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found is not None, self.log.read_text()
        self.url = found[0]
        assert httpx.get(f"{self.url}/health").json() == {"status": "ok"}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for the end; ending twice is no error."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code
