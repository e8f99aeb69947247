"""The start of a no-op task's process, beside ``python -c pass``, in turn."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROUNDS = 31
BARE = [sys.executable, "-c", "pass"]
TASK = [sys.executable, "-m", "noop", "task", "Noop"]


def measure(quick: bool) -> Iterator[str]:
    """Yield both medians and the median of the ratios, pair by pair."""
    rounds = 5 if quick else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parent / "workloads"),
            "AZ_BATCH_JOB_ID": "j",
            "AZ_BATCH_TASK_ID": "1",
            "AZ_BATCH_TASK_WORKING_DIR": folder,
        }
        for command in (BARE, TASK):
            _seconds(command, environ, folder)  # writes the bytecode
        pairs = [(_seconds(BARE, environ, folder), _seconds(TASK, environ, folder)) for _ in range(rounds)]
    bare, task = (median([pair[side] for pair in pairs]) for side in (0, 1))
    ratio = median([task / bare for bare, task in pairs])
    yield f"python -c pass {bare * 1e3:.1f} ms, no-op task {task * 1e3:.1f} ms, ratio {ratio:.2f} (aim: at most 5)"


def _seconds(command: list[str], environ: dict[str, str], folder: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environ, cwd=folder, check=True)
    return time.perf_counter() - started
