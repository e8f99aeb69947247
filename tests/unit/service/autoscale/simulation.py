"""A pool over a day: tasks come and go, nodes start and are preempted, a formula sets the targets. Pure.

Samples are taken every 30 seconds and seen a minute late, the formula is evaluated every 5 minutes, a node takes 3
minutes to start, and nodes leave when their tasks have ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dispatcher.service.autoscale import (
    SAMPLE_PERIOD,
    Context,
    Evaluation,
    Metrics,
    SampleHistory,
    evaluate,
    parse_formula,
    record,
)

DAWN = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""

EVALUATION_INTERVAL = timedelta(minutes=5)
SAMPLE_DELAY = timedelta(minutes=1)
NODE_START = timedelta(minutes=3)
SLOTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Tasks that are submitted together.

    Attributes:
        at: the time of day.
        tasks: how many.
        length: how long each of them runs.
    """

    at: timedelta
    tasks: int
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Preemption:
    """Azure takes spot nodes away for a while: every second one that is there."""

    at: timedelta
    until: timedelta


def _arrival(hour: int, minute: int, tasks: int, length: int) -> Arrival:
    return Arrival(at=timedelta(hours=hour, minutes=minute), tasks=tasks, length=timedelta(minutes=length))


ARRIVALS = (
    _arrival(0, 30, 4, 20),
    _arrival(8, 15, 40, 10),
    _arrival(9, 0, 120, 8),
    _arrival(10, 30, 16, 30),
    _arrival(13, 0, 200, 5),
    _arrival(15, 20, 60, 45),
    _arrival(18, 40, 8, 90),
    _arrival(22, 0, 2, 15),
)
PREEMPTIONS = (
    Preemption(at=timedelta(hours=9, minutes=12), until=timedelta(hours=9, minutes=40)),
    Preemption(at=timedelta(hours=15, minutes=45), until=timedelta(hours=17)),
)


@dataclass(slots=True, kw_only=True, eq=False)
class _Task:
    arrived: timedelta
    length: timedelta
    ends: timedelta = timedelta(0)
    started: timedelta | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class _Node:
    spot: bool
    ready: timedelta
    leaving: bool = False
    back: timedelta | None = None
    tasks: list[_Task] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The pool after an evaluation.

    Attributes:
        at: the time of day.
        pending: tasks that wait or run.
        running: tasks that run.
        dedicated: dedicated nodes that are there, starting and leaving ones too.
        spot: the same of spot nodes, without preempted ones.
        preempted: spot nodes that are away.
        evaluation: what the formula said.
    """

    at: timedelta
    pending: int
    running: int
    dedicated: int
    spot: int
    preempted: int
    evaluation: Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a formula made of the day.

    Attributes:
        moments: one for each evaluation.
        done: tasks that ended.
        killed: runs of tasks that a preemption cut off.
        longest_wait: from a task's arrival to its first start.
        mean_wait: the same, over all tasks that started.
        node_hours: dedicated and spot, as they would be paid: preempted nodes cost nothing.
    """

    moments: tuple[Moment, ...]
    done: int
    killed: int
    longest_wait: timedelta
    mean_wait: timedelta
    node_hours: tuple[float, float]


def simulate(text: str) -> Day:
    """Run a formula over the day."""
    return _Pool(text).run()


