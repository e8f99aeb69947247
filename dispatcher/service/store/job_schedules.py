"""Job schedules in the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from dispatcher.service.documents.job_schedules import ScheduleSpec, recurrence_of
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.planning.schedules import ScheduleView
from dispatcher.service.records import JobRecord, ScheduleRecord
from dispatcher.service.states import JOB, SCHEDULE, JobEvent, JobState, ScheduleEvent, ScheduleState
from dispatcher.service.store.database import Database, Row
from dispatcher.service.store.rows import JOB_COLUMNS, job_record, micros
from dispatcher.service.wire import from_micros, to_micros

_COLUMNS = (
    "key, id, document, version, state, previous_state, state_time, created, modified, ended, due, jobs_made, "
    "recent_job"
)
_AT_REST = frozenset({ScheduleState.DISABLED, ScheduleState.COMPLETED})
"""Nothing happens to such a schedule unless a client asks for it."""


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
                "INSERT INTO job_schedules (id, document, version, state, state_time, created, modified, due, look) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
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

    def find(self, schedule_id: str) -> ScheduleRecord | None:
        """Return a schedule, or None."""
        row = self._database.first(f"SELECT {_COLUMNS} FROM job_schedules WHERE id = ?", (schedule_id,))
        return None if row is None else _record(row)

    def get(self, schedule_id: str) -> ScheduleRecord:
        """Return a schedule.

        Raises:
            BatchError: JobScheduleNotFound.
        """
        schedule = self.find(schedule_id)
        if schedule is None:
            raise BatchError(Refusal.JOB_SCHEDULE_NOT_FOUND)
        return schedule

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

    def due_views(self, now: datetime) -> list[ScheduleView]:
        """Return the schedules to which something may have to happen by now."""
        rows = self._database.all(
            "SELECT key, state, document, due, EXISTS (SELECT 1 FROM schedule_jobs WHERE schedule_key = s.key), "
            "(SELECT jobs.state FROM schedule_jobs JOIN jobs ON jobs.key = job_key WHERE schedule_key = s.key "
            " ORDER BY job_key DESC LIMIT 1) "
            "FROM job_schedules AS s WHERE look <= ? ORDER BY look, key",
            (to_micros(now),),
        )
        return [_view(row) for row in rows]

    def look_at(self, key: int, time: datetime | None) -> None:
        """Remember when a schedule is to be looked at though nothing happens; None where never."""
        self._database.run("UPDATE job_schedules SET look = ? WHERE key = ?", (micros(time), key))

    def next_look(self) -> datetime | None:
        """Return when a schedule is next to be looked at; None where none is."""
        row = self._database.first("SELECT min(look) FROM job_schedules WHERE look IS NOT NULL")
        return None if row is None or row[0] is None else from_micros(int(row[0]))

    def jobs(self, schedule: ScheduleRecord, after: int = 0) -> Iterator[JobRecord]:
        """Return a schedule's jobs whose keys come after ``after``, in the order they were made."""
        columns = ", ".join(f"jobs.{name.strip()}" for name in JOB_COLUMNS.split(","))
        rows = self._database.each(
            f"SELECT {columns} FROM schedule_jobs JOIN jobs ON jobs.key = job_key "
            "WHERE schedule_key = ? AND job_key > ? ORDER BY job_key",
            (schedule.key, after),
        )
        return map(job_record, rows)

    def going_jobs(self, schedule: ScheduleRecord, event: JobEvent) -> list[JobRecord]:
        """Return a schedule's jobs to which an event can happen."""
        states = [state for state in JobState if JOB.allows(state, event)]
        columns = ", ".join(f"jobs.{name.strip()}" for name in JOB_COLUMNS.split(","))
        rows = self._database.all(
            f"SELECT {columns} FROM schedule_jobs JOIN jobs ON jobs.key = job_key WHERE schedule_key = ? "
            f"AND jobs.state IN ({', '.join('?' * len(states))}) ORDER BY job_key",
            (schedule.key, *states),
        )
        return [job_record(row) for row in rows]

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
            "ended = ?, look = ? WHERE key = ?",
            (
                state,
                schedule.state,
                time,
                time,
                self._database.next_version(now),
                time if state is ScheduleState.COMPLETED else micros(schedule.ended),
                None if state in _AT_REST else 0,
                schedule.key,
            ),
        )

    def replace(self, schedule: ScheduleRecord, spec: ScheduleSpec, due: datetime | None, now: datetime) -> None:
        """Give a schedule what a changed document says."""
        self._database.run(
            "UPDATE job_schedules SET document = ?, due = ?, modified = ?, version = ?, look = ? WHERE key = ?",
            (
                spec.document,
                micros(due),
                to_micros(now),
                self._database.next_version(now),
                None if schedule.state in _AT_REST else 0,
                schedule.key,
            ),
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
    key, state, document, due, has_jobs, latest = row
    return ScheduleView(
        key=int(key or 0),
        state=ScheduleState(str(state)),
        recurrence=recurrence_of(str(document)),
        due=None if due is None else from_micros(int(due)),
        has_jobs=bool(has_jobs),
        has_open_job=latest is not None and latest != JobState.COMPLETED,
    )
