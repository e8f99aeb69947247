"""The start of the command, as far as its help, beside ``python -c pass``, in turn."""

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

ROUNDS = 15
QUICK_ROUNDS = 3
BARE = [sys.executable, "-c", "pass"]
HELP = [sys.executable, "-m", "batch_manager.cli", "--help"]
AIM = 15


def measure(quick: bool) -> Iterator[str]:
    """Yield both medians and the median of the ratios, pair by pair."""
    for command in (BARE, HELP):
        _seconds(command)  # writes the bytecode
    pairs = [(_seconds(BARE), _seconds(HELP)) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
    bare, told = (median([pair[side] for pair in pairs]) for side in (0, 1))
    ratio = median([told / bare for bare, told in pairs])
    yield (
        f"python -c pass {bare * 1e3:.1f} ms, batch-manager --help {told * 1e3:.1f} ms, ratio {ratio:.1f} "
        f"(aim: at most {AIM})"
    )


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started
