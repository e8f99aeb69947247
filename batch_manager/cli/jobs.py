"""The commands for a job that was submitted: wait for it, end it, run it again, say how it ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import batch_client
from batch_manager.cli.options import AsJson, Job, checked_id
from batch_manager.cli.telling import read_secret, told
from batch_manager.errors import InputError
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from batch_manager.client import BatchClient
    from batch_manager.outcome import JobOutcome

Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=TIME",
        help="How long something may keep the job from going on before it is ended, such as pool-empty=90m; a name "
        "that is not known lists them all. May be given several times.",
    ),
]
Interval = Annotated[float, typer.Option(min=0.2, metavar="SECONDS", help="Between two looks at the job.")]


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (wait, outcome, cancel, retry, rerun):
        app.command()(command)


@told("the job goes on; wait for it again, or cancel it")
def wait(job: Job, interval: Interval = 30.0, limit: Limits = None, as_json: AsJson = False) -> None:
    """Wait until a job has ended, and exit with its outcome.

    A job that something keeps from ever ending (no node comes, the start task fails on all of them, a task needs more
    slots than there are, ...) is ended once that has lasted for its limit, and its callback is called from here.

    Exit codes: 0 succeeded, 1 a task failed, 81 the time limit was over, 130 cancelled; 69 the job could not go on, or
    Batch said no; if the job manager failed, what it failed with.
    """
    wait_for_job(batch_client(), job, interval, limit or (), as_json=as_json)


@told("nothing was changed")
def outcome(job: Job, as_json: AsJson = False) -> None:
    """Say how a job ended: what FinalizeTask has written.

    Exit codes: as of 'wait'; 65 if the job has not ended, or was none of this project's.
    """
    from batch_manager.errors import NotFoundError
    from batch_manager.naming import OUTCOME_BLOB, container_name
    from batch_manager.outcome_document import read_outcome

    client = batch_client()
    try:
        document = json.loads(client.storage.read(container_name(job), OUTCOME_BLOB))
    except NotFoundError:
        state = client.get_job(job).state.value
        raise InputError(f"job {job!r} is {state} and nothing has told its end yet: batch-manager wait {job}") from None
    _show(client, read_outcome(document), as_json=as_json)


@told("what was asked to end ends; cancel again to make sure of the rest")
def cancel(
    job: Job,
    reason: Annotated[str, typer.Option(help="Why, in one line, for the outcome; no secret.")] = "",
    as_json: AsJson = False,
) -> None:
    """End all tasks of a job but FinalizeTask, which then tells that the job was cancelled.

    Exit codes: 0 the tasks have ended; 65 it was too late, the job ends or has ended by itself; 75 some tasks have
    not ended yet, cancel again.
    """
    from batch_manager.cancelling import cancel_job

    result = cancel_job(batch_client(), job, reason)
    state = result.state.value
    if as_json:
        print(json.dumps({"jobId": job, "state": state, "left": result.left, "tooLate": result.too_late}))
    elif result.too_late:
        raise InputError(f"job {job!r} is {state}: it ends or has ended by itself; batch-manager outcome {job}")
    else:
        left = f"; {result.left} tasks have not ended yet, FinalizeTask waits for them" if result.left else ""
        print(f"job {job} is cancelled{left}")
    if result.too_late:
        raise typer.Exit(ExitCode.BAD_INPUT)
    if result.left:
        raise typer.Exit(ExitCode.TRY_AGAIN)


@told("what runs again goes on; give the same command again, or what was skipped because of it stays skipped")
def retry(
    job: Job,
    task: Annotated[
        list[str], typer.Argument(metavar="TASK...", help="The tasks' ids or display names.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Run failed tasks of a job again that has not ended, and what was skipped because of them.

    They have all their retries before them once more, and FinalizeTask waits for them. What was skipped runs again once
    what it depends on has succeeded: as long as something is to follow, this waits. What ran because they failed is not
    undone. A job that has ended: 'rerun --failed' makes a new one.

    Exit codes: 0 they run again, do so already or have succeeded; 65 it is too late for that; 69 there is no such job
    or task, or Batch said no; 75 FinalizeTask has begun meanwhile, 'outcome' and 'rerun --failed' once it
    has ended.
    """
    from batch_manager.cli.accounts import account_settings
    from batch_manager.cli.output import print_json
    from batch_manager.factory import BatchClientFactory
    from batch_manager.watching.retry import retry_tasks

    def waits(task_ids: Sequence[str], follow: int) -> None:
        shown = ", ".join(task_ids[:5]) or "nothing"
        print(f"waiting for task {shown}; {follow} that were skipped follow", file=sys.stderr, flush=True)

    operations = BatchClientFactory.create_job_operations(account_settings())
    done = retry_tasks(operations, batch_client(), job, task, on_wait=waits)
    if as_json:
        document = {"jobId": job, "tasks": list(done.tasks), "dependents": list(done.dependents)}
        print_json({**document, "succeeded": list(done.succeeded), "tooLate": done.too_late})
    else:
        for what, tasks in (("runs again", done.tasks), ("was skipped and runs again", done.dependents)):
            if tasks:
                print(f"job {job}: task {', '.join(tasks)} {what}")
        if done.succeeded:
            print(f"job {job}: task {', '.join(done.succeeded)} has succeeded", file=sys.stderr)
    if done.too_late:
        print(
            "batch-manager: FinalizeTask has begun meanwhile and may not count that: "
            f"batch-manager outcome {job}, then batch-manager rerun --failed {job}",
            file=sys.stderr,
        )
        raise typer.Exit(ExitCode.TRY_AGAIN)


