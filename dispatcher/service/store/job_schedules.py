"""Job schedules in the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dispatcher.service.documents.job_schedules import ScheduleSpec, recurrence_of
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.planning.schedules import ScheduleView
from dispatcher.service.records import JobRecord, ScheduleRecord
from dispatcher.service.states import SCHEDULE, ScheduleEvent, ScheduleState
from dispatcher.service.store.database import Database, Row
from dispatcher.service.store.rows import JOB_COLUMNS, job_record, micros
from dispatcher.service.wire import from_micros, to_micros

_COLUMNS = (
    "key, id, document, version, state, previous_state, state_time, created, modified, ended, due, jobs_made, "
    "recent_job"
)


class JobScheduleStore:
    """Every read and change of job schedules, and of which jobs they made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, spec: ScheduleSpec, now: datetime) -> ScheduleRecord:
        """Add an active schedule.

        Raises:
            BatchError: JobScheduleExists, or JobScheduleBeingDeleted for an id that is not free yet.
        """
        time = to_micros(now)
        with self._database.transaction():
            added = self._database.run(
                "INSERT INTO job_schedules (id, document, version, state, state_time, created, modified, due) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    spec.id,
                    spec.document,
                    self._database.next_version(now),
                    ScheduleState.ACTIVE,
                    time,
                    time,
                    time,
                    to_micros(spec.recurrence.not_until or now),
                ),
            )
            schedule = self.get(spec.id)
        if not added:
            deleting = schedule.state is ScheduleState.DELETING
            raise BatchError(Refusal.JOB_SCHEDULE_BEING_DELETED if deleting else Refusal.JOB_SCHEDULE_EXISTS)
        return schedule

    def get(self, schedule_id: str) -> ScheduleRecord:
        """Return a schedule.

        Raises:
            BatchError: JobScheduleNotFound.
        """
        row = self._database.first(f"SELECT {_COLUMNS} FROM job_schedules WHERE id = ?", (schedule_id,))
        if row is None:
            raise BatchError(Refusal.JOB_SCHEDULE_NOT_FOUND)
        return _record(row)

    def by_key(self, key: int) -> ScheduleRecord:
        """Return a schedule that is known to be there."""
        row = self._database.first(f"SELECT {_COLUMNS} FROM job_schedules WHERE key = ?", (key,))
        if row is None:
            raise KeyError(f"no job schedule with key {key}")
        return _record(row)

    def scan(self, after: str = "") -> Iterator[ScheduleRecord]:
        """Return the schedules whose id comes after ``after``, in the order of ids."""
        rows = self._database.each(f"SELECT {_COLUMNS} FROM job_schedules WHERE id > ? ORDER BY id", (after,))
        return map(_record, rows)

    def views(self) -> list[ScheduleView]:
        """Return the schedules to which something may have to happen."""
        rows = self._database.all(
            "SELECT key, state, document, due, (SELECT count(*) FROM schedule_jobs WHERE schedule_key = s.key), "
            "(SELECT count(*) FROM schedule_jobs JOIN jobs ON jobs.key = job_key "
            " WHERE schedule_key = s.key AND jobs.state <> 'completed') "
            "FROM job_schedules AS s WHERE state IN ('active', 'terminating', 'deleting')"
        )
        return [_view(row) for row in rows]

    def jobs(self, schedule: ScheduleRecord, after: int = 0) -> Iterator[JobRecord]:
        """Return a schedule's jobs whose keys come after ``after``, in the order they were made."""
        columns = ", ".join(f"jobs.{name.strip()}" for name in JOB_COLUMNS.split(","))
        rows = self._database.each(
            f"SELECT {columns} FROM schedule_jobs JOIN jobs ON jobs.key = job_key "
            "WHERE schedule_key = ? AND job_key > ? ORDER BY job_key",
            (schedule.key, after),
        )
        return map(job_record, rows)

    def schedule_of(self, job_key: int) -> int | None:
        """Return the key of the schedule that made a job; None for a job that a client made."""
        row = self._database.first("SELECT schedule_key FROM schedule_jobs WHERE job_key = ?", (job_key,))
        return None if row is None else int(row[0] or 0)

    def made(self, schedule: ScheduleRecord, job: JobRecord, next_due: datetime | None) -> None:
        """Remember that a schedule made a job, and when its next one is due."""
        self._database.run("INSERT INTO schedule_jobs (job_key, schedule_key) VALUES (?, ?)", (job.key, schedule.key))
        self._database.run(
            "UPDATE job_schedules SET due = ?, jobs_made = jobs_made + 1, recent_job = ? WHERE key = ?",
            (micros(next_due), job.id, schedule.key),
        )

    def set_due(self, key: int, due: datetime | None) -> None:
        """Remember when a schedule's next job is due."""
        self._database.run("UPDATE job_schedules SET due = ? WHERE key = ?", (micros(due), key))

    def happen(self, schedule: ScheduleRecord, event: ScheduleEvent, now: datetime) -> None:
        """Move a schedule to the state that follows an event.

        Raises:
            TransitionError: the event cannot happen to it.
        """
        state = SCHEDULE.after(schedule.state, event)
        time = to_micros(now)
        self._database.run(
            "UPDATE job_schedules SET state = ?, previous_state = ?, state_time = ?, modified = ?, version = ?, "
            "ended = ? WHERE key = ?",
            (
                state,
                schedule.state,
                time,
                time,
                self._database.next_version(now),
                time if state is ScheduleState.COMPLETED else micros(schedule.ended),
                schedule.key,
            ),
        )

    def replace(self, schedule: ScheduleRecord, spec: ScheduleSpec, due: datetime | None, now: datetime) -> None:
        """Give a schedule what a changed document says."""
        self._database.run(
            "UPDATE job_schedules SET document = ?, due = ?, modified = ?, version = ? WHERE key = ?",
            (spec.document, micros(due), to_micros(now), self._database.next_version(now), schedule.key),
        )

    def remove(self, key: int) -> None:
        """Forget a schedule that has no jobs."""
        self._database.run("DELETE FROM job_schedules WHERE key = ?", (key,))


def _record(row: Row) -> ScheduleRecord:
    key, schedule_id, document, version, state, previous, state_time, created, modified, ended, due, made, recent = row
    return ScheduleRecord(
        key=int(key or 0),
        id=str(schedule_id),
        document=str(document),
        version=int(version or 0),
        state=ScheduleState(str(state)),
        previous_state=None if previous is None else ScheduleState(str(previous)),
        state_time=from_micros(int(state_time or 0)),
        created=from_micros(int(created or 0)),
        modified=from_micros(int(modified or 0)),
        ended=None if ended is None else from_micros(int(ended)),
        due=None if due is None else from_micros(int(due)),
        jobs_made=int(made or 0),
        recent_job=None if recent is None else str(recent),
    )


def _view(row: Row) -> ScheduleView:
    key, state, document, due, jobs, open_jobs = row
    return ScheduleView(
        key=int(key or 0),
        state=ScheduleState(str(state)),
        recurrence=recurrence_of(str(document)),
        due=None if due is None else from_micros(int(due)),
        jobs=int(jobs or 0),
        open_jobs=int(open_jobs or 0),
    )
