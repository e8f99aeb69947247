"""Tables of an outcome, for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_manager.outcome import JobOutcome, Outcome

SHOWN_FAILURES = 10
"""Failures that get a row of their own."""


def show_outcome(console: Console, outcome: JobOutcome) -> None:
    """The outcome in one line, its counts, and the first failures."""
    style = "bold green" if outcome.outcome is Outcome.SUCCEEDED else "bold red"
    said = (f"job {outcome.job_id} {outcome.outcome.value}", style)
    console.print(Text.assemble(said, f": {outcome.summary}"), soft_wrap=True)
    console.print(counts_table(outcome))
    if outcome.failures:
        console.print(failures_table(outcome))


def counts_table(outcome: JobOutcome, **more: str) -> Table:
    """The counts; of the seldom ones, those that are not 0.

    Args:
        outcome: the outcome.
        more: further columns, by their titles.
    """
    shown = {"succeeded": outcome.succeeded, "failed": outcome.failed, "skipped": outcome.skipped}
    seldom = {
        "cancelled": outcome.cancelled,
        "not ended": outcome.not_ended,
        "missing": outcome.missing,
        "taken over": outcome.taken_over,
        "retries": outcome.retries,
        "requeues": outcome.requeues,
    }
    shown |= {name: number for name, number in seldom.items() if number}
    table = Table(*shown, *more)
    table.add_row(*map(str, shown.values()), *more.values())
    return table


def failures_table(outcome: JobOutcome) -> Table:
    """The first tasks that failed or were cancelled, each with its reason."""
    table = Table("task", "name", "exit code", "reason", title="failures", title_justify="left")
    for failure in outcome.failures[:SHOWN_FAILURES]:
        table.add_row(
            failure.task_id,
            Text(failure.display_name or ""),
            "" if failure.exit_code is None else str(failure.exit_code),
            Text(failure.reason),
        )
    left_out = outcome.failed + outcome.cancelled - min(len(outcome.failures), SHOWN_FAILURES)
    if left_out > 0:
        table.caption = f"and {left_out} more"
    return table
