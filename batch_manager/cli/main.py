"""The command's frame: what there is, and how it exits."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

import typer

from batch_manager.cli import clean, deploy, doctor, files, jobs, package, pool, submit, watch, workload
from batch_manager.cli.plugins import CommandsFromElsewhere
from batch_manager.cli.summaries import fill_help
from batch_manager.exit_codes import ExitCode

_TYPER_USAGE_ERROR = 2

app = typer.Typer(
    name="batch-manager",
    cls=CommandsFromElsewhere,
    help="From a folder to Azure Batch: make a workload, package, deploy, submit, watch, fetch, clean up; the same "
    "against the local Batch service. Which account, the environment says (docs/settings.md; for the local one: "
    "batch-manager local service status --env).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help with boxes imports a Markdown reader: two fifths of the time that help takes
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (workload, package, deploy, pool, submit, watch, jobs, files, clean, doctor):
    group.add_to(app)
fill_help(app)


def main() -> NoReturn:
    """Run the command line and exit with a documented code."""
    signal.signal(signal.SIGTERM, _interrupt)
    if os.getcwd() not in sys.path:  # as ``python -m`` has it: the workload lies in the current folder
        sys.path.insert(0, os.getcwd())
    try:
        app(prog_name="batch-manager")
    except SystemExit as end:
        sys.exit(ExitCode.USAGE if end.code == _TYPER_USAGE_ERROR else end.code)
    sys.exit(ExitCode.SUCCEEDED)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
