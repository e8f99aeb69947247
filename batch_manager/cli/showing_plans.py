"""What people see of a plan."""

from __future__ import annotations

from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_manager.cli.showing_checks import counted
from batch_manager.planning import Cost, Estimate, Plan, level_runs
from batch_manager.planning.plan import Chain, TypeRow

MOST_LEVELS = 20
MOST_STEPS = 6


def show_plan(console: Console, plan: Plan) -> None:
    """The tasks, their levels, the longest chain, what is sent, and what it would take."""
    graph = plan.graph
    size = f"{counted(graph.size, 'task')} on {counted(graph.depth, 'level')}"
    _say(console, f"{plan.workload_type} of {plan.module}: {size}")
    console.print(_types(plan.rows))
    _show_levels(console, plan)
    _say(console, f"longest chain: {_chain(plan.chain)}")
    for line in _volumes(plan):
        _say(console, line)
    if plan.estimate is not None:
        _say(console, f"estimate: {_estimate(plan.estimate)}")
    if plan.cost is not None:
        _say(console, f"cost: {_cost(plan.cost)}")
    for note in plan.notes:
        _say(console, f"note: {note}")
    _say(console, "nothing was sent")


def _say(console: Console, line: str) -> None:
    console.print(Text(line))


def _types(rows: tuple[TypeRow, ...]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("type", overflow="fold", min_width=12)
    for title in ("tasks", "levels", "slots", "retries", "inputs", "data", "outputs"):
        table.add_column(title, justify="right")
    for row in rows:
        nodes = f" of {row.nodes} nodes" if row.nodes else ""
        table.add_row(
            Text(row.name),
            f"{row.tasks:,}",
            _range(row.levels),
            _range(row.slots) + nodes,
            _range(row.retries).replace("-1", "no limit"),
            f"{row.inputs.files:,}",
            size(row.inputs.known_bytes) if row.inputs.files > row.inputs.unknown else "",
            f"{row.outputs:,}",
        )
    return table


def _range(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _show_levels(console: Console, plan: Plan) -> None:
    runs = level_runs(plan.graph)
    table = Table.grid("level", "tasks", padding=(0, 2))
    for run in runs[:MOST_LEVELS]:
        levels = f"level {run.first}" if run.first == run.last else f"levels {run.first} to {run.last}, each"
        table.add_row(levels, Text(", ".join(f"{count:,} {name}" for name, count in run.tasks.items())))
    console.print(table)
    if len(runs) > MOST_LEVELS:
        _say(console, f"and {counted(plan.graph.depth - runs[MOST_LEVELS - 1].last, 'level')} more (--json, --graph)")


def _chain(chain: Chain) -> str:
    steps = [
        f"{step.name} {step.first_id}"
        if step.tasks == 1
        else f"{step.tasks:,} {step.name} {step.first_id}..{step.last_id}"
        for step in chain.steps
    ]
    if len(steps) > MOST_STEPS:
        steps = [*steps[: MOST_STEPS - 1], f"{len(steps) - MOST_STEPS} more", steps[-1]]
    time = "" if chain.seconds is None else f", {hours(chain.seconds)}"
    return f"{counted(chain.tasks, 'task')}{time}: {' -> '.join(steps) or 'none'}"


def _volumes(plan: Plan) -> list[str]:
    inputs, sending = plan.inputs, plan.sending
    about = "about " if sending.is_estimate else ""
    unknown = f"; {counted(inputs.unknown, 'input')} not known here" if inputs.unknown else ""
    gates = f", {counted(plan.gates, 'gate')} of the framework among them" if plan.gates else ""
    return [
        f"inputs: {size(inputs.known_bytes)} brought to tasks from files on this machine{unknown}",
        f"submission: {counted(sending.uploads, 'upload')} of {size(sending.upload_bytes)}, then "
        f"{counted(sending.requests, 'request')} of {about}{size(sending.bytes)} that add the tasks{gates}",
    ]


def _estimate(found: Estimate) -> str:
    least = "at least " if found.is_at_least else ""
    words = f"{least}{found.task_hours:,.2f} hours of tasks"
    if found.machines is None or found.run is None:
        return f"{words} (--nodes N for more)"
    machines = found.machines
    kinds = [(machines.dedicated, "dedicated"), (machines.spot, "spot")]
    nodes = " and ".join(f"{number:,} {kind}" for number, kind in kinds if number)
    node = f"{nodes} {machines.vm_size or ''}".strip()
    busy = "" if found.busy is None else f", slots busy {found.busy:.0%} of it"
    return (
        f"{words}; {least}{hours(found.run.seconds)} on {node} node{'' if machines.nodes == 1 else 's'} with "
        f"{counted(machines.slots, 'slot')}, {found.node_hours or 0:,.2f} node-hours{busy}; "
        f"at most {counted(found.run.most_tasks, 'task')} on {counted(found.run.most_nodes, 'node')} at the same time"
    )


def _cost(cost: Cost) -> str:
    prices = cost.prices
    kinds = [(cost.on_dedicated, "dedicated"), (cost.on_spot, "spot")]
    others = " and ".join(f"{money(amount)} on {kind} nodes alone" for amount, kind in kinds if amount is not None)
    amount = "not known" if cost.amount is None else f"{money(cost.amount)} {prices.currency}"
    return f"{amount}{f'; {others}' if others else ''} (prices of {prices.region}, {prices.date})"


def money(amount: Decimal) -> str:
    """An amount, with more digits where it is small."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"


def hours(seconds: float) -> str:
    """A length of time in two units at most."""
    whole = round(seconds)
    for unit, name, small, small_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // small
            return f"{whole // unit} {name}" + (f" {rest} {small_name}" if rest else "")
    return f"{seconds:.3g} s"


def size(amount: int) -> str:
    """Bytes in the unit that fits."""
    number = float(amount)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
