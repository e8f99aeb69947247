"""Tasks in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from dispatcher.service.documents.tasks import TaskLimits, TaskSpec
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.node.launch import EndReason
from dispatcher.service.records import JobRecord, TaskRecord
from dispatcher.service.settlement import Settlement
from dispatcher.service.states import TASK, TaskEvent, TaskState
from dispatcher.service.store.database import Database, Value
from dispatcher.service.store.dependencies import DependencyStore
from dispatcher.service.store.jobs import CountChanges
from dispatcher.service.store.rows import TASK_COLUMNS, failure_text, micros, task_record
from dispatcher.service.store.task_filter import EVERY, Condition, Way
from dispatcher.service.wire import to_micros

MOST_LOOKED_AT = 20_000
"""Tasks that one request may look at to find those it asks for, so that others need not wait for long."""

_MICROSECONDS = 1_000_000
_LONGEST_RETENTION = 100 * 366 * 86400.0
_CLEARED = (
    "started = NULL, ended = NULL, exit_code = NULL, result = NULL, failure = NULL, end_reason = NULL, "
    "not_before = NULL"
)
_HAS_RUN = "coalesce(last_retry, last_requeue) IS NOT NULL"
_MOVED = "previous_state = ?, previous_state_time = state_time, state_time = ?"
_INSERT = (
    "INSERT INTO tasks (job_key, id, document, version, state_time, created, modified, slots, is_manager, "
    "is_exclusive, is_dedicated, instances, kills_job, affinity, max_retries, retention, conditions) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING key"
)


class TaskStore:
    """Every read and change of tasks. Changes of state take the `CountChanges` they are counted in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dependencies = DependencyStore(database)

    def add(self, job: JobRecord, specs: Sequence[TaskSpec], now: datetime) -> list[int | None]:
        """Add active tasks to a job, all in one transaction; return each one's version, None where the id is taken."""
        counts = CountChanges()
        versions: list[int | None] = []
        waiting: list[tuple[int, TaskSpec]] = []
        with self._database.transaction():
            for spec in specs:
                version = self._database.next_version(now)
                row = self._database.first(_INSERT, _inserted(job, spec, version, now))
                if row is None:
                    versions.append(None)
                    continue
                versions.append(version)
                counts.add(job.key, TaskState.ACTIVE, None, spec.slots)
                if spec.has_dependencies:
                    waiting.append((int(row[0] or 0), spec))
            if waiting:
                self._dependencies.add(job.key, waiting)
            counts.write(self._database)
        return versions

    def find(self, job_key: int, task_id: str) -> TaskRecord | None:
        """Return a task, or None; one that is being deleted is not there."""
        row = self._database.first(
            f"SELECT {TASK_COLUMNS} FROM tasks WHERE job_key = ? AND id = ? AND doomed = 0", (job_key, task_id)
        )
        return None if row is None else task_record(row)

    def get(self, job_key: int, task_id: str) -> TaskRecord:
        """Return a task.

        Raises:
            BatchError: TaskNotFound.
        """
        task = self.find(job_key, task_id)
        if task is None:
            raise BatchError(Refusal.TASK_NOT_FOUND)
        return task

    def by_key(self, key: int) -> TaskRecord | None:
        """Return a task, being deleted or not; None where its job was deleted."""
        row = self._database.first(f"SELECT {TASK_COLUMNS} FROM tasks WHERE key = ?", (key,))
        return None if row is None else task_record(row)

    def scan(
        self, job_key: int, after: int = 0, condition: Condition = EVERY, until: int | None = None
    ) -> Iterator[TaskRecord]:
        """Return a job's tasks that a condition holds for, in the order of adding.

        They have keys after ``after``, and up to ``until`` if that is given.
        """
        end, ends = ("", ()) if until is None else ("AND key <= ? ", (until,))
        key = "+key" if condition.way is Way.NAMES else "key"  # with a sign, no index that leads through the whole job
        rows = self._database.each(
            f"SELECT {TASK_COLUMNS} FROM tasks "
            f"WHERE job_key = ? AND {key} > ? {end}AND doomed = 0 AND ({condition.sql}) ORDER BY {key}",
            (job_key, after, *ends, *condition.values),
        )
        return map(task_record, rows)

    def end_of_look(self, job_key: int, after: int, condition: Condition) -> int | None:
        """Return the last key, after ``after``, that one request may look at; None where it may look at all."""
        if condition.way is not Way.LOOK:
            return None
        row = self._database.first(
            "SELECT key FROM tasks WHERE job_key = ? AND key > ? ORDER BY key LIMIT 1 OFFSET ?",
            (job_key, after, MOST_LOOKED_AT - 1),
        )
        return None if row is None else int(row[0] or 0)

    def running(self) -> list[TaskRecord]:
        """Return every task of every job that has its place on a node."""
        rows = self._database.all(
            f"SELECT {TASK_COLUMNS} FROM tasks WHERE job_key IN (SELECT key FROM jobs WHERE n_running > 0) "
            "AND state IN ('preparing', 'running')"
        )
        return [task_record(row) for row in rows]

    def start(self, task: TaskRecord, pool_id: str, node_id: str, now: datetime, counts: CountChanges) -> None:
        """Mark a task as running on a node."""
        state = TASK.after(task.state, TaskEvent.START)
        time = to_micros(now)
        self._database.run(
            f"UPDATE tasks SET {_CLEARED}, state = ?, {_MOVED}, started = ?, "
            "run_number = run_number + 1, pool_id = ?, node_id = ?, expires = NULL, files_expired = 0 WHERE key = ?",
            (state, task.state, time, time, pool_id, node_id, task.key),
        )
        counts.drop(task.job_key, task.state, None, task.slots)
        counts.add(task.job_key, state, None, task.slots)

    def hold(self, key: int, now: datetime) -> None:
        """Mark a task that has just got its place as waiting for its node to be prepared."""
        self._move(key, TaskEvent.HOLD, now, started=None)

    def let_go(self, key: int, now: datetime) -> None:
        """Mark a held task as running."""
        self._move(key, TaskEvent.LET_GO, now, started=now)

    def settle(
        self, task: TaskRecord, job: JobRecord, settlement: Settlement, now: datetime, counts: CountChanges
    ) -> None:
        """Move a task on as a settlement says, and let its dependents go if that says so."""
        state = TASK.after(task.state, settlement.event)
        progress = _PROGRESS[settlement.event]
        was_begun = settlement.event is not TaskEvent.PUT_BACK
        started = "coalesce(?, started)" if was_begun else "?"
        self._database.run(
            f"UPDATE tasks SET state = ?, {_MOVED}, started = {started}, ended = ?, exit_code = ?, result = ?, "
            f"failure = ?, end_reason = NULL, not_before = ?, {progress} WHERE key = ?",
            (
                state,
                task.state,
                to_micros(now),
                micros(settlement.started),
                to_micros(settlement.ended) if was_begun else None,
                settlement.exit_code,
                settlement.result,
                failure_text(settlement.failure),
                micros(settlement.not_before),
                *([to_micros(settlement.ended)] if "?" in progress else []),
                task.key,
            ),
        )
        counts.drop(task.job_key, task.state, None, task.slots)
        counts.add(task.job_key, state, settlement.result, task.slots)
        if settlement.releases and job.uses_dependencies:
            self._database.run("UPDATE tasks SET released = 1 WHERE key = ?", (task.key,))
            self._dependencies.release(task.job_key, task.id)

    def reactivate(self, task: TaskRecord, now: datetime, counts: CountChanges) -> None:
        """Make a completed task active again, with its retries before it and nothing known of its end."""
        state = TASK.after(task.state, TaskEvent.REACTIVATE)
        time = to_micros(now)
        self._database.run(
            f"UPDATE tasks SET {_CLEARED}, state = ?, {_MOVED}, retries = 0, "
            "last_retry = NULL, expires = NULL, released = 0, modified = ?, version = ? WHERE key = ?",
            (state, task.state, time, time, self._database.next_version(now), task.key),
        )
        self._dependencies.hold(task.job_key, task.id)
        counts.drop(task.job_key, task.state, task.result, task.slots)
        counts.add(task.job_key, state, None, task.slots)

    def mark_ending(self, key: int, reason: EndReason) -> None:
        """Remember why a running task is being ended; a termination is not softened to a requeue."""
        self._database.run(
            "UPDATE tasks SET end_reason = ? WHERE key = ? AND state IN ('preparing', 'running') "
            "AND coalesce(end_reason, '') <> 'terminated'",
            (reason, key),
        )

    def replace(self, task: TaskRecord, document: str, limits: TaskLimits, now: datetime) -> None:
        """Give a task other constraints."""
        self._database.run(
            "UPDATE tasks SET document = ?, max_retries = ?, retention = ?, modified = ?, version = ? WHERE key = ?",
            (
                document,
                limits.max_retries,
                _retention(limits),
                to_micros(now),
                self._database.next_version(now),
                task.key,
            ),
        )

    def doom(self, task: TaskRecord) -> None:
        """Hide a running task; it is removed when it has ended."""
        self._database.run("UPDATE tasks SET doomed = 1 WHERE key = ?", (task.key,))

    def remove(self, task: TaskRecord, counts: CountChanges) -> None:
        """Forget a task. What waits for it waits on."""
        self._database.run("DELETE FROM tasks WHERE key = ?", (task.key,))
        self._dependencies.forget(task.job_key, task.id)
        counts.drop(task.job_key, task.state, task.result, task.slots)

    def expire_files(self, key: int) -> None:
        """Remember that a task's folder is gone."""
        self._database.run("UPDATE tasks SET expires = NULL, files_expired = 1 WHERE key = ?", (key,))

    def write(self, counts: CountChanges) -> None:
        """Write gathered counts."""
        counts.write(self._database)

    def _move(self, key: int, event: TaskEvent, now: datetime, *, started: datetime | None) -> None:
        """Move a task between the states in which it has its place on a node; counts stay as they are."""
        row = self._database.first("SELECT state FROM tasks WHERE key = ?", (key,))
        before = TaskState(str(row[0] if row else None))
        state = TASK.after(before, event)
        if state is not before:
            self._database.run(
                "UPDATE tasks SET state = ?, previous_state = ?, previous_state_time = state_time, state_time = ?, "
                "started = ? WHERE key = ?",
                (state, before, to_micros(now), micros(started), key),
            )


