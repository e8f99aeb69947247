"""Which tasks follow when failed ones are retried: those that were skipped because of them. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import is_canonical_number
from batch_manager.exit_codes import ExitCode
from batch_manager.gates import guarded_task_of
from batch_manager.unstarted import TASK_ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """What a retry leads to.

    Attributes:
        first: what was asked for and depends on nothing else of it.
        dependents: what was not asked for, but skipped because of it, the nearest first.
        blocked_by: of tasks that were asked for and would be skipped again: the failed tasks that they depend on and
            that were not asked for.
    """

    first: tuple[str, ...]
    dependents: tuple[str, ...]
    blocked_by: Mapping[str, tuple[str, ...]]


def plan_retry(asked: Sequence[str], unsuccessful: Sequence[TaskDetail]) -> RetryPlan:
    """Find out what a retry leads to.

    Args:
        asked: the tasks to retry, by id; those that run again already or have succeeded may be among them.
        unsuccessful: the job's tasks that ended without success, skipped ones among them.
    """
    by_id = {task.record.id: task for task in unsuccessful}
    graph = _Graph(asked, unsuccessful)
    reached = dict.fromkeys(asked)
    again = list(asked)
    for parent in again:
        for child in graph.children.get(parent, ()):
            if child not in reached and _is_held_back(by_id[child], by_id, reached.keys()):
                reached[child] = None
                again.append(child)
    blocked = {
        task_id: tuple(parent for parent in graph.parents.get(task_id, ()) if parent not in reached)
        for task_id in asked
        if task_id in by_id and was_skipped(by_id[task_id].record)
    }
    return RetryPlan(
        first=tuple(task_id for task_id in asked if not set(graph.parents.get(task_id, ())) & set(asked)),
        dependents=tuple(task_id for task_id in reached if task_id not in asked),
        blocked_by={task_id: parents for task_id, parents in blocked.items() if parents},
    )


def next_wave(
    wanted: Set[str], unsuccessful: Sequence[TaskDetail], not_ended: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of the wanted tasks that may run now, as all that they depend on has succeeded; and what the others depend
    on that has not ended yet, so that they may later."""
    parents, going = _Graph(not_ended, unsuccessful).parents, set(not_ended)
    left = {task_id: set(found) for task_id, found in parents.items() if task_id in wanted and task_id not in going}
    ready = tuple(task_id for task_id, found in left.items() if not found)
    return ready, tuple(sorted({parent for found in left.values() for parent in found & going}))


def left_behind(unsuccessful: Sequence[TaskDetail]) -> tuple[str, ...]:
    """The skipped tasks that depend on nothing that is without success any more: an earlier retry was interrupted
    before it came to them. What is there for failures alone, and was not needed, is among them."""
    parents = _Graph((), unsuccessful).parents
    return tuple(
        task.record.id
        for task in unsuccessful
        if was_skipped(task.record) and task.depends_on and not parents[task.record.id]
    )


def was_skipped(record: TaskRecord) -> bool:
    """Whether a task says that it was skipped, or failed before it could ask whether it may run."""
    ended = record.state is TaskState.COMPLETED and not record.succeeded
    return ended and (record.exit_code == ExitCode.SKIPPED or _never_began(record))


def _never_began(record: TaskRecord) -> bool:
    return record.exit_code is None and record.failure_code != TASK_ENDED


def _is_held_back(task: TaskDetail, by_id: Mapping[str, TaskDetail], reached: Set[str]) -> bool:
    """Whether a task did not run because of what it depends on: it was skipped, or a gate that was reached ended it."""
    if was_skipped(task.record):
        return True
    gates = (by_id[task_id].record for task_id in reached if task_id in by_id)
    return any(guarded_task_of(gate.display_name) == task.record.id for gate in gates)


class _Graph:
    """Who depends on whom, among the tasks that did not succeed and those that were asked for."""

    def __init__(self, asked: Sequence[str], unsuccessful: Sequence[TaskDetail]) -> None:
        ids = {*asked, *(task.record.id for task in unsuccessful)}
        self._by_name = {task_id.lower(): task_id for task_id in ids}
        self._numbers = sorted(int(task_id) for task_id in ids if is_canonical_number(task_id))
        self.parents = {task.record.id: tuple(self._parents(task)) for task in unsuccessful}
        self.children: dict[str, list[str]] = {}
        for child, parents in self.parents.items():
            for parent in parents:
                self.children.setdefault(parent, []).append(child)

    def _parents(self, task: TaskDetail) -> Iterator[str]:
        for name in task.depends_on.task_ids:
            if name.lower() in self._by_name:
                yield self._by_name[name.lower()]
        for span in task.depends_on.ranges:
            place = bisect_left(self._numbers, span.start)
            while place < len(self._numbers) and self._numbers[place] <= span.end:
                yield str(self._numbers[place])
                place += 1
