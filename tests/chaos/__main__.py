"""Run jobs in bad weather: ``python -m tests.chaos --runs 300``. A run that breaks a law says how to repeat it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dispatcher.stack import LocalStack
from tests.chaos.laws import broken_laws
from tests.chaos.weather import weather
from tests.chaos.world import run

FAULT_LOG = Path("stack", "batch", "faults.jsonl")


def main() -> int:
    """Run them, a line each; the exit code is 1 if any broke a law."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="chaos-")) if options.folder is None else options.folder.resolve()
    started = time.monotonic()
    print(f"{options.runs} runs from seed {options.seed}, {options.parallel} at a time, files in {folder}", flush=True)
    bad = 0
    with LocalStack(batch=False) as azurite, ThreadPoolExecutor(options.parallel) as pool:
        seeds = range(options.seed, options.seed + options.runs)

        def one(seed: int) -> tuple[int, list[str]]:
            return seed, try_seed(seed, folder / str(seed), azurite, options.replay)

        for seed, broken in pool.map(one, seeds):
            bad += bool(broken)
            for line in _told(seed, broken, folder / str(seed)):
                print(line, flush=True)
    print(f"{options.runs - bad} of {options.runs} runs kept every law, in {time.monotonic() - started:.0f} s")
    return 1 if bad else 0


def try_seed(seed: int, folder: Path, azurite: LocalStack, replay: Path | None = None) -> list[str]:
    """Run one seed; return what broke. The files of a run that kept every law are removed."""
    sky = weather(seed)
    try:
        seen = run(sky, folder, azurite.storage, faults=None if replay is None else f"replay={replay}")
    except Exception as error:  # noqa: BLE001 - one run's end must not end the others
        (folder / "traceback.txt").write_text("".join(traceback.format_exception(error)))
        return [f"{type(error).__name__}: {error}"]
    broken = broken_laws(seen)
    if not broken:
        shutil.rmtree(folder, ignore_errors=True)
    return broken


def _told(seed: int, broken: list[str], folder: Path) -> Iterator[str]:
    if not broken:
        yield f"seed {seed}: well"
        return
    yield f"seed {seed}: {len(broken)} broken, with {weather(seed).faults}"
    yield from (f"    {line}" for line in broken[:20])
    yield f"    again: python -m tests.chaos --runs 1 --seed {seed} --replay {folder / FAULT_LOG}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=300, metavar="N", help="how many jobs (300)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the first run (1)")
    parser.add_argument("--parallel", type=int, default=2, metavar="P", help="runs at the same time (2)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="for the files of runs that broke a law")
    parser.add_argument("--replay", type=Path, metavar="LOG", help="put in the faults of this log and no others")
    options = parser.parse_args()
    if min(options.runs, options.parallel) < 1:
        parser.error("--runs and --parallel are 1 or more")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; the runs so far are told above")
