"""The commands that say how jobs are doing: list, status, watch, logs, why."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings, batch_client
from batch_manager.cli.options import AsJson
from batch_manager.cli.output import console, print_json
from batch_manager.cli.telling import told
from batch_manager.cli.watch_logs import logs

if TYPE_CHECKING:
    from batch_manager.job_operations import JobOperations

Jobs = Annotated[list[str], typer.Argument(metavar="JOB...", help="The jobs' ids.", show_default=False)]
Owner = Annotated[str | None, typer.Option(metavar="NAME", help="Only jobs of this owner.", show_default="all")]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME=VALUE", help="Only jobs with this tag. Several times: with all of them."),
]
OlderThan = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only jobs that have been there for so long: 30m, 2h, 7d.")
]


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command(name="list")(list_jobs)
    app.command()(status)
    app.command()(logs)


@told("nothing was changed")
def list_jobs(
    owner: Owner = None,
    tag: Tags = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATE",
            help="Only jobs in this state of Batch (active, completed, ...), or that ended so (succeeded, failed, "
            "cancelled). May be given several times.",
        ),
    ] = None,
    pool: Annotated[str | None, typer.Option(metavar="POOL", help="Only jobs on this pool.")] = None,
    older_than: OlderThan = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="So many at most, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the jobs of the account, the newest first: state, outcome, age, counts.

    The counts are Batch's: the job manager and FinalizeTask count as tasks until the job has ended, and skipped tasks
    as failed. 'completed, untold' is a job that ended without anybody telling how: 'batch-manager wait JOB' does.

    Exit codes: 0; 65 an option cannot be used; 69, 75 and 77 Batch said no.
    """
    from batch_manager.ownership import parse_tags
    from batch_manager.supervision import parse_time
    from batch_manager.watching.job_lines import JobFilter, parse_states
    from batch_manager.watching.overview import list_lines

    states, outcomes = parse_states(state or ())
    asked = JobFilter(
        owner=owner,
        tags=parse_tags(tag or ()),
        states=states,
        outcomes=outcomes,
        pool_id=pool,
        older_than=None if older_than is None else parse_time(older_than),
    )
    now = _now()
    overview = list_lines(_operations(), batch_client(), asked, limit=limit, now=now)
    if as_json:
        print_json({"jobs": [line.to_document(now) for line in overview.lines], "leftOut": overview.left_out})
        return
    from batch_manager.cli.watch_tables import jobs_table

    if overview.lines:
        console().print(jobs_table(overview.lines, now))
    else:
        print("no such job", file=sys.stderr)
    if overview.left_out:
        print(f"and {overview.left_out} older ones: give a larger --limit", file=sys.stderr)


@told("nothing was changed")
def status(job: Jobs, as_json: AsJson = False) -> None:
    """Say how jobs are doing, a line each.

    The counts are as in 'list'. 'watch' goes on looking, 'why' says what a job waits for.

    Exit codes: 0 whatever the jobs' states are; 69 there is no such job, or Batch said no; 75, 77.
    """
    from batch_manager.watching.overview import status_lines

    now = _now()
    lines = status_lines(_operations(), batch_client(), job)
    if as_json:
        print_json({"jobs": [line.to_document(now) for line in lines]})
        return
    from batch_manager.cli.watch_tables import jobs_table

    console().print(jobs_table(lines, now))


def _operations() -> JobOperations:
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create_job_operations(account_settings())


def _now() -> datetime:
    return datetime.now(UTC)
