"""How far a job is, while it runs: a live line on a terminal, a line now and then in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from batch_manager.watching.progress import JobProgress

__all__ = ["JobProgress", "ProgressView", "progress_view"]

PIPE_INTERVAL = 5.0
"""Seconds between two lines when nobody looks at a terminal."""


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
