"""Run workloads on this machine: a job on a local Batch service, under a debugger, or the service itself."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from batch_manager.cli.summaries import fill_help
from batch_manager.cli.telling import read_secret
from batch_manager.exit_codes import ExitCode
from batch_manager.found_workload import find_workload, parse_parameters
from dispatcher import processes
from dispatcher.fault_options import FaultPlan, read_faults
from dispatcher.service.node.warm.options import WarmLevel
from dispatcher.service_commands import service
from dispatcher.telling import told
from dispatcher.warm_starts import WarmStarts

app = typer.Typer(
    name="dispatcher",
    help="Run Azure Batch workloads on this machine: a local Batch service, Azurite, and nothing else.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(service)

_TYPER_USAGE_ERROR = 2

Workload = Annotated[
    str, typer.Argument(help="The workload's package, as 'python -m' takes it: workloads.water_network.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the job; may be given several times."),
]
JobId = Annotated[str | None, typer.Option(help="The job's id; made of the workload's name and the time if not given.")]
Results = Annotated[Path | None, typer.Option(help="Folder for the job's results and logs; runs/JOB-ID if not given.")]


@app.command()
@told
def run(
    workload: Workload,
    param: Parameters = None,
    job_id: JobId = None,
    nodes: Annotated[int, typer.Option(min=1, max=100, help="Compute nodes of the pool.")] = 1,
    slots: Annotated[
        int, typer.Option(min=1, max=256, help="Tasks that run at the same time on a node.", show_default="one a core")
    ] = os.cpu_count() or 1,
    callback_file: Annotated[
        Path | None, typer.Option(help="File that holds the URL FinalizeTask calls; a secret, so never an argument.")
    ] = None,
    local_callback: Annotated[
        bool, typer.Option("--local-callback", help="Receive the callback here and show it.")
    ] = False,
    callback_secret_file: Annotated[
        Path | None, typer.Option(help="File that holds what FinalizeTask signs the callback with.")
    ] = None,
    progress_url: Annotated[
        str | None, typer.Option(help="Where the job's processes send events; it may hold no secret.")
    ] = None,
    time_limit: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long the job may take until FinalizeTask begins: 90s, 30m, 2h."),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TIME",
            help="How long something may keep the job from going on before it is ended, such as nodes-unusable=60s; "
            "a name that is not known lists them all. May be given several times.",
        ),
    ] = None,
    results: Results = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave service and files for a look until Ctrl-C; files stay.")
    ] = False,
    faults: FaultPlan = None,
    warm_starts: WarmStarts = WarmLevel.INTERPRETER,
    end_with_parent: Annotated[
        bool, typer.Option("--end-with-parent", help="End when the process that started this one ends, as make.")
    ] = False,
) -> None:
    """Run a workload's job on a local Batch service and exit with the job's outcome.

    Exit codes: 0 all tasks succeeded, 1 a task failed or was skipped, 64 wrong command line, 65 wrong input, 69 and 75
    a service could not do it or the job could never have ended, 70 the workload is wrong as written, 78 a setting is
    missing, 81 the time limit was over, 130 interrupted or cancelled.
    """
    from batch_manager.supervision import parse_limits, parse_time
    from dispatcher.dispatcher import Dispatcher, RunOptions
    from dispatcher.watch import LOCAL_LIMITS

    if end_with_parent:
        processes.end_with_parent(os.getppid())
    console = Console()
    options = RunOptions(
        parameters=parse_parameters(param or ()),
        job_id=job_id,
        nodes=nodes,
        slots=slots,
        callback_url=read_secret(callback_file),
        callback_secret=read_secret(callback_secret_file),
        receive_callback=local_callback,
        progress_url=progress_url,
        time_limit=None if time_limit is None else parse_time(time_limit),
        limits=parse_limits(LOCAL_LIMITS, limit or ()),
        results=results,
        keep=keep,
        faults=read_faults(faults),
        warm_starts=warm_starts,
    )
    raise typer.Exit(Dispatcher(find_workload(workload), console=console).run(options))


@app.command()
@told
def debug(
    workload: Workload,
    param: Parameters = None,
    job_id: JobId = None,
    results: Results = None,
    post_mortem: Annotated[
        bool | None,
        typer.Option(help="Open pdb where a task raised.", show_default="on a terminal"),
    ] = None,
) -> None:
    """Run the same job in this one process, a task at a time, so that breakpoints work.

    Exit codes are those of 'run'.
    """
    from dispatcher.debug import Debugger, DebugOptions

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    options = DebugOptions(
        parameters=parse_parameters(param or ()),
        job_id=job_id,
        results=results,
        post_mortem=sys.stdin.isatty() if post_mortem is None else post_mortem,
    )
    raise typer.Exit(Debugger(find_workload(workload), console=Console()).run(options))


fill_help(app)


def main() -> NoReturn:
    """Run the command line and exit with a documented code."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
    except SystemExit as end:
        sys.exit(ExitCode.USAGE if end.code == _TYPER_USAGE_ERROR else end.code)
    sys.exit(ExitCode.SUCCEEDED)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
