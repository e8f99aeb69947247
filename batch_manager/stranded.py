"""What a job holds whose tasks were not all added, and which of it would wait for ever. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from batch_manager.command_line import decode_line
from batch_manager.definitions import TaskDetail, TaskState
from batch_manager.dependencies import TaskDependencies, is_canonical_number


class AddedTasks:
    """What a job holds when its job manager gives up, and which of it can never run.

    Args:
        details: all tasks of the job.
    """

    def __init__(self, details: Iterable[TaskDetail]) -> None:
        self.display_names: dict[str, str | None] = {}
        """By id, for every task of the job."""
        self.plain: list[str] = []
        """The tasks that Batch runs as they are, with no process of ours."""
        self._waiting: list[tuple[str, TaskDependencies]] = []
        numbers: list[int] = []
        for detail in details:
            record = detail.record
            self.display_names[record.id] = record.display_name
            if decode_line(detail.command_line or "") is None:
                self.plain.append(record.id)
            if is_canonical_number(record.id):
                numbers.append(int(record.id))
            if detail.depends_on and record.state is TaskState.ACTIVE:
                self._waiting.append((record.id, detail.depends_on))
        self._numbers = sorted(numbers)
        self._names = {task_id.lower() for task_id in self.display_names}

    @property
    def stranded(self) -> list[str]:
        """The ids of the tasks that wait for at least one that is not there. Their own dependents are not among
        them: those go once these were ended."""
        return [task_id for task_id, depends_on in self._waiting if not self._has_all(depends_on)]

    def _has_all(self, depends_on: TaskDependencies) -> bool:
        return all(task_id.lower() in self._names for task_id in depends_on.task_ids) and all(
            self._count(span.start, span.end) == span.end - span.start + 1 for span in depends_on.ranges
        )

    def _count(self, start: int, end: int) -> int:
        return bisect_right(self._numbers, end) - bisect_left(self._numbers, start)
