"""How long a job would take, and what that would cost. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from batch_manager.errors import InputError
from batch_manager.planning.job_graph import JobGraph
from batch_manager.planning.request import Durations, Machines, PlanRequest
from batch_manager.planning.simulation import Demand, Run, TooSmallError, simulate
from batch_manager.prices import Prices
from batch_manager.specification import TaskSpecification

_SECONDS_OF_AN_HOUR = 3600
_NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How long a job would take.

    Attributes:
        task_hours: of all tasks together, each by itself.
        is_at_least: whether some tasks have no time, and are counted as none.
        machines: the nodes; None if none were named.
        run: how it went on them; None likewise.
        notes: what it does not say.
    """

    task_hours: float
    is_at_least: bool
    machines: Machines | None
    run: Run | None
    notes: tuple[str, ...]

    @property
    def node_hours(self) -> float | None:
        """Hours of all nodes together, from the job's first task to its last; None without nodes."""
        if self.run is None or self.machines is None:
            return None
        return self.machines.nodes * self.run.seconds / _SECONDS_OF_AN_HOUR

    @property
    def busy(self) -> float | None:
        """Which part of that time the slots have something to do; None without nodes, or if it takes no time."""
        if self.run is None or self.machines is None or not self.run.seconds:
            return None
        return self.run.busy_slot_seconds / (self.run.seconds * self.machines.nodes * self.machines.slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the nodes would cost.

    Attributes:
        prices: the file's.
        vm_size: of the nodes.
        amount: for the dedicated and spot nodes that were asked for; None if a price is missing.
        on_dedicated: if all nodes were dedicated; None if the file has no such price.
        on_spot: if all were spot nodes, and none was taken away; None likewise.
        notes: which price is missing.
    """

    prices: Prices
    vm_size: str
    amount: Decimal | None
    on_dedicated: Decimal | None
    on_spot: Decimal | None
    notes: tuple[str, ...]


def estimate(
    graph: JobGraph, tasks: Sequence[TaskSpecification], asked: PlanRequest
) -> tuple[Estimate | None, Sequence[float]]:
    """How long the tasks would take, and the seconds of each; without times None, and nothing for each.

    Raises:
        InputError: a time is given for a name that no task has, or a task does not fit the nodes.
    """
    if not asked.durations:
        return None, array("d", [0]) * graph.size
    _refuse_unknown(asked.durations, tasks)
    given = {name: asked.durations.seconds(name) for name in dict.fromkeys(task.task_name for task in tasks)}
    unknown = [name for name, seconds in given.items() if seconds is None]
    seconds = array("d", (given[task.task_name] or 0 for task in tasks))
    notes: tuple[str, ...] = ()
    if unknown:
        notes = (f"no time is known of {_listed(unknown)} (--minutes-per-task NAME=M): counted as none",)
    run = None if asked.machines is None else _run(graph, tasks, seconds, asked.machines)
    found = Estimate(
        task_hours=sum(seconds) / _SECONDS_OF_AN_HOUR,
        is_at_least=bool(unknown),
        machines=None if run is None else asked.machines,
        run=run,
        notes=notes,
    )
    return found, seconds


def whole_nodes(task: TaskSpecification) -> int:
    """How many nodes a task has for itself; 0 if it shares one."""
    return 0 if task.multi_instance is None else task.multi_instance.number_of_instances


def cost_of(found: Estimate, prices: Prices | None) -> Cost | None:
    """What an estimate costs; None without prices, nodes or the size of the nodes."""
    machines, hours = found.machines, found.node_hours
    if prices is None or machines is None or hours is None or machines.vm_size is None:
        return None
    an_hour = {spot: prices.hourly(machines.vm_size, spot) for spot in (False, True)}
    each = Decimal(repr(hours)) / machines.nodes
    wanted = [(machines.dedicated, an_hour[False], "dedicated"), (machines.spot, an_hour[True], "spot")]
    missing = [kind for nodes, price, kind in wanted if nodes and price is None]
    amount = sum((each * nodes * price for nodes, price, _ in wanted if price is not None), Decimal(0))
    return Cost(
        prices=prices,
        vm_size=machines.vm_size,
        amount=None if missing else amount,
        on_dedicated=_times(an_hour[False], each * machines.nodes),
        on_spot=_times(an_hour[True], each * machines.nodes),
        notes=tuple(f"the price file does not say what a {kind} {machines.vm_size} costs" for kind in missing),
    )


def _times(price: Decimal | None, hours: Decimal) -> Decimal | None:
    return None if price is None else price * hours


def _run(
    graph: JobGraph, tasks: Sequence[TaskSpecification], seconds: Sequence[float], machines: Machines
) -> Run | None:
    if not machines.nodes:
        return None
    demand = Demand(
        seconds=seconds,
        slots=array("q", (task.required_slots for task in tasks)),
        nodes=array("q", map(whole_nodes, tasks)),
    )
    try:
        return simulate(graph, demand, nodes=machines.nodes, slots=machines.slots)
    except TooSmallError as error:
        task = tasks[error.task]
        wants = f"{whole_nodes(task)} nodes" if whole_nodes(task) else f"{task.required_slots} slots of a node"
        raise InputError(
            f"task {task.id!r} ({task.task_name}) takes {wants}, and the plan is for {machines.nodes} nodes with "
            f"{machines.slots} slots: give more with --nodes or --slots"
        ) from None


def _refuse_unknown(durations: Durations, tasks: Sequence[TaskSpecification]) -> None:
    known = dict.fromkeys(task.task_name for task in tasks)
    unknown = [name for name in durations.by_type if name not in known]
    if unknown:
        raise InputError(
            f"--minutes-per-task names {unknown[0]!r}, and the job has no such task; it has {_listed(list(known))}"
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(names[:_NAMES_SHOWN]) or "no tasks") + more
