"""The command that starts a job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from batch_manager.cli.options import AsJson, DryRun, Owner, Parameters, Tags, Workload
from batch_manager.cli.submit_steps import Said, begin_job, wait_to_end
from batch_manager.cli.telling import told

CALLBACK_FILE_VARIABLE = "BATCH_MANAGER_CALLBACK_FILE"


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(submit)


@told("a job that was made goes on; to finish what was begun, give the same again with --job-id and the id above")
def submit(
    workload: Workload,
    pool: Annotated[
        str | None, typer.Option(metavar="POOL", help="The pool whose nodes run it.", show_default=False)
    ] = None,
    param: Parameters = None,
    params_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="JSON or YAML file with parameters; --param counts more.", show_default=False
        ),
    ] = None,
    job_id: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="The job's id: up to 59 letters, digits and single '-'. The same job given again under it is no "
            "second job.",
            show_default="workload, owner, time, chance",
        ),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            metavar="APP[:VERSION]",
            help="Application package that holds the workload, for every task of the job; without a version the one "
            "that is the default now.",
            show_default=False,
        ),
    ] = None,
    launcher: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What starts Python on a node with the workload importable.",
            show_default="of the package, or python3, on Windows python",
        ),
    ] = None,
    auto_pool: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|TEMPLATE",
            help="Make a pool for this job alone, as a pool file or a template of 'pool create' describes it, instead "
            "of --pool.",
            show_default=False,
        ),
    ] = None,
    callback_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar=CALLBACK_FILE_VARIABLE,
            help="File that holds the URL to tell the outcome to; - for standard input.",
            show_default=False,
        ),
    ] = None,
    callback_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The URL itself. It is a secret, and words of a command line are seen by others: prefer "
            "--callback-file.",
            show_default=False,
        ),
    ] = None,
    callback_secret_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File that holds what the callback is signed with.", show_default=False),
    ] = None,
    progress_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the job's processes send events; no secret.", show_default=False),
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long the job may take, such as 90m or 2d.", show_default=False),
    ] = None,
    priority: Annotated[int, typer.Option(min=-1000, max=1000, help="Among the jobs of the pool.")] = 0,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            metavar="NAME=VALUE",
            help="An environment variable of every task. May be given several times. No place for a secret.",
        ),
    ] = None,
    owner: Owner = None,
    tag: Tags = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the job's end, as 'wait' does.")] = False,
    interval: Annotated[
        float, typer.Option(min=0.2, metavar="SECONDS", help="With --wait: between two looks at the job.")
    ] = 30.0,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Start a workload's job: upload its input files, make its container and the job.

    Prints the job's id and nothing else on standard output, so that JOB=$(batch-manager submit ...) works. Files are
    uploaded several at once; what is there already is not sent again. Before anything is sent, all that can be known
    to be wrong is told.

    With --job-id a second submit of the same is no second job, and of another is refused; without, no two submissions
    have the same id.

    Exit codes: 0 the job is there (with --wait, those of 'wait'); 64 the options do not go together; 65 the
    parameters, a file, the pool or the package; 69 the id is another job's, or Batch said no; 70 the workload as it is
    written; 75 the account was busy, or its quota of jobs full, for too long; 77 and 78 identity and settings.
    """
    said = Said(
        workload=workload,
        pool=pool,
        words=tuple(param or ()),
        params_file=params_file,
        job_id=job_id,
        package=package,
        launcher=launcher,
        auto_pool=auto_pool,
        callback_file=callback_file,
        callback_url=callback_url,
        callback_secret_file=callback_secret_file,
        progress_url=progress_url,
        time_limit=time_limit,
        priority=priority,
        env=tuple(env or ()),
        owner=owner,
        tags=tuple(tag or ()),
    )
    made = begin_job(said, dry_run=dry_run, as_json=as_json, prints=not wait)
    if wait and made is not None:
        wait_to_end(made, interval, as_json=as_json)
