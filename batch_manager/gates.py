"""Gates: tasks of the framework that stand before a task whose own process cannot ask how its parents ended. Pure.

A gate depends on the parents and the guarded task on its gate alone. If the rule is not met the gate ends the guarded
task while that still waits; then the gate itself ends as skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from batch_manager.dependencies import MAX_RANGE_NUMBER, DependencyRule, TaskDependencies, compress, expand
from batch_manager.specification import RetryPolicy, TaskSpecification

GATE_DISPLAY_NAME = "gate of task "
"""What the display name of every gate begins with; the id of the guarded task follows."""

GATE_RETRY = RetryPolicy(
    max_retries=10, exceptions=(BaseException,), delay=timedelta(seconds=10), max_delay=timedelta(minutes=5)
)
"""How a gate is tried again that could not ask or could not end its task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """Which tasks of a job have a gate before them.

    Attributes:
        gate_ids: the id of the gate, by the id of the task it guards.
    """

    gate_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def gates(self) -> TaskDependencies:
        """The gates, as ``FinalizeInputs`` takes them: one range."""
        return compress(self.gate_ids.values())

    @property
    def guarded(self) -> TaskDependencies:
        """The tasks they guard, likewise."""
        return compress(self.gate_ids)


def plan_gates(tasks: Iterable[TaskSpecification], *, has_time_limit: bool) -> GatePlan:
    """Number the gates that a job needs, after the largest number among its tasks' ids, in the order of ``expand``.

    The same tasks give the same plan, so that a job manager that is restarted adds the same gates.

    Args:
        tasks: all tasks of the job.
        has_time_limit: whether the job must end by itself at some time: what cannot look at the clock itself then has
            a gate too.
    """
    largest = 0
    guarded = []
    for task in tasks:
        if task.id.isascii() and task.id.isdecimal() and int(task.id) <= MAX_RANGE_NUMBER:
            largest = max(largest, int(task.id))  # "03" too: a range takes it for 3
        if needs_gate(task, has_time_limit=has_time_limit):
            guarded.append(task.id)
    return GatePlan(gate_ids={task_id: str(largest + n) for n, task_id in enumerate(expand(compress(guarded)), 1)})


def pair(gates: TaskDependencies, guarded: TaskDependencies) -> dict[str, str]:
    """The id of the task that each gate guards, by the id of the gate; the reverse of ``GatePlan``."""
    return dict(zip(expand(gates), expand(guarded), strict=True))


def needs_gate(task: TaskSpecification, *, has_time_limit: bool) -> bool:
    """Whether somebody else has to ask for this task whether it may run."""
    if task.carries_check:
        return False
    has_rule = bool(task.dependencies) and task.run_when is not DependencyRule.ALL_ENDED
    return has_rule or has_time_limit


def guarded_task_of(display_name: str | None) -> str | None:
    """The id of the task that a gate guards, from the gate's display name; None if it is no gate's."""
    if display_name is None or not display_name.startswith(GATE_DISPLAY_NAME):
        return None
    return display_name.removeprefix(GATE_DISPLAY_NAME)
