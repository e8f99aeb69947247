"""The command's frame: what there is, and how it exits."""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

import typer
from typer.models import CommandInfo

from batch_manager.cli import clean, deploy, doctor, files, jobs, package, pool, submit, watch, workload
from batch_manager.cli.plugins import CommandsFromElsewhere
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


def _commands(within: typer.Typer) -> Iterator[CommandInfo]:
    yield from within.registered_commands
    for nested in within.registered_groups:
        if nested.typer_instance is not None:
            nested.short_help = str(nested.typer_instance.info.help)
            yield from _commands(nested.typer_instance)


for command in _commands(app):  # a docstring's lines end where the source's do, not where the terminal's do
    if command.callback is not None:
        paragraphs = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
        command.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
        command.short_help = paragraphs[0].replace("\n", " ")  # otherwise it would be cut


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
