"""How far a job is, while it runs: a live line on a terminal, a line now and then in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from batch_manager.definitions import TaskCounts

PIPE_INTERVAL = 5.0
"""Seconds between two lines when nobody looks at a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """One look at a job. The job manager and FinalizeTask count as tasks, as they do for Batch.

    Attributes:
        counts: Batch's counts.
        skipped: how many of the failed ones are skipped.
        seconds: since the job was submitted.
    """

    counts: TaskCounts
    skipped: int
    seconds: float

    @property
    def total(self) -> int:
        """Tasks added so far."""
        return self.counts.active + self.counts.running + self.counts.completed

    @property
    def rate(self) -> float:
        """Tasks ended each second, on average."""
        return self.counts.completed / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """What the rest takes at that rate; None while nothing has ended or nothing runs."""
        if not self.counts.running:
            return None
        remaining = self.total - self.counts.completed
        return remaining / self.rate if self.rate > 0 else None

    def __str__(self) -> str:
        counts = self.counts
        left = "" if self.seconds_left is None else f", {self.seconds_left:.0f} s left"
        return (
            f"{counts.active} active, {counts.running} running, {counts.succeeded} succeeded, "
            f"{counts.failed - self.skipped} failed, {self.skipped} skipped, {self.rate:.1f} tasks/s{left}"
        )


class ProgressView(Protocol):
    """Shows one look after the other."""

    def show(self, progress: JobProgress) -> None:
        """Show how far the job is now."""
        ...


@contextmanager
def progress_view(console: Console, title: str) -> Iterator[ProgressView]:
    """A view that fits the console: a bar on a terminal, plain lines elsewhere."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} tasks"),
        TimeElapsedColumn(),
    )
    with Live(bar, console=console, transient=True) as live:
        yield _Bar(live, bar, title)


class _Bar:
    """A bar, and under it the figures."""

    def __init__(self, live: Live, bar: Progress, title: str) -> None:
        self._live = live
        self._bar = bar
        self._task = bar.add_task(title, total=1)

    def show(self, progress: JobProgress) -> None:
        self._bar.update(self._task, completed=progress.counts.completed, total=max(progress.total, 1))
        self._live.update(Group(self._bar, Text(f"  {progress}")))


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def show(self, progress: JobProgress) -> None:
        if progress.seconds >= self._next:
            self._next = progress.seconds + PIPE_INTERVAL
            self._console.print(
                f"[{progress.seconds:5.0f} s] {progress}", markup=False, highlight=False, soft_wrap=True
            )
