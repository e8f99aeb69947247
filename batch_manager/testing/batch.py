"""A Batch account in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from batch_manager.client import BlobStorage
from batch_manager.definitions import (
    MAX_REQUEST_BYTES,
    MAX_TASKS_PER_REQUEST,
    AllocationState,
    JobDefinition,
    JobRecord,
    JobState,
    NodeRecord,
    PoolDefinition,
    PoolRecord,
    PreparationRecord,
    TaskAddResult,
    TaskCounts,
    TaskDefinition,
    TaskDetail,
    TaskQuery,
    TaskRecord,
    TaskState,
)
from batch_manager.testing.jobs import Job, matches
from batch_manager.testing.refusals import conflict, missing, refusal, refuse_wrong_id
from batch_manager.testing.storage import InMemoryBlobStorage


def _now() -> datetime:
    return datetime.now(UTC)


class InMemoryBatchClient:
    """A ``BatchClient`` whose tasks end when a test says so.

    Args:
        storage: where the jobs' blobs lie; None means a new ``InMemoryBlobStorage``.
        active_job_quota: how many jobs may be active at the same time; None means any number.
        clock: what times are taken from.
    """

    def __init__(
        self,
        *,
        storage: BlobStorage | None = None,
        active_job_quota: int | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._storage: BlobStorage = storage if storage is not None else InMemoryBlobStorage()
        self._quota = active_job_quota
        self._clock = clock
        self._pools: dict[str, PoolRecord] = {}
        self._nodes: dict[str, tuple[NodeRecord, ...]] = {}
        self._packages: dict[str, tuple[str, ...]] = {}
        self._jobs: dict[str, Job] = {}

    @property
    def storage(self) -> BlobStorage:
        """The storage account that the account's jobs use."""
        return self._storage

    def create_pool(self, pool: PoolDefinition) -> None:
        """See ``BatchClient``. It has its nodes at once."""
        operation = f"create pool {pool.id!r}"
        refuse_wrong_id(pool.id, "pool id", operation)
        if pool.id.lower() in self._pools:
            raise conflict(operation, "PoolExists")
        self.put_pool(
            PoolRecord(
                id=pool.id,
                state="active",
                allocation_state=AllocationState.STEADY,
                allocation_state_since=self._clock(),
                task_slots_per_node=pool.task_slots_per_node,
                current_nodes=pool.target_dedicated_nodes,
                target_nodes=pool.target_dedicated_nodes,
            )
        )

    def create_job(self, job: JobDefinition) -> None:
        """See ``BatchClient``. The pool need not exist, as with Azure."""
        operation = f"create job {job.id!r}"
        refuse_wrong_id(job.id, "job id", operation)
        if job.id.lower() in self._jobs:
            raise conflict(operation, "JobExists")
        active = sum(held.record.state is not JobState.COMPLETED for held in self._jobs.values())
        if self._quota is not None and active >= self._quota:
            raise conflict(operation, "ActiveJobAndScheduleQuotaReached")
        self._jobs[job.id.lower()] = Job(job, self._clock())

    def get_job(self, job_id: str) -> JobRecord:
        """See ``BatchClient``."""
        return self._job(job_id, f"get job {job_id!r}").record

    def add_tasks(self, job_id: str, tasks: Sequence[TaskDefinition]) -> tuple[TaskAddResult, ...]:
        """See ``BatchClient``. The size of a request is that of its definitions' ``repr``."""
        operation = f"add {len(tasks)} tasks to job {job_id!r}"
        job = self._job(job_id, operation)
        if len(tasks) > MAX_TASKS_PER_REQUEST or sum(len(repr(task)) for task in tasks) > MAX_REQUEST_BYTES:
            raise refusal(operation, 413, "RequestBodyTooLarge")
        if job.record.state is not JobState.ACTIVE:
            raise conflict(operation, "JobCompleted")
        return tuple(job.add(task) for task in tasks)

    def get_task(self, job_id: str, task_id: str) -> TaskDetail:
        """See ``BatchClient``."""
        operation = f"get task {task_id!r} of job {job_id!r}"
        job = self._job(job_id, operation)
        return job.detail(job.task_record(task_id, operation))

    def list_tasks(self, job_id: str, query: TaskQuery | None = None) -> Iterator[TaskRecord]:
        """See ``BatchClient``."""
        for record in list(self._job(job_id, f"list the tasks of job {job_id!r}").records.values()):
            if matches(record, query):
                yield record

    def list_task_details(self, job_id: str) -> Iterator[TaskDetail]:
        """See ``BatchClient``."""
        job = self._job(job_id, f"list the tasks of job {job_id!r} in detail")
        for record in list(job.records.values()):
            yield job.detail(record)

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
            raise conflict(operation, "JobCompleted")
        job.completes_with_tasks = True
        job.complete_if_done()

    def terminate_job(self, job_id: str, reason: str) -> None:
        """See ``BatchClient``."""
        job = self._job(job_id, f"terminate job {job_id!r}")
        if job.record.state is JobState.COMPLETED:
            return
        for record in list(job.records.values()):
            if record.state is TaskState.RUNNING:  # Batch lets active tasks stay active, never to be scheduled
                job.end(record, self._clock())
        job.complete(reason)

    def stop_retries(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``. Nothing is retried here."""
        operation = f"stop the retries of task {task_id!r} of job {job_id!r}"
        self._job(job_id, operation).task_record(task_id, operation)

    def limit_wall_clock(self, job_id: str, task_id: str, at_most: timedelta) -> None:
        """See ``BatchClient``. Nothing runs here, so nothing is ended."""
        operation = f"limit the wall clock time of task {task_id!r} of job {job_id!r}"
        job = self._job(job_id, operation)
        record = job.task_record(task_id, operation)
        limit = min(record.max_wall_clock_time or at_most, at_most)
        job.records[task_id.lower()] = replace(record, max_wall_clock_time=limit)

    def terminate_task(self, job_id: str, task_id: str) -> None:
        """See ``BatchClient``."""
        operation = f"terminate task {task_id!r} of job {job_id!r}"
        job = self._job(job_id, operation)
        job.end(job.task_record(task_id, operation), self._clock())
        job.complete_if_done()

    def get_pool(self, pool_id: str) -> PoolRecord:
        """See ``BatchClient``."""
        return self._pool(pool_id, f"get pool {pool_id!r}")

    def list_nodes(self, pool_id: str) -> Iterator[NodeRecord]:
        """See ``BatchClient``."""
        self._pool(pool_id, f"list the nodes of pool {pool_id!r}")
        yield from self._nodes.get(pool_id.lower(), ())

    def list_job_preparation(self, job_id: str) -> Iterator[PreparationRecord]:
        """See ``BatchClient``."""
        yield from self._job(job_id, f"list the preparations of job {job_id!r}").preparation

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        """See ``BatchClient``."""
        try:
            return self._packages[application_id.lower()]
        except KeyError:
            raise missing(f"get application {application_id!r}", "ApplicationNotFound") from None

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
        record = job.task_record(task_id, operation)
        job.change(replace(record, state=TaskState.RUNNING, start_time=self._clock()))

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
        succeeded = exit_code == 0 and code is None
        if not succeeded and code is None:
            code, message = "FailureExitCode", f"The task exited with the exit code {exit_code}"
        ended = replace(
            job.task_record(task_id, operation),
            state=TaskState.COMPLETED,
            exit_code=exit_code,
            succeeded=succeeded,
            failure_code=code,
            failure_message=message,
            end_time=self._clock(),
        )
        job.change(ended)
        job.complete_if_done()

    def change_task(self, job_id: str, record: TaskRecord) -> None:
        """Let Batch say this of the task with the record's id."""
        operation = f"change task {record.id!r}"
        job = self._job(job_id, operation)
        job.task_record(record.id, operation)
        job.change(record)
        job.complete_if_done()

    def put_pool(self, pool: PoolRecord, nodes: Iterable[NodeRecord] = ()) -> None:
        """Let there be a pool that looks like this, with these nodes."""
        self._pools[pool.id.lower()] = pool
        self._nodes[pool.id.lower()] = tuple(nodes)

    def put_job_preparation(self, job_id: str, records: Iterable[PreparationRecord]) -> None:
        """Let the job's preparation task have gone like this."""
        self._job(job_id, f"look up job {job_id!r}").preparation = tuple(records)

    def put_package(self, application_id: str, versions: Iterable[str]) -> None:
        """Let there be an application with these versions."""
        self._packages[application_id.lower()] = tuple(versions)

    def _job(self, job_id: str, operation: str) -> Job:
        try:
            return self._jobs[job_id.lower()]
        except KeyError:
            raise missing(operation, "JobNotFound") from None

    def _pool(self, pool_id: str, operation: str) -> PoolRecord:
        try:
            return self._pools[pool_id.lower()]
        except KeyError:
            raise missing(operation, "PoolNotFound") from None
