"""``python -m dispatcher service`` as a user runs it, on a folder of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 90


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    def variables(self) -> dict[str, str]:
        """Return what a shell reads from it."""
        script = 'set -a; eval "$OUT"; env -0'
        environment = {"PATH": os.environ["PATH"], "OUT": self.out}
        done = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=True)
        found = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
        return {name: found[name] for name in (line.split("=", 1)[0] for line in self.out.splitlines())}


Service = Callable[..., Ended]


def argv(verb: str, data: Path, *options: str) -> list[str]:
    """Return a command."""
    ports = ("--port", "0", "--https-port", "0") if verb == "start" and "--port" not in options else ()
    return [sys.executable, "-m", "dispatcher", "service", verb, "--data", str(data), *ports, *options]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the service's folder, which is not there yet."""
    return tmp_path / "data folder"  # the space is for the shell's sake


@pytest.fixture
def service(data: Path) -> Iterator[Service]:
    """Return a function that runs a command on the folder; what still runs at the end is stopped."""

    def run(verb: str, *options: str) -> Ended:
        done = subprocess.run(argv(verb, data, *options), capture_output=True, text=True, timeout=SECONDS, check=False)
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    yield run
    run("stop")
