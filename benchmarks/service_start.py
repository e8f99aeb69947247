"""How long a service takes to answer, from the start of its process, beside a bare interpreter."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.service import connect, start, stop

ROUNDS = 9
QUICK_ROUNDS = 2


def measure(quick: bool) -> Iterator[str]:
    """Yield the time until the first answer, on a new folder and on one that was used."""
    with tempfile.TemporaryDirectory() as folder:
        rounds = [_round(Path(folder) / str(number)) for number in range(QUICK_ROUNDS if quick else ROUNDS)]
    bare, new, used = (median(seconds) for seconds in zip(*rounds, strict=True))
    yield (
        f"python -c pass {bare * 1e3:.0f} ms; service on a new folder {new * 1e3:.0f} ms, ratio {new / bare:.1f}; "
        f"on a used one {used * 1e3:.0f} ms, ratio {used / bare:.1f} (aim: under a second)"
    )


def _round(folder: Path) -> tuple[float, float, float]:
    folder.mkdir()
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began, _until_answer(folder / "data"), _until_answer(folder / "data")


def _until_answer(data: Path) -> float:
    began = time.perf_counter()
    with start(data) as process:
        ready = time.perf_counter() - began
        client = connect(data)  # the client's own making is not the service's time
        began = time.perf_counter()
        assert list(client.list_pools()) == []
        answered = time.perf_counter() - began
        stop(process)
    return ready + answered
