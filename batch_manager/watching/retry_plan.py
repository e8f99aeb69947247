"""Which tasks run again when failed ones are retried, and in which order. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batch_manager.definitions import TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import is_canonical_number
from batch_manager.exit_codes import ExitCode
from batch_manager.gates import guarded_task_of
from batch_manager.unstarted import TASK_ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """What is to be reactivated.

    Attributes:
        waves: a task of a wave depends on none of the same or of a later one.
        dependents: what was not asked for, but skipped because of it.
        blocked_by: of tasks that were asked for and would be skipped again: the failed tasks that they depend on and
            that were not asked for.
    """

    waves: tuple[tuple[str, ...], ...]
    dependents: tuple[str, ...]
    blocked_by: Mapping[str, tuple[str, ...]]


def plan_retry(asked: Sequence[str], unsuccessful: Sequence[TaskDetail]) -> RetryPlan:
    """Plan a retry: what was asked for, and what was skipped because of it.

    A task that is reactivated while one that it depends on is still counted as ended would begin at once and be skipped
    again; so a task comes after everything of the plan that it depends on.

    Args:
        asked: the tasks to retry, by id; those that run again already may be among them.
        unsuccessful: the job's tasks that ended without success, skipped ones among them.
    """
    by_id = {task.record.id: task for task in unsuccessful}
    graph = _Graph(asked, unsuccessful)
    depth = dict.fromkeys(asked, 0)
    again = list(asked)
    while again:
        parent = again.pop()
        below = depth[parent] + 1
        for child in graph.children.get(parent, ()):
            is_known = child in depth or _is_held_back(by_id[child], by_id, depth)
            if is_known and depth.get(child, -1) < below <= len(by_id):
                depth[child] = below
                again.append(child)
    blocked = {
        task_id: tuple(parent for parent in graph.parents.get(task_id, ()) if parent not in depth)
        for task_id in asked
        if task_id in by_id and was_skipped(by_id[task_id].record)
    }
    levels = range(max(depth.values(), default=-1) + 1)
    return RetryPlan(
        waves=tuple(tuple(task_id for task_id in depth if depth[task_id] == level) for level in levels),
        dependents=tuple(task_id for task_id in depth if task_id not in asked),
        blocked_by={task_id: parents for task_id, parents in blocked.items() if parents},
    )


def was_skipped(record: TaskRecord) -> bool:
    """Whether a task says that it was skipped, or failed before it could ask whether it may run."""
    ended = record.state is TaskState.COMPLETED and not record.succeeded
    return ended and (record.exit_code == ExitCode.SKIPPED or _never_began(record))


def _never_began(record: TaskRecord) -> bool:
    return record.exit_code is None and record.failure_code != TASK_ENDED


def _is_held_back(task: TaskDetail, by_id: Mapping[str, TaskDetail], depth: Mapping[str, int]) -> bool:
    """Whether a task did not run because of what it depends on: it was skipped, or a gate of the plan ended it."""
    if was_skipped(task.record):
        return True
    gates = (by_id[task_id].record for task_id in depth if task_id in by_id)
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
