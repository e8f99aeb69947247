"""The command's frame: what there is, and how it exits."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import typer

from batch_manager.cli import jobs
from batch_manager.exit_codes import ExitCode

_TYPER_USAGE_ERROR = 2

app = typer.Typer(
    name="batch-manager",
    help="Look after jobs on Azure Batch, or on the local Batch service: which account, the environment says "
    "(docs/settings.md; for the local one: python -m dispatcher service status --env).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("wait")(jobs.wait)
app.command("outcome")(jobs.outcome)
app.command("cancel")(jobs.cancel)
app.command("rerun")(jobs.rerun)


def main() -> NoReturn:
    """Run the command line and exit with a documented code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(prog_name="batch-manager")
    except SystemExit as end:
        sys.exit(ExitCode.USAGE if end.code == _TYPER_USAGE_ERROR else end.code)
    sys.exit(ExitCode.SUCCEEDED)


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt
