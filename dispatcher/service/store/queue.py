"""What the scheduler's snapshot needs from the store: what could happen now, and no more of it than could."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from dispatcher.service.planning.jobs import ClosingJob, Due
from dispatcher.service.planning.tasks import JobView, ReadyTask
from dispatcher.service.records import TaskRecord
from dispatcher.service.states import JobState
from dispatcher.service.store.database import Database, Row
from dispatcher.service.store.rows import TASK_COLUMNS, task_record
from dispatcher.service.wire import from_micros, to_micros

LONGEST_LIFE = timedelta(days=180)
"""Of a task, from when it is added (REST reference, add a task)."""

_MOST_FOLDERS = 20
"""Deleted in one step, so that requests need not wait for long."""

_READY = (
    f"SELECT {TASK_COLUMNS}, is_exclusive, affinity, instances, is_dedicated FROM tasks "
    "WHERE job_key = ? AND state = 'active' AND unmet = 0 AND (slots <= ? OR is_exclusive) AND instances <= ? "
    "AND created > ? AND (not_before IS NULL OR not_before <= ?) ORDER BY is_manager DESC, key LIMIT ?"
)


class QueueStore:
    """Reads for the scheduler; each looks at an index that holds only what matters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting_jobs(self, pool_id: str, barred: Mapping[int, frozenset[str]]) -> list[JobView]:
        """Return the active jobs of a pool that have active tasks, by priority.

        Args:
            pool_id: of the pool.
            barred: the nodes that take no tasks of a job, by job.
        """
        rows = self._database.all(
            "SELECT key, pool_id, priority, max_parallel, n_running, s_active > n_active FROM jobs "
            "WHERE pool_id = ? AND state = 'active' AND n_active > 0 ORDER BY priority DESC, key",
            (pool_id,),
        )
        return [_job_view(row, barred) for row in rows]

    def ready_tasks(
        self, job_key: int, now: datetime, *, slots: int, instances: int, most: int
    ) -> list[tuple[ReadyTask, TaskRecord]]:
        """Return a job's first tasks that wait for nothing, need at most ``slots`` and at most so many instances.

        Tasks that are older than tasks may be never start (REST reference, add a task).
        """
        born, time = to_micros(now - LONGEST_LIFE), to_micros(now)
        rows = self._database.all(_READY, (job_key, slots, instances, born, time, most))
        return [_ready_task(row) for row in rows]

    def next_start(self, after: datetime) -> datetime | None:
        """Return when the pause of a task that is retried is next over."""
        row = self._database.first("SELECT min(not_before) FROM tasks WHERE not_before > ?", (to_micros(after),))
        return None if row is None or row[0] is None else from_micros(int(row[0]))

    def preemptible_jobs(self) -> dict[int, int]:
        """Return the priorities of the jobs of which tasks run that others may take the places of, by key."""
        rows = self._database.all("SELECT key, priority FROM jobs WHERE allows_preemption = 1 AND n_running > 0")
        return {int(key or 0): int(priority or 0) for key, priority in rows}

    def active_jobs_and_schedules(self) -> int:
        """Return how many jobs and job schedules are not completed, as the account's quota counts them."""
        row = self._database.first(
            "SELECT (SELECT count(*) FROM jobs WHERE state <> 'completed') + "
            "(SELECT count(*) FROM job_schedules WHERE state <> 'completed')"
        )
        return int(row[0] or 0) if row else 0

    def done_jobs(self) -> tuple[int, ...]:
        """Return the active jobs whose tasks are all completed and that end then."""
        rows = self._database.all(
            "SELECT key FROM jobs "
            "WHERE state = 'active' AND terminates_when_done = 1 AND n_active = 0 AND n_running = 0"
        )
        return tuple(int(row[0] or 0) for row in rows)

    def job_deadlines(self, until: datetime) -> tuple[Due, ...]:
        """Return the jobs whose wall clock limit is over by a time."""
        return self._due("SELECT key, deadline FROM jobs WHERE deadline IS NOT NULL AND deadline <= ?", until)

    def closing_jobs(self) -> tuple[ClosingJob, ...]:
        """Return the jobs that end once nothing of them runs."""
        rows = self._database.all(
            "SELECT key, state, n_running, EXISTS (SELECT 1 FROM job_nodes "
            "WHERE job_key = jobs.key AND (owes_release = 1 OR prep_ended IS NULL)) "
            "FROM jobs WHERE state IN ('disabling', 'terminating', 'deleting')"
        )
        return tuple(_closing_job(row) for row in rows)

    def file_deadlines(self, until: datetime) -> tuple[Due, ...]:
        """Return some of the tasks whose retention time is over by a time."""
        sql = f"SELECT key, expires FROM tasks WHERE expires IS NOT NULL AND expires <= ? LIMIT {_MOST_FOLDERS}"
        return self._due(sql, until)

    def next_deadline(self) -> datetime | None:
        """Return when a job's time or a task's retention is next over; None where nothing waits for the clock."""
        row = self._database.first(
            "SELECT min(time) FROM (SELECT min(deadline) AS time FROM jobs WHERE deadline IS NOT NULL "
            "UNION ALL SELECT min(expires) FROM tasks WHERE expires IS NOT NULL)"
        )
        return None if row is None or row[0] is None else from_micros(int(row[0]))

    def _due(self, sql: str, until: datetime) -> tuple[Due, ...]:
        rows = self._database.all(sql, (to_micros(until),))
        return tuple(Due(key=int(key or 0), at=from_micros(int(at or 0))) for key, at in rows)


def _job_view(row: Row, barred: Mapping[int, frozenset[str]]) -> JobView:
    key, pool_id, priority, max_parallel, running, is_wide = row
    return JobView(
        key=int(key or 0),
        pool_id=str(pool_id),
        priority=int(priority or 0),
        max_parallel=int(max_parallel or 0),
        running=int(running or 0),
        barred=barred.get(int(key or 0), frozenset()),
        is_wide=bool(is_wide),
    )


def _ready_task(row: Row) -> tuple[ReadyTask, TaskRecord]:
    task = task_record(row)
    is_exclusive, affinity, instances, is_dedicated = row[-4:]
    ready = ReadyTask(
        key=task.key,
        job_key=task.job_key,
        slots=task.slots,
        is_manager=task.is_manager,
        is_exclusive=bool(is_exclusive),
        affinity=None if affinity is None else str(affinity),
        instances=int(instances or 0),
        is_dedicated=bool(is_dedicated),
    )
    return ready, task


def _closing_job(row: Row) -> ClosingJob:
    key, state, running, is_releasing = row
    return ClosingJob(
        key=int(key or 0), state=JobState(str(state)), running=int(running or 0), is_releasing=bool(is_releasing)
    )
