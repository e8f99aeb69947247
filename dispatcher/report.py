"""Says how a job went: a table for people, made from the outcome that FinalizeTask wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_manager import BatchClient, JobResults, WorkloadBase
from batch_manager.cli.showing import SHOWN_FAILURES, counts_table, failures_table
from batch_manager.naming import FINALIZE_TASK_ID, container_name, log_folder
from batch_manager.outcome import JobOutcome, Outcome
from batch_manager.supervision import JobEnd


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
        console.print(failures_table(outcome))
        logs = (results.resolve() / log_folder(f.task_id) / "stderr.txt" for f in outcome.failures[:SHOWN_FAILURES])
        first = next((log for log in logs if log.exists()), None)
        if first is not None:
            console.print(f"what the first one wrote: {first}", markup=False, highlight=False, soft_wrap=True)


def _counts(outcome: JobOutcome, seconds: float) -> Table:
    ended = outcome.total - outcome.not_ended - outcome.missing
    rate = ended / seconds if seconds > 0 else 0.0
    return counts_table(outcome, **{"seconds": f"{seconds:.1f}", "tasks/s": f"{rate:.1f}"})