@told("do the same again: it comes to the same job")
def rerun(
    job: Job,
    failed: Annotated[
        bool, typer.Option("--failed", help="What did not succeed: tasks that failed, were skipped or cancelled.")
    ] = False,
    job_id: Annotated[
        str | None, typer.Option(help="The new job's id.", show_default="JOB-r2, then JOB-r3, ...", callback=checked_id)
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option(
            metavar="POOL",
            help="Where it runs; a pool of the job's own is gone.",
            show_default="of the job",
            callback=checked_id,
        ),
    ] = None,
    callback_file: Annotated[
        Path | None,
        typer.Option(help="File that holds the URL FinalizeTask calls; the former is not called again."),
    ] = None,
    callback_secret_file: Annotated[
        Path | None, typer.Option(help="File that holds what FinalizeTask signs the callback with.")
    ] = None,
    wait_for_it: Annotated[bool, typer.Option("--wait", help="Wait for the new job, as 'wait' does.")] = False,
    interval: Interval = 30.0,
    as_json: AsJson = False,
) -> None:
    """Run again what did not succeed in a job that has ended, as a new job.

    What succeeded is taken over: its files are copied, its tasks are not added. The earlier job's files stay.

    Exit codes: 0 the new job is there (with --wait, those of 'wait'); 64 without --failed; 65 there is nothing to run
    again, or the job has not ended; 69 and 75 Batch could not do it.
    """
    from batch_manager.errors import UsageError
    from batch_manager.rerun import rerun_failed

    if not failed:
        raise UsageError("give --failed: to run a whole job again, submit it again under another id")
    client = batch_client()
    made = rerun_failed(
        client,
        job,
        new_job_id=job_id,
        pool_id=pool,
        callback_url=read_secret(callback_file),
        callback_secret=read_secret(callback_secret_file),
    )
    if as_json and not wait_for_it:
        print(json.dumps({"jobId": made.job_id, "rerunOf": job, "takenOver": made.taken_over, "copied": made.copied}))
    elif not as_json:
        copied = "it was there already" if made.copied is None else f"{made.copied} blobs copied"
        print(f"job {made.job_id}: {made.taken_over} tasks taken over from {job}, {copied}")
    if wait_for_it:
        wait_for_job(client, made.job_id, interval, (), as_json=as_json)


def wait_for_job(
    client: BatchClient, job: str, interval: float, limits: list[str] | tuple[()], *, as_json: bool
) -> None:
    """Supervise a job to its end, show its outcome, and exit with it. A pool that was made for the job alone goes."""
    from batch_manager.supervision import SupervisionLimits, parse_limits, supervise_job

    ended = supervise_job(client, job, parse_limits(SupervisionLimits(), limits), interval=interval)
    _let_own_pool_go(client, job)
    _show(client, ended, as_json=as_json)


def _let_own_pool_go(client: BatchClient, job: str) -> None:
    """Delete the pool that was made for the job alone. That it cannot be is no failure of the job."""
    from batch_manager.cli.accounts import account_settings
    from batch_manager.errors import BatchManagerError
    from batch_manager.submitting import auto_pool_id, delete_auto_pool

    pool_id = auto_pool_id(job)
    try:
        if client.get_job(job).pool_id != pool_id:
            return
        from batch_manager.factory import BatchClientFactory

        if delete_auto_pool(BatchClientFactory.create_pool_operations(account_settings()), job):
            print(f"batch-manager: pool {pool_id}, which was made for the job, is being deleted", file=sys.stderr)
    except BatchManagerError as error:
        print(f"batch-manager: pool {pool_id}, which was made for the job, is left: {error}", file=sys.stderr)


def _show(client: BatchClient, ended: JobOutcome, *, as_json: bool) -> None:
    from batch_manager.supervision import job_end

    if as_json:
        from batch_manager.outcome_document import outcome_document

        print(json.dumps(outcome_document(ended), indent=1))
    else:
        from rich.console import Console

        from batch_manager.cli.showing import show_outcome

        show_outcome(Console(), ended)
    end = job_end(client, ended.job_id, ended)
    if end.untold is not None:
        print(f"batch-manager: {end.untold}", file=sys.stderr)
    raise typer.Exit(end.exit_code)
