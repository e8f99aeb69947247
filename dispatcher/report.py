"""Says how a job went: a table for people, made from the outcome that FinalizeTask wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_manager import BatchClient, JobResults, WorkloadBase
from batch_manager.naming import FINALIZE_TASK_ID, container_name, log_folder
from batch_manager.outcome import JobOutcome, Outcome
from batch_manager.supervision import JobEnd

SHOWN_FAILURES = 10
"""Failures that get a row of their own."""


def print_report(
    console: Console,
    workload: WorkloadBase,
    client: BatchClient,
    end: JobEnd,
    *,
    seconds: float,
    results: Path,
    missing: Sequence[str] = (),
) -> None:
    """The outcome, what the workload says of its results if the job succeeded, where they lie, and what is missing."""
    outcome = end.outcome
    print_outcome(console, outcome, seconds=seconds, results=results)
    if end.untold is not None:
        log = results.resolve() / log_folder(FINALIZE_TASK_ID) / "stderr.txt"
        said = f"{end.untold}: {log}" if log.exists() else end.untold
        console.print(said, style="bold red", markup=False, highlight=False, soft_wrap=True)
    if outcome.outcome is Outcome.SUCCEEDED:
        for line in workload.summarize(JobResults(client.storage, container_name(outcome.job_id))):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"results and logs: {results.resolve()}", markup=False, highlight=False, soft_wrap=True)
    for problem in missing:
        console.print(f"not there: {problem}", markup=False, highlight=False, soft_wrap=True, style="yellow")


def print_outcome(console: Console, outcome: JobOutcome, *, seconds: float, results: Path) -> None:
    """The outcome in one line, its counts, and the first failures with the file that tells more."""
    good = outcome.outcome is Outcome.SUCCEEDED
    style = "bold green" if good else "bold red"
    console.print(
        Text.assemble((f"job {outcome.job_id} {outcome.outcome.value}", style), f": {outcome.summary}"), soft_wrap=True
    )
    console.print(_counts(outcome, seconds))
    if outcome.failures:
        console.print(_failures(outcome))
        logs = (results.resolve() / log_folder(f.task_id) / "stderr.txt" for f in outcome.failures[:SHOWN_FAILURES])
        first = next((log for log in logs if log.exists()), None)
        if first is not None:
            console.print(f"what the first one wrote: {first}", markup=False, highlight=False, soft_wrap=True)


def _counts(outcome: JobOutcome, seconds: float) -> Table:
    counts = {"succeeded": outcome.succeeded, "failed": outcome.failed, "skipped": outcome.skipped}
    seldom = {"cancelled": outcome.cancelled, "not ended": outcome.not_ended, "missing": outcome.missing}
    seldom |= {"taken over": outcome.taken_over, "retries": outcome.retries, "requeues": outcome.requeues}
    shown = {**counts, **{name: number for name, number in seldom.items() if number}}
    ended = outcome.total - outcome.not_ended - outcome.missing
    rate = ended / seconds if seconds > 0 else 0.0
    table = Table(*shown, "seconds", "tasks/s")
    table.add_row(*map(str, shown.values()), f"{seconds:.1f}", f"{rate:.1f}")
    return table


def _failures(outcome: JobOutcome) -> Table:
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
