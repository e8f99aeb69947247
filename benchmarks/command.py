"""``python -m benchmarks [NAME ...] [--quick] [--write PAGE] [--readme PAGE]``: what everything costs.

Each is measured beside its peer in the same run. Prints the machine, versions and ratios; nothing fails on a figure.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks import (
    add_collection,
    edges,
    help_start,
    large_jobs,
    node_start,
    scale,
    service_rate,
    service_start,
    submission,
    task_memory,
    transfers,
    warm_starts,
)
from benchmarks.figures import FiguresError, with_block, with_headline
from benchmarks.machine import describe
from benchmarks.peers import race

Measurement = Callable[[bool], Iterator[str]]
"""Yields lines of text; told whether it has to be quick."""

MEASUREMENTS: Mapping[str, Measurement] = {
    "node-start": node_start.measure,
    "help-start": help_start.measure,
    "task-memory": task_memory.measure,
    "service-start": service_start.measure,
    "add-collection": add_collection.measure,
    "submission": submission.measure,
    "service-rate": service_rate.measure,
    "peers": race.measure,
    "edges": edges.measure,
    "warm-starts": warm_starts.measure,
    "large-jobs": large_jobs.measure,
    "transfers": transfers.measure,
    "scale": scale.measure,  # last: its folder takes long to remove
}

_MEMORY = Path("/dev/shm")
HEADLINE = "peers"
"""Whose last line is a sentence that the README repeats."""


def main(arguments: Sequence[str]) -> int:
    """Run the measurements that are named, or all; return the exit code."""
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in MEASUREMENTS]
    if unknown:
        print(f"error: unknown: {', '.join(unknown)}; there are: {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return os.EX_USAGE
    if not options.folder.is_dir():
        print(f"error: {options.folder} is no folder; --folder names one to write in", file=sys.stderr)
        return os.EX_USAGE
    _write_below(options.folder)
    machine = [*describe(), f"everything is written below {options.folder}"]
    print(*machine, sep="\n", flush=True)
    for name in options.names or MEASUREMENTS:
        lines = _run(name, options.quick)
        block = [*machine, "", *lines]
        if options.write is not None and not _is_written(options.write, partial(with_block, name=name, lines=block)):
            return os.EX_DATAERR
        headline = partial(with_headline, sentence=lines[-1])
        if options.readme is not None and name == HEADLINE and not _is_written(options.readme, headline):
            return os.EX_DATAERR
    return os.EX_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; ratios are what counts.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASUREMENTS)}; all unless given")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that everything works")
    parser.add_argument(
        "--folder",
        type=Path,
        default=_folder(),
        help="where all that is measured writes (%(default)s); memory is steady",
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put what is printed into the blocks of this page")
    parser.add_argument("--readme", type=Path, metavar="PAGE", help=f"put the last line of {HEADLINE} into this page")
    return parser


def _folder() -> Path:
    """Return memory, where there is some: a file system on a disk takes much longer soon after much was deleted."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())


def _write_below(folder: Path) -> None:
    """Let this process and those that it starts make their temporary folders below one."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _run(name: str, quick: bool) -> list[str]:
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    lines = []
    for line in MEASUREMENTS[name](quick):
        print(line, flush=True)
        lines.append(line)
    print(f"({time.monotonic() - began:.0f} s)", flush=True)
    return lines


def _is_written(page: Path, change: Callable[[str], str]) -> bool:
    try:
        page.write_text(change(page.read_text(encoding="utf-8")), encoding="utf-8")
    except (FiguresError, OSError) as error:
        print(f"error: nothing is written to {page}: {error}", file=sys.stderr)
        return False
    return True