class _Pool:
    def __init__(self, text: str) -> None:
        self._formula = parse_formula(text)
        self._nodes: list[_Node] = []
        self._queue: deque[_Task] = deque()
        self._history = SampleHistory()
        self._targets = {False: 0, True: 0}
        self._ended: list[_Task] = []
        self._killed = 0
        self._seconds = {False: 0.0, True: 0.0}
        self._moments: list[Moment] = []

    def run(self) -> Day:
        for now in _times():
            self._end_tasks(now)
            self._preempt(now)
            self._queue.extend(_arriving(now))
            self._start_tasks(now)
            self._count(now)
        started = [task for task in [*self._ended, *self._running()] if task.started is not None]
        waits = [task.started - task.arrived for task in started if task.started is not None]
        return Day(
            moments=tuple(self._moments),
            done=len(self._ended),
            killed=self._killed,
            longest_wait=max(waits),
            mean_wait=sum(waits, timedelta(0)) / len(waits),
            node_hours=(self._seconds[False] / 3600, self._seconds[True] / 3600),
        )

    def _running(self) -> list[_Task]:
        return [task for node in self._nodes for task in node.tasks]

    def _end_tasks(self, now: timedelta) -> None:
        for node in self._nodes:
            self._ended += [task for task in node.tasks if task.ends <= now]
            node.tasks = [task for task in node.tasks if task.ends > now]
        self._nodes = [node for node in self._nodes if node.tasks or not node.leaving]

    def _preempt(self, now: timedelta) -> None:
        for preemption in PREEMPTIONS:
            if preemption.at == now:
                self._take_away([node for node in self._nodes if node.spot][::2], preemption.until)
        for node in self._nodes:
            if node.back is not None and node.back <= now:
                node.back, node.ready = None, now + NODE_START

    def _take_away(self, nodes: list[_Node], until: timedelta) -> None:
        for node in nodes:
            self._queue.extendleft(node.tasks)
            self._killed += len(node.tasks)
            node.back, node.tasks = until, []

    def _start_tasks(self, now: timedelta) -> None:
        for node in self._nodes:
            if node.leaving or node.back is not None or node.ready > now:
                continue
            while self._queue and len(node.tasks) < SLOTS:
                task = self._queue.popleft()
                task.started, task.ends = task.started or now, now + task.length
                node.tasks.append(task)

    def _count(self, now: timedelta) -> None:
        for node in self._nodes:
            if node.back is None:
                self._seconds[node.spot] += SAMPLE_PERIOD.total_seconds()
        metrics = self._metrics()
        self._history = record(self._history, DAWN + now, metrics)
        if now % EVALUATION_INTERVAL == timedelta(0):
            self._evaluate(now, metrics)

    def _metrics(self) -> Metrics:
        return Metrics(
            active_tasks=len(self._queue),
            running_tasks=len(self._running()),
            succeeded_tasks=len(self._ended),
            failed_tasks=0,
            current_dedicated_nodes=sum(not node.spot for node in self._nodes),
            current_low_priority_nodes=sum(node.spot for node in self._nodes),
            preempted_node_count=sum(node.back is not None for node in self._nodes),
            task_slots_per_node=SLOTS,
        )

    def _evaluate(self, now: timedelta, metrics: Metrics) -> None:
        context = Context(
            now=DAWN + now,
            target_dedicated=self._targets[False],
            target_low_priority=self._targets[True],
            metrics=metrics,
            history=self._history,
            sample_delay=SAMPLE_DELAY,
        )
        evaluation = evaluate(self._formula, context)
        for spot, target in ((False, evaluation.target_dedicated), (True, evaluation.target_low_priority)):
            if target is not None:
                self._targets[spot] = target
                self._resize(now, spot, target)
        self._moments.append(self._moment(now, evaluation))

    def _resize(self, now: timedelta, spot: bool, target: int) -> None:
        staying = [node for node in self._nodes if node.spot is spot and not node.leaving]
        for node in sorted(staying, key=lambda node: len(node.tasks))[: max(0, len(staying) - target)]:
            node.leaving = True
        self._nodes += [_Node(spot=spot, ready=now + NODE_START) for _ in range(target - len(staying))]
        self._nodes = [node for node in self._nodes if node.tasks or not node.leaving]

    def _moment(self, now: timedelta, evaluation: Evaluation) -> Moment:
        running = len(self._running())
        return Moment(
            at=now,
            pending=running + len(self._queue),
            running=running,
            dedicated=sum(not node.spot for node in self._nodes),
            spot=sum(node.spot and node.back is None for node in self._nodes),
            preempted=sum(node.back is not None for node in self._nodes),
            evaluation=evaluation,
        )


def _times() -> Iterator[timedelta]:
    for step in range(timedelta(days=1) // SAMPLE_PERIOD):
        yield step * SAMPLE_PERIOD


def _arriving(now: timedelta) -> Iterator[_Task]:
    for arrival in ARRIVALS:
        if arrival.at == now:
            yield from (_Task(arrived=now, length=arrival.length) for _ in range(arrival.tasks))
