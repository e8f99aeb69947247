"""Fakes for a workload's own unit tests: a Batch account and a storage account in memory.

They refuse what Azure refuses, with Azure's status and code, and pass the same contract suite as the real client.
They run
nothing: a test ends tasks with ``end_task``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from batch_manager.client import BlobStorage
from batch_manager.definitions import (
    MAX_TASKS_PER_REQUEST,
    JobDefinition,
    JobRecord,
    JobState,
    PoolDefinition,
    TaskCounts,
    TaskDefinition,
    TaskQuery,
    TaskRecord,
    TaskState,
)
from batch_manager.dependencies import MAX_IDS_LENGTH
from batch_manager.errors import ConflictError, NotFoundError, ServiceError
from batch_manager.exit_codes import ExitCode
from batch_manager.limits import CONTAINER_NAME, check_id

TEST_IDENTITY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
)


class InMemoryBlobStorage:
    """A ``BlobStorage`` in a dictionary."""

    def __init__(
        self, *, account_url: str = "https://test.blob.core.windows.net", identity_reference: str | None = TEST_IDENTITY
    ) -> None:
        self._account_url = account_url
        self._identity_reference = identity_reference
        self._containers: dict[str, dict[str, bytes]] = {}

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end."""
        return self._account_url

    @property
    def identity_reference(self) -> str | None:
        """ARM id of the managed identity that nodes use."""
        return self._identity_reference

    def create_container(self, container: str) -> None:
        """See ``BlobStorage``. A name that Azure refuses is ``InvalidResourceName``."""
        if not CONTAINER_NAME.fullmatch(container):
            raise _refusal(f"create container {container!r}", 400, "InvalidResourceName")
        self._containers.setdefault(container, {})

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """See ``BlobStorage``."""
        blobs = self._blobs(container, f"write blob {blob!r} in container {container!r}")
        blobs[blob] = source if isinstance(source, bytes) else source.read_bytes()

    def download(self, container: str, blob: str, target: Path) -> None:
        """See ``BlobStorage``."""
        content = self.read(container, blob)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def read(self, container: str, blob: str) -> bytes:
        """See ``BlobStorage``."""
        operation = f"read blob {blob!r} in container {container!r}"
        try:
            return self._blobs(container, operation)[blob]
        except KeyError:
            raise _missing(operation, "BlobNotFound") from None

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """See ``BlobStorage``."""
        blobs = self._blobs(container, f"list the blobs of container {container!r}")
        yield from sorted(name for name in blobs if name.startswith(prefix))

    def _blobs(self, container: str, operation: str) -> dict[str, bytes]:
        try:
            return self._containers[container]
        except KeyError:
            raise _missing(operation, "ContainerNotFound") from None


class _Job:
    """A job and its tasks, by lower-case id."""

    def __init__(self, definition: JobDefinition, record: JobRecord) -> None:
        self.definition = definition
        self.record = record
        self.tasks: dict[str, TaskDefinition] = {}
        self.records: dict[str, TaskRecord] = {}
        self.completes_with_tasks = False

    def put(self, task: TaskDefinition) -> None:
        key = task.id.lower()
        self.tasks[key] = task
        self.records[key] = TaskRecord(
            id=task.id,
            state=TaskState.ACTIVE,
            display_name=task.display_name,
            required_slots=task.required_slots,
        )

    def complete(self, reason: str) -> None:
        self.record = replace(self.record, state=JobState.COMPLETED, terminate_reason=reason)

    def complete_if_done(self) -> None:
        ended = all(record.state is TaskState.COMPLETED for record in self.records.values())
        if self.completes_with_tasks and ended and self.record.state is JobState.ACTIVE:
            self.complete("AllTasksComplete")


