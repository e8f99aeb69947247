"""The commands that look at a workload on this machine: check, plan."""

from __future__ import annotations

from typing import Annotated

import typer

from batch_manager.cli.options import AsJson, Parameters, Workload
from batch_manager.cli.telling import told

Pool = Annotated[
    str | None,
    typer.Option(metavar="POOL", help="The pool the job would run on. Without it the account is not asked at all."),
]

_NOTHING = "nothing was sent"


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (check,):
        app.command()(command)


@told(_NOTHING)
def check(workload: Workload, param: Parameters = None, pool: Pool = None, as_json: AsJson = False) -> None:
    """Check a workload and the job it would make, without sending anything.

    It is imported and started as a node starts it, its tasks and builders are looked at, its local input files looked
    for, its job manager run with the parameters against an account in memory, and the tasks that this brings checked
    against Batch's limits. Everything that is wrong is told at once.

    Exit codes: 0 nothing is wrong; 65 the parameters, a file or the pool; 70 the workload as it is written; 69, 75,
    77 and 78 the account could not be asked about the pool.
    """
    from datetime import UTC, datetime

    from batch_manager.cli.accounts import account_settings
    from batch_manager.found_workload import parse_parameters
    from batch_manager.planning import check_workload, look_round
    from batch_manager.submit import new_job_id

    given = parse_parameters(param or ())
    around = look_round(account_settings(), pool)
    report = check_workload(workload, given, around, job_id=new_job_id(workload, datetime.now(UTC)))
    if as_json:
        from batch_manager.cli.output import print_json
        from batch_manager.planning import check_document

        print_json(check_document(report))
    else:
        from batch_manager.cli.output import console
        from batch_manager.cli.showing_checks import show_check

        show_check(console(), report)
    raise typer.Exit(report.exit_code)
