"""The raw loop: what Python itself needs to start the same processes, with a folder and captured output for each."""

import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.service import COMMAND, SLOTS


def loop_seconds(tasks: int) -> float:
    """Return how long two workers take for so many tasks."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        with ThreadPoolExecutor(SLOTS) as pool:
            codes = list(pool.map(lambda number: _run(Path(folder) / str(number)), range(tasks)))
        seconds = time.perf_counter() - began
    assert not any(codes)
    return seconds


def _run(folder: Path) -> int:
    folder.mkdir()
    with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
        return subprocess.run([COMMAND], stdout=out, stderr=err, cwd=folder, check=False).returncode
