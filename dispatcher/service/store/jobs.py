"""Jobs in the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from dispatcher.service.documents.jobs import JobSpec
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.node.launch import TaskFailure
from dispatcher.service.records import JobRecord, TaskResult
from dispatcher.service.states import JOB, ON_A_NODE, JobEvent, JobState, TaskState
from dispatcher.service.store.database import Database
from dispatcher.service.store.rows import JOB_COLUMNS, failure_text, job_record, micros
from dispatcher.service.wire import to_micros

_PARTS = (
    ("tasks", "key"),
    ("edges", "job_key, parent, child_key"),
    ("ranges", "key"),
    ("met_numbers", "job_key, number"),
)


class CountChanges:
    """Changes of jobs' task counts, gathered over a batch and written once for each job."""

    def __init__(self) -> None:
        self._changes: defaultdict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, job_key: int, state: TaskState, result: TaskResult | None, slots: int) -> None:
        """Count a task in."""
        self._change(job_key, state, result, 1, slots)

    def drop(self, job_key: int, state: TaskState, result: TaskResult | None, slots: int) -> None:
        """Count a task out."""
        self._change(job_key, state, result, -1, -slots)

    def write(self, database: Database) -> None:
        """Apply the changes."""
        for (job_key, bucket), (tasks, slots) in self._changes.items():
            database.run(
                f"UPDATE jobs SET n_{bucket} = n_{bucket} + ?, s_{bucket} = s_{bucket} + ? WHERE key = ?",
                (tasks, slots, job_key),
            )
        self._changes.clear()

    def _change(self, job_key: int, state: TaskState, result: TaskResult | None, tasks: int, slots: int) -> None:
        bucket = TaskState.RUNNING.value if state in ON_A_NODE else state.value
        if state is TaskState.COMPLETED:
            bucket = "succeeded" if result is TaskResult.SUCCESS else "failed"
        change = self._changes[job_key, bucket]
        change[0] += tasks
        change[1] += slots


class JobStore:
    """Every read and change of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, spec: JobSpec, now: datetime) -> JobRecord:
        """Add an active job.

        Raises:
            BatchError: JobExists, or JobBeingDeleted for an id that is not free yet.
        """
        time = to_micros(now)
        with self._database.transaction():
            added = self._database.run(
                "INSERT INTO jobs (id, pool_id, document, version, state, state_time, created, modified, priority, "
                "terminates_when_done, uses_dependencies, performs_exit_options, allows_preemption, max_parallel, "
                "max_retries, deadline) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    spec.id,
                    spec.pool_id,
                    spec.document,
                    self._database.next_version(now),
                    JobState.ACTIVE,
                    time,
                    time,
                    time,
                    spec.priority,
                    spec.terminates_when_done,
                    spec.uses_dependencies,
                    spec.performs_exit_options,
                    spec.allows_preemption,
                    spec.max_parallel,
                    spec.max_retries,
                    _deadline(spec, now),
                ),
            )
            job = self.get(spec.id)
            if not added:
                deleting = job.state is JobState.DELETING
                raise BatchError(Refusal.JOB_BEING_DELETED if deleting else Refusal.JOB_EXISTS)
            return job

    def find(self, job_id: str) -> JobRecord | None:
        """Return a job, or None."""
        row = self._database.first(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?", (job_id,))
        return None if row is None else job_record(row)

    def get(self, job_id: str) -> JobRecord:
        """Return a job.

        Raises:
            BatchError: JobNotFound.
        """
        job = self.find(job_id)
        if job is None:
            raise BatchError(Refusal.JOB_NOT_FOUND)
        return job

    def by_key(self, key: int) -> JobRecord:
        """Return a job that is known to be there."""
        row = self._database.first(f"SELECT {JOB_COLUMNS} FROM jobs WHERE key = ?", (key,))
        if row is None:
            raise KeyError(f"no job with key {key}")
        return job_record(row)

    def scan(self, after: str = "") -> Iterator[JobRecord]:
        """Return the jobs whose id comes after ``after``, in the order of ids."""
        rows = self._database.each(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id > ? ORDER BY id", (after,))
        return map(job_record, rows)

    def happen(self, job: JobRecord, event: JobEvent, now: datetime, *, reason: str | None = None) -> JobState:
        """Move a job to the state that follows an event, and return that.

        Args:
            reason: kept as the reason of the termination, unless one is.

        Raises:
            TransitionError: the event cannot happen to the job.
        """
        state = JOB.after(job.state, event)
        ended = now if state is JobState.COMPLETED else job.ended
        time = to_micros(now)
        deadline = "deadline" if state in {JobState.ACTIVE, JobState.DISABLING, JobState.DISABLED} else "NULL"
        self._database.run(
            "UPDATE jobs SET state = ?, previous_state = ?, previous_state_time = state_time, state_time = ?, "
            "modified = ?, version = ?, ended = ?, "
            f"terminate_reason = coalesce(terminate_reason, ?), deadline = {deadline} WHERE key = ?",
            (state, job.state, time, time, self._database.next_version(now), micros(ended), reason, job.key),
        )
        return state

    def set_scheduling_error(self, key: int, error: TaskFailure) -> None:
        """Remember why a job could not be given a pool of its own."""
        self._database.run("UPDATE jobs SET scheduling_error = ? WHERE key = ?", (failure_text(error), key))

    def replace(self, job: JobRecord, spec: JobSpec, now: datetime) -> None:
        """Give a job what a changed document says."""
        self._database.run(
            "UPDATE jobs SET pool_id = ?, document = ?, version = ?, modified = ?, priority = ?, "
            "terminates_when_done = ?, allows_preemption = ?, max_parallel = ?, max_retries = ?, deadline = ? "
            "WHERE key = ?",
            (
                spec.pool_id,
                spec.document,
                self._database.next_version(now),
                to_micros(now),
                spec.priority,
                spec.terminates_when_done,
                spec.allows_preemption,
                spec.max_parallel,
                spec.max_retries,
                _deadline(spec, job.created),
                job.key,
            ),
        )

    def remove_some(self, key: int, most: int) -> bool:
        """Forget some of a job's tasks and of what they wait for, and the job with the last; say whether it is gone."""
        for table, columns in _PARTS:
            named = f"({columns})"
            sql = f"DELETE FROM {table} WHERE {named} IN (SELECT {columns} FROM {table} WHERE job_key = ? LIMIT ?)"
            if self._database.run(sql, (key, most)) == most:
                return False
        self._database.run("DELETE FROM jobs WHERE key = ?", (key,))
        return True


def _deadline(spec: JobSpec, start: datetime) -> int | None:
    if spec.wall_clock is None:
        return None
    try:
        return micros(start + spec.wall_clock)
    except OverflowError:  # centuries: no limit
        return None
