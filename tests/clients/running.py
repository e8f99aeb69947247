"""The one service that every client's suite runs against."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.clients.suite import ROOT

START_SECONDS = 120


def command(verb: str, *options: str) -> str:
    """Run ``python -m dispatcher service VERB`` to its end and return what it printed."""
    words = [sys.executable, "-m", "dispatcher", "service", verb, *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running_service(data: Path) -> Iterator[Mapping[str, str]]:
    """Start a service as a user does, give its variables, and stop it at the end."""
    printed = command("start", "--data", str(data), "--port", "0", "--https-port", "0", "--detach", "--env")
    try:
        yield variables_of(printed)
    finally:
        command("stop", "--data", str(data))


def variables_of(printed: str) -> dict[str, str]:
    """Read the lines ``KEY=value`` as a shell would, which takes the quotes off."""
    script = "set -a; . /dev/stdin; set +a; env -0"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        input=printed,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)
    return {line.split("=", 1)[0]: found[line.split("=", 1)[0]] for line in printed.splitlines() if line}
