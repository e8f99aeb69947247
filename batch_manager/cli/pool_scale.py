"""The commands for how many nodes a pool has: resize, autoscale, restart."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch_manager.cli.options import AsJson, Yes
from batch_manager.cli.output import confirm, console, print_json
from batch_manager.cli.pool_options import (
    Interval,
    PoolId,
    Timeout,
    Wait,
    end_of_wait,
    length_of_time,
    note,
    pool_operations,
    wait_until_ready,
    waiting,
)
from batch_manager.cli.telling import fail, told
from batch_manager.exit_codes import ExitCode

if TYPE_CHECKING:
    from datetime import timedelta

    from batch_manager.pool_operations import PoolOperations
    from batch_manager.pools.restart_steps import Step

Dedicated = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Nodes that are not taken away.", show_default="as now")
]
Spot = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Cheap nodes that may be taken away.", show_default="as now")
]


class Deallocation(str, Enum):  # noqa: UP042 - Typer shows the values of a str enumeration
    """What becomes of tasks on nodes that go."""

    TASK_COMPLETION = "taskcompletion"
    REQUEUE = "requeue"
    TERMINATE = "terminate"


def add_to(app: typer.Typer) -> None:
    """Add them to the commands for pools."""
    for command in (resize, autoscale, restart):
        app.command()(command)


@told("what was asked of Batch goes on; the same command again comes to the same size")
def resize(
    pool: PoolId,
    dedicated: Dedicated = None,
    spot: Spot = None,
    tasks: Annotated[
        Deallocation, typer.Option(help="What becomes of tasks on nodes that go: they end first, go back, or end now.")
    ] = Deallocation.TASK_COMPLETION,
    wait: Wait = False,
    timeout: Timeout = "30m",
    interval: Interval = 10.0,
    as_json: AsJson = False,
) -> None:
    """Ask for so many nodes. A resize that goes on is stopped first; the same numbers again change nothing.

    Exit codes: 0 it was asked for (with --wait: the nodes are there); 64 no number is given; 65 a formula scales the
    pool; 69 Batch said no, or the pool cannot get its nodes; 75 not in time, or Azure is busy; 77 you may not; 78 a
    setting is missing.
    """
    from batch_manager.errors import UsageError
    from batch_manager.pools.scaling import resize as resize_pool

    if dedicated is None and spot is None:
        raise UsageError("give --dedicated or --spot, or both")
    pools, how = pool_operations(), waiting(timeout, interval)
    done = resize_pool(pools, pool, dedicated=dedicated, spot=spot, deallocation=tasks.value, waiting=how)
    health = wait_until_ready(pools, pool, how) if wait else None
    if as_json:
        from batch_manager.pools.documents import health_document

        numbers = {"targetDedicatedNodes": done.dedicated, "targetSpotNodes": done.low_priority}
        told_health = None if health is None else health_document(health)
        print_json({"poolId": pool, "changed": done.changed, **numbers, "health": told_health})
    else:
        words = "is to have" if done.changed else "has, or was asked for, already"
        print(f"pool {pool} {words} {done.dedicated} dedicated and {done.low_priority} spot nodes")
    if health is not None:
        end_of_wait(pool, health, timeout)


@told("the pool keeps the formula it has now: see 'pool autoscale POOL'")
def autoscale(
    pool: PoolId,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A formula of docs/autoscale.md.", show_default="show it")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param", metavar="NAME=VALUE", help="Of the formula, such as max_nodes=10 or idle=30m. Several."
        ),
    ] = None,
    formula: Annotated[str | None, typer.Option(metavar="TEXT", help="A formula of your own.")] = None,
    formula_file: Annotated[Path | None, typer.Option(metavar="FILE", help="A file that holds one.")] = None,
    every: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Between two evaluations, 5m to 7d.", show_default="as now, or 15m"),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="No formula: the pool keeps the nodes it has.")] = False,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="Say what the formula would come to now, and change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a formula decide on a pool's nodes; without one, show the formula that it has and what it came to.

    Exit codes: 0; 64 options that do not go together; 65 a formula or parameter is wrong, or --evaluate where no
    formula scales the pool; 69 Batch said no, or the formula fails; 75 Azure is busy, or two changes are within 30
    seconds and patience_seconds is shorter; 77 you may not; 78 a setting is missing.
    """
    from batch_manager.errors import UsageError

    given = [word for word in (name, formula, formula_file) if word is not None]
    if len(given) > 1 or (off and (given or evaluate)) or (param and name is None):
        raise UsageError("give one of NAME (with --param), --formula, --formula-file and --off")
    if every is not None and (not given or evaluate):
        raise UsageError("--every goes with a formula that is to scale the pool: NAME, --formula or --formula-file")
    pools = pool_operations()
    text = _formula(name, param or (), formula, formula_file)
    if evaluate:
        _evaluate(pools, pool, text, as_json=as_json)
    elif text is None and not off:
        _show(pools, pool, as_json=as_json)
    else:
        _change(pools, pool, text, None if every is None else length_of_time(every, "--every"), as_json=as_json)