_PROGRESS = {
    TaskEvent.COMPLETE: "expires = CASE WHEN node_id IS NULL THEN NULL ELSE ? + retention END",
    TaskEvent.RETRY: "retries = retries + 1, last_retry = ?",
    TaskEvent.REQUEUE: "requeues = requeues + 1, last_requeue = ?",
    TaskEvent.PUT_BACK: f"expires = NULL, pool_id = iif({_HAS_RUN}, pool_id, NULL), "
    f"node_id = iif({_HAS_RUN}, node_id, NULL)",
}


def _inserted(job: JobRecord, spec: TaskSpec, version: int, now: datetime) -> tuple[Value, ...]:
    time = to_micros(now)
    return (
        job.key,
        spec.id,
        spec.document,
        version,
        time,
        time,
        time,
        spec.slots,
        spec.is_manager,
        spec.is_exclusive,
        spec.is_dedicated,
        spec.instances,
        spec.kills_job,
        spec.affinity,
        spec.limits.max_retries,
        _retention(spec.limits),
        spec.conditions,
    )


def _retention(limits: TaskLimits) -> int | None:
    """Return the retention in microseconds; None where it ends after any calendar that Python knows, or never."""
    if limits.retention is None or limits.retention > _LONGEST_RETENTION:
        return None
    return int(limits.retention * _MICROSECONDS)
