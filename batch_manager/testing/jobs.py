"""A job of the account in memory, and its tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from batch_manager.definitions import (
    AddStatus,
    JobDefinition,
    JobRecord,
    JobState,
    PreparationRecord,
    TaskAddResult,
    TaskDefinition,
    TaskDetail,
    TaskQuery,
    TaskRecord,
    TaskState,
)
from batch_manager.dependencies import MAX_IDS_LENGTH
from batch_manager.errors import ServiceError
from batch_manager.exit_codes import ExitCode
from batch_manager.testing.refusals import missing, refuse_wrong_id


class Job:
    """A job and its tasks, by lower-case id."""

    def __init__(self, definition: JobDefinition, now: datetime) -> None:
        self.definition = definition
        self.record = JobRecord(
            id=definition.id,
            state=JobState.ACTIVE,
            creation_time=now,
            pool_id=definition.pool_id,
            metadata=dict(definition.metadata),
            common_environment=dict(definition.common_environment),
        )
        self.tasks: dict[str, TaskDefinition] = {}
        self.records: dict[str, TaskRecord] = {}
        self.preparation: tuple[PreparationRecord, ...] = ()
        self.completes_with_tasks = False
        self.put(definition.job_manager)

    def put(self, task: TaskDefinition) -> None:
        """Hold a new task."""
        key = task.id.lower()
        self.tasks[key] = task
        self.records[key] = TaskRecord(
            id=task.id,
            state=TaskState.ACTIVE,
            display_name=task.display_name,
            required_slots=task.required_slots,
            max_wall_clock_time=task.constraints.max_wall_clock_time,
        )

    def add(self, task: TaskDefinition) -> TaskAddResult:
        """Hold a new task, or say why not, as Batch does for each task of a collection."""
        operation = f"add task {task.id!r} to job {self.record.id!r}"
        try:
            refuse_wrong_id(task.id, "task id", operation)
        except ServiceError as error:
            return _refused(task, str(error.code), str(error))
        if task.id.lower() in self.tasks:
            return _refused(task, "TaskExists", "The specified task already exists.")
        if task.depends_on.ids_length > MAX_IDS_LENGTH:
            return _refused(task, "TaskDependencyListTooLong", "The list of task ids is too long.")
        self.put(task)
        return TaskAddResult(task_id=task.id, status=AddStatus.SUCCESS)

    def task_record(self, task_id: str, operation: str) -> TaskRecord:
        """The task; ``NotFoundError`` if there is none."""
        try:
            return self.records[task_id.lower()]
        except KeyError:
            raise missing(operation, "TaskNotFound") from None

    def detail(self, record: TaskRecord) -> TaskDetail:
        """The task with what it was added with."""
        definition = self.tasks[record.id.lower()]
        return TaskDetail(
            record=record,
            command_line=definition.command_line,
            definition=None if definition is self.definition.job_manager else definition.digest(),
            environment=dict(definition.environment),
            depends_on=definition.depends_on,
        )

    def change(self, record: TaskRecord) -> None:
        """Put another record in the place of a task's."""
        self.records[record.id.lower()] = record

    def end(self, record: TaskRecord, now: datetime) -> None:
        """End a task on request; one that has ended stays as it is."""
        if record.state is not TaskState.COMPLETED:
            self.change(
                replace(
                    record,
                    state=TaskState.COMPLETED,
                    succeeded=False,
                    failure_code="TaskEnded",
                    failure_message="Task Was Ended by User Request",
                    end_time=now,
                )
            )

    def complete(self, reason: str) -> None:
        """End the job."""
        self.record = replace(self.record, state=JobState.COMPLETED, terminate_reason=reason)

    def complete_if_done(self) -> None:
        """End the job if it was told to with its tasks, and they have ended."""
        ended = all(record.state is TaskState.COMPLETED for record in self.records.values())
        if self.completes_with_tasks and ended and self.record.state is JobState.ACTIVE:
            self.complete("AllTasksComplete")


def matches(record: TaskRecord, query: TaskQuery | None) -> bool:
    """Whether a task is in the list that is asked for."""
    if query is None:
        return True
    if query is TaskQuery.UNSUCCESSFUL:
        return record.succeeded is False
    if query is TaskQuery.SKIPPED:
        return record.exit_code == ExitCode.SKIPPED
    return record.state is not TaskState.COMPLETED


def _refused(task: TaskDefinition, code: str, message: str) -> TaskAddResult:
    return TaskAddResult(task_id=task.id, status=AddStatus.CLIENT_ERROR, code=code, message=message)
