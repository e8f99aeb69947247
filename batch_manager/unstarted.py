"""Tasks that would have been skipped, had they begun: Batch brings a task's input files before its process starts, so
one whose parents failed to write them fails before it can ask how they ended. To Batch a failure, here a skip. And the
reverse: tasks that only say that they were skipped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from batch_manager import environment
from batch_manager.client import BatchClient
from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.dependencies import DependencyRule, decode_ids, is_canonical_number
from batch_manager.errors import UsageError
from batch_manager.exit_codes import ExitCode

TASK_ENDED = "TaskEnded"
"""Batch's code for a task that was ended from outside: that is no skip."""

ASKED_ONE_BY_ONE = 100
"""Above so many tasks, all of the job are listed with their settings."""

PARALLEL_REQUESTS = 8


def told_as_skipped(client: BatchClient, job_id: str, records: Iterable[TaskRecord]) -> Iterator[TaskRecord]:
    """The records, in another order, with ``ExitCode.SKIPPED`` for tasks that never began and whose rule says that
    they should not have. Memory grows with the tasks that did not succeed."""
    unsuccessful: list[str] = []
    held: list[TaskRecord] = []
    for record in records:
        if record.succeeded is False:
            unsuccessful.append(record.id)
        if _never_began(record):
            held.append(record)
        else:
            yield record
    if held:
        ended_badly = _Ids(unsuccessful)
        for record, settings in _with_settings(client, job_id, held):
            is_skip = not _rule_is_met(settings, ended_badly)
            yield replace(record, exit_code=int(ExitCode.SKIPPED)) if is_skip else record


def told_as_failed(client: BatchClient, job_id: str, records: Iterable[TaskRecord]) -> Iterator[TaskRecord]:
    """The records, in another order, with ``ExitCode.FAILED`` for tasks that say that they were skipped and whose rule
    let them run: a process may end with any code, past all that would make another of it (``os._exit``)."""
    unsuccessful: list[str] = []
    held: list[TaskRecord] = []
    for record in records:
        if record.succeeded is False:
            unsuccessful.append(record.id)
        if record.state is TaskState.COMPLETED and record.exit_code == ExitCode.SKIPPED:
            held.append(record)
        else:
            yield record
    if held:
        ended_badly = _Ids(unsuccessful)
        for record, settings in _with_settings(client, job_id, held):
            is_failure = _rule_is_met(settings, ended_badly)
            yield replace(record, exit_code=int(ExitCode.FAILED)) if is_failure else record


def _never_began(record: TaskRecord) -> bool:
    ended = record.state is TaskState.COMPLETED and record.succeeded is False
    return ended and record.exit_code is None and record.failure_code != TASK_ENDED


def _with_settings(
    client: BatchClient, job_id: str, held: list[TaskRecord]
) -> Iterator[tuple[TaskRecord, Mapping[str, str]]]:
    if len(held) > ASKED_ONE_BY_ONE:
        wanted = {record.id: record for record in held}
        for detail in client.list_task_details(job_id):
            if detail.record.id in wanted:
                yield wanted[detail.record.id], detail.environment
        return
    with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
        details = pool.map(lambda record: client.get_task(job_id, record.id), held)
        yield from ((record, detail.environment) for record, detail in zip(held, details, strict=True))


def _rule_is_met(settings: Mapping[str, str], ended_badly: _Ids) -> bool:
    try:
        parents = decode_ids(settings.get(environment.DEPENDS_ON, ""))
        rule = DependencyRule(settings.get(environment.RULE) or DependencyRule.ALL_SUCCEEDED.value)
    except (UsageError, ValueError):
        return True  # somebody else's task
    if not parents:
        return True
    found = any(ended_badly.has_between(span.start, span.end) for span in parents.ranges)
    return rule.lets_run(int(found or any(name in ended_badly for name in parents.task_ids)))


class _Ids:
    """Ids, quickly looked up however many they are."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._names = {task_id.lower() for task_id in ids}
        self._numbers = sorted(int(task_id) for task_id in self._names if is_canonical_number(task_id))

    def __contains__(self, task_id: str) -> bool:
        return task_id.lower() in self._names

    def has_between(self, start: int, end: int) -> bool:
        """Whether a number from ``start`` to ``end`` is among them."""
        place = bisect_left(self._numbers, start)
        return place < len(self._numbers) and self._numbers[place] <= end
