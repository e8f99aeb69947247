"""The commands that say how jobs are doing: list, status, watch, logs, why."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from batch_manager.cli.accounts import account_settings, batch_client
from batch_manager.cli.options import AsJson, Job, checked_ids
from batch_manager.cli.output import console, print_json
from batch_manager.cli.telling import told
from batch_manager.cli.watch_logs import logs
from batch_manager.cli.watch_why import why

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.job_operations import JobOperations
    from batch_manager.watching.looks import Look

Jobs = Annotated[
    list[str], typer.Argument(metavar="JOB...", help="The jobs' ids.", show_default=False, callback=checked_ids)
]
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
    app.command()(watch)
    app.command()(logs)
    app.command()(why)


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


@told("the job goes on")
def watch(
    job: Job,
    interval: Annotated[float, typer.Option(min=0.2, metavar="SECONDS", help="Between two looks.")] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Look once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a job until it has ended: counts, rate, time left, failures with their reasons, nodes, what it waits for.

    Nothing is changed: 'wait' ends a job that cannot go on, 'watch' only says so. A look is a few requests, however
    many tasks there are. In a pipe a line comes when something has changed; with --json the last look alone.

    Exit codes: of the outcome, as of 'wait'; with --once 0 while the job goes on; 65 it has ended, and nobody has told
    how; 69, 75 and 77 Batch said no; 130 interrupted.
    """
    from batch_manager.cli.watch_live import looks_shown
    from batch_manager.watching.looks import Watcher

    client = batch_client()
    watcher = Watcher(_operations(), client, job)
    shown = _nothing_shown() if as_json else looks_shown(console())
    with shown as show:
        look = watcher.look(_now())
        while not (once or look.is_over):
            show(look)
            time.sleep(interval)
            look = watcher.look(_now())
        if not look.is_over:
            show(look)
    if as_json:
        print_json(look.to_document())
    if look.is_over:
        _end(client, look, as_json=as_json)


def _end(client: BatchClient, look: Look, *, as_json: bool) -> NoReturn:
    from batch_manager.errors import InputError
    from batch_manager.supervision import job_end

    if look.ended is None:
        why = look.job.terminate_reason or "no reason given"
        raise InputError(
            f"job {look.job.id!r} has ended ({why}) and nobody has told how; "
            f"if it is one of this project's, 'batch-manager wait {look.job.id}' does"
        )
    if not as_json:
        from batch_manager.cli.showing import show_outcome

        show_outcome(console(), look.ended)
    raise typer.Exit(job_end(client, look.job.id, look.ended).exit_code)


@contextmanager
def _nothing_shown() -> Iterator[Callable[[Look], None]]:
    yield lambda look: None


def _operations() -> JobOperations:
    from batch_manager.factory import BatchClientFactory

    return BatchClientFactory.create_job_operations(account_settings())


def _now() -> datetime:
    return datetime.now(UTC)