def _formula(name: str | None, param: list[str] | tuple[()], text: str | None, file: Path | None) -> str | None:
    from batch_manager.errors import InputError
    from batch_manager.pools.formulas import formula_by_name
    from batch_manager.pools.layers import assignments

    if name is not None:
        return formula_by_name(name, assignments(param, option="--param"))
    if file is None:
        return text
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file {str(file)!r} cannot be read: {error}") from error


def _evaluate(pools: PoolOperations, pool: str, text: str | None, *, as_json: bool) -> None:
    from batch_manager.pools.documents import run_document
    from batch_manager.pools.scaling import evaluate

    run = evaluate(pools, pool, text)
    if as_json:
        print_json({"poolId": pool, "evaluation": run_document(run)})
    else:
        for variable, value in run.results.items():
            print(f"{variable} = {value}")
    if run.error is not None:
        note(f"the formula fails: {run.error}")
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _show(pools: PoolOperations, pool: str, *, as_json: bool) -> None:
    from batch_manager.pools.documents import run_document
    from batch_manager.pools.times import shown_time

    found = pools.get_pool(pool)
    run, every = found.auto_scale_run, found.auto_scale_interval
    if as_json:
        seconds = None if every is None else int(every.total_seconds())
        evaluation = None if run is None else run_document(run)
        document = {"formula": found.auto_scale_formula, "evaluationIntervalSeconds": seconds, "evaluation": evaluation}
        print_json({"poolId": pool, **document})
    elif found.auto_scale_formula is None:
        print(f"no formula scales pool {pool}")
    else:
        print(f"// every {shown_time(every) if every is not None else '15m'}\n{found.auto_scale_formula.rstrip()}")
        if run is not None:
            results = "; ".join(f"{name}={value}" for name, value in run.results.items() if name.startswith("$"))
            print(f"// {run.at:%Y-%m-%d %H:%M:%S}: {run.error or results}")


def _change(pools: PoolOperations, pool: str, text: str | None, every: timedelta | None, *, as_json: bool) -> None:
    from batch_manager.pools.scaling import autoscale, autoscale_off

    changed = autoscale_off(pools, pool) if text is None else autoscale(pools, pool, text, every)
    if as_json:
        print_json({"poolId": pool, "autoscale": text is not None, "changed": changed})
    else:
        words = "no formula scales" if text is None else "the formula scales"
        print(f"{words} pool {pool}{'' if changed else ' already'}")


@told("the pool's former scale is kept in its metadata: restart it again to go on")
def restart(
    pool: PoolId,
    yes: Yes = False,
    wait: Wait = False,
    timeout: Timeout = "30m",
    interval: Interval = 10.0,
    as_json: AsJson = False,
) -> None:
    """Bring all nodes of a stuck pool anew: none, then as many as before, or by the same formula.

    Tasks that run go back to the queue and begin again. The former scale is kept in the pool's metadata meanwhile, so
    after Ctrl-C or a kill, the same command goes on to the end.

    Exit codes: 0 the nodes were asked for again (with --wait: they are there); 64 nobody could be asked; 65 it has no
    nodes, or is being deleted; 69 Batch said no, or the pool cannot get its nodes; 75 not in time: restart it again;
    77 you may not; 78 a setting is missing; 130 you said no.
    """
    from batch_manager.pools.restart_steps import Step
    from batch_manager.pools.restarting import restart as restart_pool
    from batch_manager.watching.words import counted

    pools, how = pool_operations(), waiting(timeout, interval)
    nodes = counted(pools.get_pool(pool).summary.current_nodes, "node")
    confirm(f"Take {nodes} of pool {pool} away, and bring as many anew?", yes=yes)
    said: Step | None = None

    def tell(step: Step) -> None:
        nonlocal said
        if step is not said and step is not Step.DONE:
            note(f"pool {pool}: {step.value}")
        said = step

    if not restart_pool(pools, pool, how, tell):
        note(f"pool {pool} is not restarted after {timeout}: restart it again to go on")
        raise typer.Exit(ExitCode.TRY_AGAIN)
    try:
        health = wait_until_ready(pools, pool, how) if wait else None
    except KeyboardInterrupt:  # another restart would take the new nodes away again
        fail(f"interrupted; pool {pool} is restarted and its nodes come: see 'pool show {pool}'", ExitCode.CANCELLED)
    if as_json:
        from batch_manager.pools.documents import health_document

        print_json({"poolId": pool, "restarted": True, "health": None if health is None else health_document(health)})
    else:
        console().print(f"pool {pool} is restarted: its scale is as it was")
    if health is not None:
        end_of_wait(pool, health, timeout)
