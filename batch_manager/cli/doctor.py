"""The command that looks whether everything is right."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.options import AsJson
from batch_manager.cli.output import console, owner_name, print_json
from batch_manager.cli.telling import read_secret, told

if TYPE_CHECKING:
    from batch_manager.checkup.findings import Finding

PATIENCE_SECONDS = 5.0
"""For which a service may be busy: doctor tells it rather than waits."""


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command()(doctor)


@told("nothing was changed; a container of doctor's own may be left, which it deletes the next time")
def doctor(
    pool: Annotated[
        str | None, typer.Option(metavar="POOL", help="Look at this pool.", show_default="the first 10 of all")
    ] = None,
    callback_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with a callback's URL: whether somebody is there. It is not called."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at each thing that must be right, and say how to repair what is not.

    Settings, the way to the services (name, proxy, TLS), the clock, who you are to Azure, what you may do, the account
    and its storage, quotas, packages, pools and their nodes. Nothing is changed, but for a container of its own that
    is made and deleted to see whether it can be. No check keeps the others from being made.

    Exit codes: 0 nothing is wrong, though there may be warnings; 69 something is; 78 a setting is; 65 the callback's
    file cannot be read.
    """
    from batch_manager.checkup.asking import Question, all_checks
    from batch_manager.checkup.running import exit_code, run_checks

    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what it would say on standard error is a finding
    question = Question(owner=owner_name(None), pool=pool, callback_url=read_secret(callback_file))
    settings = account_settings().changed(patience_seconds=PATIENCE_SECONDS)
    found: list[Finding] = []
    for finding in run_checks(all_checks(settings, question)):
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json({"findings": [_document(finding) for finding in found], "exitCode": int(exit_code(found))})
    raise typer.Exit(exit_code(found))


def _show(finding: Finding) -> None:
    from rich.table import Table
    from rich.text import Text

    from batch_manager.checkup.findings import CheckState

    styles = {CheckState.OK: "green", CheckState.WARNING: "yellow", CheckState.WRONG: "bold red"}
    state = Text(finding.state.value, style=styles.get(finding.state, "dim"))
    rows = [(state, Text.assemble((f"{finding.check}: ", "bold"), finding.found))]
    rows += [(Text(), Text(f"fix: {finding.fix}"))] if finding.fix else []
    for row in rows:  # a table each, so that none is padded to the other's width
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=max(len(kind.value) for kind in CheckState))
        grid.add_column(overflow="fold")
        grid.add_row(*row)
        console().print(grid)


def _document(finding: Finding) -> dict[str, str | bool]:
    return {
        "check": finding.check,
        "state": finding.state.value,
        "found": finding.found,
        "fix": finding.fix,
        "isSetting": finding.is_setting,
    }
