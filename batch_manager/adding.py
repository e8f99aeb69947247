"""Adds many tasks to a job for good: the step that a lost reply, a busy service or a kill may interrupt anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from batch_manager.client import BatchClient
from batch_manager.definitions import MAX_TASKS_PER_REQUEST, AddStatus, TaskDefinition
from batch_manager.errors import BusyError, ConflictError, ServiceError


def add_all(client: BatchClient, job_id: str, definitions: Iterable[TaskDefinition]) -> int:
    """Add tasks to a job, and return how many there are. What is there and the same counts as added.

    Raises:
        ConflictError: the job has another task with one of the ids.
        ServiceError: Batch refused a task, or could not be asked; some tasks may have been added.
    """
    count = 0
    for chunk in _chunks(definitions):
        _add(client, job_id, chunk)
        count += len(chunk)
    return count


def _chunks(definitions: Iterable[TaskDefinition]) -> Iterator[list[TaskDefinition]]:
    source = iter(definitions)
    while chunk := list(islice(source, MAX_TASKS_PER_REQUEST)):
        yield chunk


def _add(client: BatchClient, job_id: str, tasks: Sequence[TaskDefinition]) -> None:
    try:
        results = client.add_tasks(job_id, tasks)
    except ServiceError as error:
        if error.status != 413 or len(tasks) == 1:
            raise
        middle = len(tasks) // 2
        _add(client, job_id, tasks[:middle])
        _add(client, job_id, tasks[middle:])
        return
    by_id = {task.id: task for task in tasks}
    for result in results:
        operation = f"add task {result.task_id!r} to job {job_id!r}"
        if result.code == "TaskExists":
            _compare(client, job_id, by_id[result.task_id], operation)
        elif result.status is AddStatus.SERVER_ERROR:
            raise BusyError(f"{operation}: {result.message}", operation=operation, status=503, code=result.code)
        elif result.status is AddStatus.CLIENT_ERROR:
            message = f"{operation}: {result.message} (code {result.code})"
            raise ServiceError(message, operation=operation, status=400, code=result.code)


def _compare(client: BatchClient, job_id: str, task: TaskDefinition, operation: str) -> None:
    existing = client.get_task(job_id, task.id)
    if existing.definition != task.digest():
        message = f"{operation}: {task.conflict(existing.command_line)}"
        raise ConflictError(message, operation=operation, status=409, code="TaskExists")