class InMemoryBatchClient:
    """A ``BatchClient`` whose tasks end when a test says so.

    Args:
        storage: where the jobs' blobs lie; None means a new ``InMemoryBlobStorage``.
    """

    def __init__(self, *, storage: BlobStorage | None = None) -> None:
        self._storage: BlobStorage = storage if storage is not None else InMemoryBlobStorage()
        self._pools: dict[str, PoolDefinition] = {}
        self._jobs: dict[str, _Job] = {}

    @property
    def storage(self) -> BlobStorage:
        """The storage account that the account's jobs use."""
        return self._storage

    def create_pool(self, pool: PoolDefinition) -> None:
        """See ``BatchClient``."""
        operation = f"create pool {pool.id!r}"
        _check_id(pool.id, "pool id", operation)
        if pool.id.lower() in self._pools:
            raise _conflict(operation, "PoolExists")
        self._pools[pool.id.lower()] = pool

    def create_job(self, job: JobDefinition) -> None:
        """See ``BatchClient``. The pool need not exist, as with Azure."""
        operation = f"create job {job.id!r}"
        _check_id(job.id, "job id", operation)
        if job.id.lower() in self._jobs:
            raise _conflict(operation, "JobExists")
        record = JobRecord(id=job.id, state=JobState.ACTIVE, creation_time=datetime.now(UTC))
        made = self._jobs[job.id.lower()] = _Job(job, record)
        made.put(job.job_manager)

    def get_job(self, job_id: str) -> JobRecord:
        """See ``BatchClient``."""
        return self._job(job_id, f"get job {job_id!r}").record

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> None:
        """See ``BatchClient``."""
        operation = f"add {len(tasks)} tasks to job {job_id!r}"
        job = self._job(job_id, operation)
        if len(tasks) > MAX_TASKS_PER_REQUEST:
            raise _refusal(operation, 413, "RequestBodyTooLarge")
        if job.record.state is not JobState.ACTIVE:
            raise _conflict(operation, "JobCompleted")
        for task in tasks:
            self._add(job, task, f"add task {task.id!r} to job {job_id!r}")

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """See ``BatchClient``."""
        for record in list(self._job(job_id, f"list the tasks of job {job_id!r}").records.values()):
            unsuccessful = record.succeeded is False
            skipped = record.exit_code == ExitCode.SKIPPED
            if query is None or (unsuccessful if query is TaskQuery.UNSUCCESSFUL else skipped):
                yield record

    def get_task_counts(self, job_id: str) -> TaskCounts:
        """See ``BatchClient``."""
        records = self._job(job_id, f"count the tasks of job {job_id!r}").records.values()
        return TaskCounts(
            active=sum(record.state is TaskState.ACTIVE for record in records),
            running=sum(record.state is TaskState.RUNNING for record in records),
            succeeded=sum(record.succeeded is True for record in records),
            failed=sum(record.succeeded is False for record in records),
        )

    def terminate_job_when_tasks_complete(self, job_id: str) -> None:
        """See ``BatchClient``."""
        operation = f"let job {job_id!r} complete with its tasks"
        job = self._job(job_id, operation)
        if job.record.state is JobState.COMPLETED:
            raise _conflict(operation, "JobCompleted")
        job.completes_with_tasks = True
        job.complete_if_done()

    def terminate_job(self, job_id: str, reason: str) -> None:
        """See ``BatchClient``."""
        job = self._job(job_id, f"terminate job {job_id!r}")
        if job.record.state is JobState.COMPLETED:
            return
        for record in list(job.records.values()):
            if record.state is TaskState.RUNNING:  # Batch lets active tasks stay active, never to be scheduled
                self._terminate(job, record)
        job.complete(reason)

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``. Nothing is retried here."""
        operation = f"stop the retries of task {task_id!r} of job {job_id!r}"
        self._record(self._job(job_id, operation), task_id, operation)

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        operation = f"terminate task {task_id!r} of job {job_id!r}"
        job = self._job(job_id, operation)
        self._terminate(job, self._record(job, task_id, operation))
        job.complete_if_done()

    # What a test uses on top of the seam.

    def job_definition(self, job_id: str) -> JobDefinition:
        """The job as it was created."""
        return self._job(job_id, f"look up job {job_id!r}").definition

    def task_definitions(self, job_id: str) -> tuple[TaskDefinition, ...]:
        """The tasks as they were added, the job manager first."""
        return tuple(self._job(job_id, f"look up job {job_id!r}").tasks.values())

    def start_task(self, job_id: str, task_id: str) -> None:
        """Let a task be running."""
        operation = f"start task {task_id!r}"
        job = self._job(job_id, operation)
        record = self._record(job, task_id, operation)
        job.records[record.id.lower()] = replace(record, state=TaskState.RUNNING)

    def end_task(
        self,
        job_id: str,
        task_id: str,
        exit_code: int | None = 0,
        *,
        code: str | None = None,
        message: str | None = None,
    ) -> None:
        """Let a task have ended: with an exit code, or with None as one that never started. ``code`` is Batch's
        failure code."""
        operation = f"end task {task_id!r}"
        job = self._job(job_id, operation)
        record = self._record(job, task_id, operation)
        succeeded = exit_code == 0 and code is None
        if not succeeded and code is None:
            code, message = "FailureExitCode", f"The task exited with the exit code {exit_code}"
        job.records[record.id.lower()] = replace(
            record,
            state=TaskState.COMPLETED,
            exit_code=exit_code,
            succeeded=succeeded,
            failure_code=code,
            failure_message=message,
        )
        job.complete_if_done()

    def _add(self, job: _Job, task: TaskDefinition, operation: str) -> None:
        _check_id(task.id, "task id", operation)
        existing = job.tasks.get(task.id.lower())
        if existing is not None and existing != task:
            raise ConflictError(
                f"{operation}: {task.conflict(existing.command_line)}",
                operation=operation,
                status=409,
                code="TaskExists",
            )
        if task.depends_on.ids_length > MAX_IDS_LENGTH:
            raise _refusal(operation, 400, "TaskDependencyListTooLong")
        if existing is None:
            job.put(task)

    def _terminate(self, job: _Job, record: TaskRecord) -> None:
        if record.state is not TaskState.COMPLETED:
            job.records[record.id.lower()] = replace(
                record, state=TaskState.COMPLETED, succeeded=False, failure_code="TaskEnded"
            )

    def _job(self, job_id: str, operation: str) -> _Job:
        try:
            return self._jobs[job_id.lower()]
        except KeyError:
            raise _missing(operation, "JobNotFound") from None

    def _record(self, job: _Job, task_id: str, operation: str) -> TaskRecord:
        try:
            return job.records[task_id.lower()]
        except KeyError:
            raise _missing(operation, "TaskNotFound") from None


def _check_id(value: str, what: str, operation: str) -> None:
    wrong = check_id(value, what)
    if wrong:
        raise ServiceError(f"{operation}: {wrong}", operation=operation, status=400, code="InvalidRequestBody")


def _missing(operation: str, code: str) -> NotFoundError:
    return NotFoundError(
        f"{operation}: it does not exist (status 404, code {code})", operation=operation, status=404, code=code
    )


def _conflict(operation: str, code: str) -> ConflictError:
    return ConflictError(f"{operation}: refused (status 409, code {code})", operation=operation, status=409, code=code)


def _refusal(operation: str, status: int, code: str) -> ServiceError:
    text = f"{operation}: refused (status {status}, code {code})"
    return ServiceError(text, operation=operation, status=status, code=code)
