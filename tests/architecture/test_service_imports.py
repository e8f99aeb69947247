"""The start of the service: it is ready in well under a second, and a list, not a clock, holds what it imports."""

import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "azure",
    "batch_manager",
    "cryptography",
    "httpx",
    "jinja2",
    "pydantic",
    "requests",
    "rich",
    "typer",
    "yaml",
)
"""What only some services need, and others only at their first start."""

SCRIPT = """
import atexit, runpy, sys
atexit.register(lambda: print(*sys.modules, sep="\\n"))
sys.argv = ["service", "--data", sys.argv[1], "--exit-on-stdin-eof"]
runpy.run_module("dispatcher.service", run_name="__main__", alter_sys=True)
"""


def _modules_of_a_start(data: Path) -> set[str]:
    """The modules that a service has loaded when it ends: it serves, and ends with its standard input."""
    command = [sys.executable, "-c", SCRIPT, str(data)]
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ready ")
    return set(done.stdout.split())


def test_service_imports_nothing_that_it_rarely_needs(tmp_path: Path) -> None:
    """The first start makes certificates; every other takes those that it knows."""
    first, second = _modules_of_a_start(tmp_path / "data"), _modules_of_a_start(tmp_path / "data")
    assert "dispatcher.service.tls.making" in first
    assert [name for name in HEAVY if name in second] == []
