"""How far something long is: a bar on a terminal, a line now and then in a pipe. On standard error, so that standard
output stays what was asked for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PIPE_INTERVAL = 5.0
"""Seconds between two lines when nobody looks at a terminal."""


class Progress(Protocol):
    """Takes note of what was done; from any thread."""

    def expect(self, total: float) -> None:
        """So much there is to do in all; may grow while it is being found out."""
        ...

    def advance(self, amount: float = 1) -> None:
        """So much more was done."""
        ...


class NoProgress:
    """Shows nothing."""

    def expect(self, total: float) -> None:
        """See ``Progress``."""

    def advance(self, amount: float = 1) -> None:
        """See ``Progress``."""


@contextmanager
def progress(
    title: str,
    *,
    unit: str = "",
    hidden: bool = False,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Show how far something is, from nothing to its end.

    Args:
        title: what is done, such as ``upload``.
        unit: what is counted; ``B`` for bytes, which are shown as KiB, MiB, ...
        hidden: show nothing, as where ``--json`` goes to a program that shows its own.
        stream: standard error if not given.
        clock: seconds, for the pauses between lines.
    """
    where = stream if stream is not None else sys.stderr
    if hidden:
        yield NoProgress()
    elif where.isatty():
        with _bar(title, unit, where) as bar:
            yield bar
    else:
        lines = _Lines(title, unit, where, clock)
        yield lines
        lines.end()


def amount(number: float, unit: str) -> str:
    """A number with its unit, for people: ``3 files``, ``1.5 MiB``."""
    if unit != "B":
        return f"{number:g} {unit}".rstrip()
    for prefix in ("", "Ki", "Mi", "Gi"):
        if number < 1024:
            return f"{number:.0f} B" if not prefix else f"{number:.1f} {prefix}B"
        number /= 1024
    return f"{number:.1f} TiB"


class _Lines:
    """Lines for a pipe or a log: not more than one every few seconds, and one at the end."""

    def __init__(self, title: str, unit: str, stream: TextIO, clock: Callable[[], float]) -> None:
        self._title, self._unit, self._stream, self._clock = title, unit, stream, clock
        self._lock = threading.Lock()
        self._begun = self._said_at = clock()
        self._done = self._total = 0.0

    def expect(self, total: float) -> None:
        with self._lock:
            self._total = total

    def advance(self, amount: float = 1) -> None:
        with self._lock:
            self._done += amount
            if self._clock() - self._said_at >= PIPE_INTERVAL:
                self._said_at = self._clock()
                self._say("")

    def end(self) -> None:
        """Say the last figures."""
        with self._lock:
            self._say(f" in {self._clock() - self._begun:.1f} s")

    def _say(self, more: str) -> None:
        of = f" of {amount(self._total, self._unit)}" if self._total else ""
        print(f"{self._title}: {amount(self._done, self._unit)}{of}{more}", file=self._stream, flush=True)


@contextmanager
def _bar(title: str, unit: str, stream: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as RichProgress

    figures = [DownloadColumn(), TransferSpeedColumn()] if unit == "B" else [MofNCompleteColumn()]
    columns = [TextColumn("[bold]{task.description}"), BarColumn(), *figures, TimeRemainingColumn()]
    with RichProgress(*columns, console=Console(file=stream)) as bar:
        yield _Bar(bar, bar.add_task(title, total=None))


class _Bar:
    def __init__(self, bar: RichProgress, task: TaskID) -> None:
        self._bar, self._task = bar, task

    def expect(self, total: float) -> None:
        self._bar.update(self._task, total=total)

    def advance(self, amount: float = 1) -> None:
        self._bar.advance(self._task, amount)
