"""A plan: what a job would be, and what it would take. Pure, but for the sizes of the files that are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from batch_manager.compilation import default_display_name
from batch_manager.definitions import TaskDefinition
from batch_manager.gates import needs_gate
from batch_manager.naming import container_name
from batch_manager.planning.drawing import MOST_BOXES
from batch_manager.planning.estimating import Cost, Estimate, cost_of, estimate, whole_nodes
from batch_manager.planning.job_graph import JobGraph, build_graph
from batch_manager.planning.rehearsal import Rehearsal
from batch_manager.planning.request import PlanRequest
from batch_manager.planning.sending import Sending, measure_sending
from batch_manager.planning.volume import Inputs, file_sizes, measure_inputs, total_inputs
from batch_manager.specification import TaskSpecification

MOST_TYPES = 40
"""Names of tasks that are told apart; where commands have a name each, the rarest are one."""

OTHERS = "(others)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """The tasks of one type, or of one name.

    Attributes:
        name: the type's name, or the commands'; ``OTHERS`` for those that are too many.
        tasks: how many.
        levels: the first and the last that has one.
        slots: the fewest and the most that one takes.
        retries: the fewest and the most that one may have; -1 is without limit.
        nodes: the most that one takes for itself; 0 if each shares a node.
        inputs: of all of them.
        outputs: output files and patterns that all of them declare.
    """

    name: str
    tasks: int
    levels: tuple[int, int]
    slots: tuple[int, int]
    retries: tuple[int, int]
    nodes: int
    inputs: Inputs
    outputs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStep:
    """Tasks of one name that follow one another on a chain."""

    name: str
    tasks: int
    first_id: str
    last_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Tasks that wait for one another: no number of nodes makes the job shorter.

    Attributes:
        tasks: how many.
        steps: they themselves.
        seconds: how long they take together; None if nobody said.
    """

    tasks: int
    steps: tuple[ChainStep, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would be.

    Attributes:
        module: the workload's package.
        workload_type: its class.
        labels: what to call each of the first tasks, for a graph that has a box for each.
        graph: who waits for whom.
        rows: its tasks by type, in the order of their levels.
        gates: tasks of the framework that it would have besides, not counted in anything else.
        chain: the longest chain: by time where times are given, otherwise by number of tasks.
        sending: what a submission would send.
        estimate: how long it would take; None without times.
        cost: what it would cost; None without an estimate, nodes or prices.
        notes: what the figures do not say.
    """

    module: str
    workload_type: str
    labels: Sequence[str]
    graph: JobGraph
    rows: tuple[TypeRow, ...]
    gates: int
    chain: Chain
    sending: Sending
    estimate: Estimate | None
    cost: Cost | None
    notes: tuple[str, ...]

    @property
    def inputs(self) -> Inputs:
        """The inputs of all tasks."""
        return total_inputs(row.inputs for row in self.rows)


def make_plan(
    module: str,
    tried: Rehearsal,
    tasks: Sequence[TaskSpecification],
    asked: PlanRequest,
    *,
    body_length: Callable[[TaskDefinition], int],
    notes: Sequence[str] = (),
) -> Plan:
    """Plan a job in which the pre-flight has found nothing.

    Args:
        module: the workload's package.
        tried: how the job was tried out.
        tasks: what its job manager added.
        asked: the nodes, times and prices to go by.
        body_length: the bytes of a task as it is sent.
        notes: what is not known already.

    Raises:
        InputError: a time is given for a name that no task has, or a task does not fit the nodes.
    """
    names = _shown_names(tasks)
    graph = build_graph(tasks, [names[task.task_name] for task in tasks])
    estimated, seconds = estimate(graph, tasks, asked)
    sizes = file_sizes(tried.files)
    cost = None if estimated is None else cost_of(estimated, asked.prices)
    return Plan(
        module=module,
        workload_type=tried.workload_type or module,
        labels=[task.display_name or default_display_name(task) for task in tasks[:MOST_BOXES]],
        graph=graph,
        rows=_rows(graph, tasks, measure_inputs(container_name(tried.frame.job_id), sizes)),
        gates=sum(needs_gate(task, has_time_limit=tried.frame.has_time_limit) for task in tasks),
        chain=_chain(graph, tasks, seconds),
        sending=measure_sending(tried.frame, tasks, list(sizes.values()), body_length),
        estimate=estimated,
        cost=cost,
        notes=(*notes, *(() if estimated is None else estimated.notes), *(() if cost is None else cost.notes)),
    )


def _shown_names(tasks: Sequence[TaskSpecification]) -> Mapping[str, str]:
    counts = Counter(task.task_name for task in tasks)
    kept = {name for name, _ in counts.most_common(MOST_TYPES)}
    return {name: name if name in kept else OTHERS for name in counts}


def _rows(
    graph: JobGraph, tasks: Sequence[TaskSpecification], inputs_of: Callable[[TaskSpecification], Inputs]
) -> tuple[TypeRow, ...]:
    members: dict[str, list[int]] = {}
    for number, name in enumerate(graph.names):
        members.setdefault(name, []).append(number)
    rows = [_row(name, numbers, graph, tasks, inputs_of) for name, numbers in members.items()]
    return tuple(sorted(rows, key=lambda row: row.levels))


def _row(
    name: str,
    numbers: Sequence[int],
    graph: JobGraph,
    tasks: Sequence[TaskSpecification],
    inputs_of: Callable[[TaskSpecification], Inputs],
) -> TypeRow:
    own = [tasks[number] for number in numbers]
    return TypeRow(
        name=name,
        tasks=len(own),
        levels=_span(graph.levels[number] for number in numbers),
        slots=_span(task.required_slots for task in own),
        retries=_span(map(_retries, own)),
        nodes=max(whole_nodes(task) for task in own),
        inputs=total_inputs(inputs_of(task) for task in own),
        outputs=sum(len(task.output_files) for task in own),
    )


def _chain(graph: JobGraph, tasks: Sequence[TaskSpecification], seconds: Sequence[float]) -> Chain:
    is_timed = any(seconds)
    numbers = graph.longest_chain(seconds if is_timed else [1.0] * graph.size)
    steps = []
    for name, group in groupby(numbers, key=graph.names.__getitem__):
        own = list(group)
        steps.append(ChainStep(name=name, tasks=len(own), first_id=tasks[own[0]].id, last_id=tasks[own[-1]].id))
    return Chain(
        tasks=len(numbers),
        steps=tuple(steps),
        seconds=sum(seconds[number] for number in numbers) if is_timed else None,
    )


def _retries(task: TaskSpecification) -> int:
    return task.retry.max_retries if task.retry is not None else task.constraints.max_task_retry_count or 0


def _span(values: Iterable[int]) -> tuple[int, int]:
    found = list(values)
    return min(found), max(found)
