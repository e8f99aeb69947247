"""The commands that look at a workload on this machine: check, plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.options import AsJson, Parameters, PriceFile, Workload
from batch_manager.cli.telling import told

if TYPE_CHECKING:
    from batch_manager.planning import Plan

Pool = Annotated[
    str | None,
    typer.Option(metavar="POOL", help="The pool the job would run on. Without it the account is not asked at all."),
]

Minutes = Annotated[
    list[str] | None,
    typer.Option(
        "--minutes-per-task",
        metavar="M|NAME=M",
        help="How long a task takes: M for all, NAME=M for those of one type or command. May be given several times.",
    ),
]
Size = Annotated[
    str | None, typer.Option("--vm-size", metavar="SIZE", help="The nodes' size.", show_default="the pool's")
]
Nodes = Annotated[int | None, typer.Option("--nodes", metavar="N", help="Dedicated nodes.", show_default="the pool's")]
SpotNodes = Annotated[
    int | None, typer.Option("--spot-nodes", metavar="N", help="Spot nodes.", show_default="the pool's")
]
Slots = Annotated[
    int | None, typer.Option("--slots", metavar="K", help="Tasks a node runs at once.", show_default="the pool's, or 1")
]
GraphFile = Annotated[
    Path | None,
    typer.Option(
        "--graph", metavar="FILE", help="Draw the graph: Mermaid (.mmd, .mermaid, .md) or Graphviz (.dot, .gv)."
    ),
]

_NOTHING = "nothing was sent"


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
    for command in (check, plan):
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
    from batch_manager.cli.accounts import account_settings
    from batch_manager.found_workload import parse_parameters
    from batch_manager.planning import check_workload, look_round

    given = parse_parameters(param or ())
    around = look_round(account_settings(), pool)
    report = check_workload(workload, given, around, job_id=_job_id(workload))
    if as_json:
        from batch_manager.cli.output import print_json
        from batch_manager.planning import check_document

        print_json(check_document(report))
    else:
        from batch_manager.cli.output import console
        from batch_manager.cli.showing_checks import show_check

        show_check(console(), report)
    raise typer.Exit(report.exit_code)


@told(_NOTHING)
def plan(
    workload: Workload,
    param: Parameters = None,
    pool: Pool = None,
    vm_size: Size = None,
    nodes: Nodes = None,
    spot_nodes: SpotNodes = None,
    slots: Slots = None,
    minutes_per_task: Minutes = None,
    prices: PriceFile = None,
    graph: GraphFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the job that a workload would make, without sending anything.

    Its tasks by type, its levels, its longest chain, the data that it moves and what a submission would send. With
    --minutes-per-task also how long it would take on the pool's nodes, or on those that --nodes, --spot-nodes and
    --slots name, and with --prices what these would cost. Only --pool asks the account, and only reads.

    Exit codes: 0 the plan is shown; 65 the parameters, a file or the pool is wrong, or a task does not fit the nodes;
    70 the workload is wrong as it is written (batch-manager check says more); 69, 75, 77 and 78 the account could not
    be asked about the pool.
    """
    from batch_manager.cli.accounts import account_settings
    from batch_manager.factory import BatchClientFactory
    from batch_manager.found_workload import parse_parameters
    from batch_manager.planning import (
        PlanRequest,
        check_suffix,
        choose_machines,
        look_round,
        parse_durations,
        plan_workload,
        write_graph,
    )
    from batch_manager.prices import read_prices

    given, durations = parse_parameters(param or ()), parse_durations(minutes_per_task or ())
    costs = None if prices is None else read_prices(prices)
    if graph is not None:
        check_suffix(graph)
    settings = account_settings()
    around = look_round(settings, pool)
    detail = (
        None if around.pool is None else BatchClientFactory.create_pool_operations(settings).get_pool(around.pool.id)
    )
    machines = choose_machines(detail, vm_size=vm_size, nodes=nodes, spot_nodes=spot_nodes, slots=slots)
    asked = PlanRequest(machines=machines, durations=durations, prices=costs)
    measure = BatchClientFactory.create_task_measure()
    made = plan_workload(workload, given, around, asked, job_id=_job_id(workload), body_length=measure)
    if graph is not None:
        write_graph(graph, made)
    _show_plan(made, as_json=as_json)


def _show_plan(made: Plan, *, as_json: bool) -> None:
    if as_json:
        from batch_manager.cli.output import print_json
        from batch_manager.planning import plan_document

        print_json(plan_document(made))
    else:
        from batch_manager.cli.output import console
        from batch_manager.cli.showing_plans import show_plan

        show_plan(console(), made)


def _job_id(workload: str) -> str:
    from datetime import UTC, datetime

    from batch_manager.submit import new_job_id

    return new_job_id(workload, datetime.now(UTC))
