"""How ``watch`` shows its looks: a picture that changes on a terminal, a line when something has changed in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from batch_manager.watching.looks import Look
from batch_manager.watching.words import in_words

Show = Callable[[Look], None]


@contextmanager
def looks_shown(console: Console) -> Iterator[Show]:
    """Something that shows one look after the other."""
    if not console.is_terminal:
        yield _Lines(console).show
        return
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda look: live.update(picture(look), refresh=True)


def picture(look: Look) -> RenderableType:
    """A look, for a terminal."""
    parts: list[RenderableType] = [_headline(look)]
    progress = look.progress
    if progress is not None:
        parts += [
            _bar(progress.counts.completed, progress.total),
            Text(f"{progress}{' or more' if look.is_more_skipped else ''}"),
        ]
    if look.nodes:
        parts.append(Text(f"nodes: {look.nodes_in_words}"))
    parts += [Text(f"waits: {reason}", style="yellow") for reason in look.waits_for]
    if look.failures:
        parts.append(_failures(look))
    return Group(*parts)


def lines(look: Look) -> Iterator[str]:
    """A look, for a pipe: without what changes with time alone."""
    if look.progress is None:
        yield f"{look.job.id} {look.job.state.value}"
        return
    nodes = f"; nodes: {look.nodes_in_words}" if look.nodes else ""
    yield f"{look.job.id} {look.job.state.value}: {look.progress}{nodes}"
    for task in look.failures:
        code = "" if task.exit_code is None else f" with exit code {task.exit_code}"
        why = f": {task.reason}" if task.reason else ""
        yield f"task {task.task_id} ({task.display_name or 'no name'}) {task.outcome.value}{code}{why}"
    for reason in look.waits_for:
        yield f"waits: {reason}"


class _Lines:
    """What was said once is not said again, so that a log of hours stays short."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: object = None
        self._said: set[str] = set()

    def show(self, look: Look) -> None:
        first, *rest = lines(look)
        now = (look.job.state, look.progress and look.progress.counts, tuple(look.nodes.items()))
        if now != self._counts:
            self._counts = now
            self._print(f"[{look.at:%H:%M:%S}] {first}")
        for line in rest:
            if line not in self._said:
                self._said.add(line)
                self._print(f"[{look.at:%H:%M:%S}] {line}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _bar(completed: int, total: int) -> Table:
    """A bar on a line of its own."""
    grid = Table.grid()
    grid.add_row(ProgressBar(total=max(total, 1), completed=completed, width=60))
    return grid


def _headline(look: Look) -> Text:
    age = in_words(look.at - look.job.creation_time)
    pool = f" on pool {look.job.pool_id}" if look.job.pool_id else ""
    return Text.assemble((look.job.id, "bold"), f" {look.job.state.value}{pool}, {age} old")


def _failures(look: Look) -> Table:
    table = Table("task", "name", "exit code", "reason", title=f"failures (batch-manager logs {look.job.id})", box=None)
    table.title_justify = "left"
    for task in look.failures:
        code = "" if task.exit_code is None else str(task.exit_code)
        table.add_row(task.task_id, Text(task.display_name or ""), code, Text(task.reason))
    return table
