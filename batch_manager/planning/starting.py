"""Starts a workload's package as a node does, in a process of its own, as far as its usage."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from batch_manager.causes import one_line
from batch_manager.command_line import USAGE
from batch_manager.found_workload import FoundWorkload
from batch_manager.planning.faults import Fault, code_fault

START_SECONDS = 60
LOGGING_FILE = "logging.yaml"

_CONFIGURE = """\
import logging, sys
from batch_manager import BatchManagerError, setup_logging
setup_logging(sys.argv[1])
try:
    logging.getLogger("batch_manager.check").critical("a record, to see it written")
except BatchManagerError as error:
    sys.exit(str(error))
"""
_STRIPPED = ("AZURE_", "AZ_BATCH_", "BATCH_MANAGER_")
"""Variables that a process which only starts needs none of, secrets among them."""


def check_start(found: FoundWorkload) -> Iterator[Fault]:
    """What keeps the package from starting with ``python -m``, or its ``logging.yaml`` from being used."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_STRIPPED)}
    paths = [str(found.import_root), *filter(None, [environ.get("PYTHONPATH")])]
    environ["PYTHONPATH"] = os.pathsep.join(paths)
    message = _start_problem(found.module, environ)
    if message is not None:
        remedy = "a node starts every task so; __main__.py has to end with Application(...).run()"
        yield code_fault("__main__", f"{message}; {remedy}", "main")
    file = found.import_root.joinpath(*found.module.split("."), LOGGING_FILE)
    if file.is_file():
        done = _run([sys.executable, "-c", _CONFIGURE, str(file)], environ)
        if done is None or done.returncode != 0:
            said = "it takes too long" if done is None else _last_line(done.stderr)
            message = f"it cannot be used: {said}; every process of the job would fail as soon as it logs"
            yield code_fault(LOGGING_FILE, message, "logging")


def _start_problem(module: str, environ: Mapping[str, str]) -> str | None:
    words = f"'python -m {module} --help'"
    done = _run([sys.executable, "-m", module, "--help"], environ)
    if done is None:
        return f"{words} did not end within {START_SECONDS} seconds"
    if done.returncode != 0:
        return f"{words} ended with {done.returncode}: {_last_line(done.stderr) or 'it said nothing'}"
    if USAGE.partition("\n")[0] not in done.stdout:
        return f"{words} did not come to the workload's Application"
    return None


def _run(words: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str] | None:
    """What became of a process; None if it did not end in time."""
    with tempfile.TemporaryDirectory(prefix="batch-manager-") as folder:
        try:
            return subprocess.run(
                words,
                env=environ,
                cwd=Path(folder),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=START_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return one_line(lines[-1]) if lines else ""
