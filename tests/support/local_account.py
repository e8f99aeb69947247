"""A local account as a user has it: ``service start`` and the variables that its ``--env`` prints."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 90
COMMAND_SECONDS = 180


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class LocalAccount:
    """An account of a service that runs.

    Attributes:
        folder: the service's folder.
        variables: what its clients need; they hold secrets.
    """

    folder: Path
    variables: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command that works on the account."""
        return {**os.environ, **self.variables}

    def run(
        self, *words: str, cwd: Path | None = None, typed: str = "", more: Mapping[str, str] | None = None
    ) -> Ended:
        """Run ``batch-manager`` as a process of its own, and wait for its end."""
        done = subprocess.run(
            [sys.executable, "-m", "batch_manager.cli", *words],
            env={**self.environment, **(more or {})},
            cwd=cwd,
            input=typed,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


@contextmanager
def local_account(folder: Path, *options: str) -> Iterator[LocalAccount]:
    """Start a service on a folder, with Azurite, on free ports, and stop it at the end.

    Args:
        folder: its folder.
        options: of ``service start``: ``--nodes 1`` makes a pool ``local``, ``--faults FILE`` breaks things.
    """
    service = [sys.executable, "-m", "dispatcher", "service"]
    where = ["--data", str(folder)]
    start = [*service, "start", *where, "--port", "0", "--https-port", "0", "--detach", "--env", *options]
    try:
        done = subprocess.run(start, capture_output=True, text=True, timeout=START_SECONDS, check=False)
        assert done.returncode == 0, done.stderr
        lines = (line.partition("=") for line in done.stdout.splitlines())
        yield LocalAccount(folder=folder, variables={name: shlex.split(value)[0] for name, _, value in lines})
    finally:
        subprocess.run([*service, "stop", *where], capture_output=True, timeout=START_SECONDS, check=False)
