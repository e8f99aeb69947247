"""Where jobs' preparation and release tasks ran, in the store: a row for each job and node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import TaskEnding
from dispatcher.service.records import JobNodeRecord, JobTaskRun
from dispatcher.service.store.database import Database
from dispatcher.service.store.rows import failure_of, failure_text, micros
from dispatcher.service.wire import from_micros, to_micros

_COLUMNS = (
    "key, job_key, pool_id, node_id, prep_run, prep_started, prep_ended, prep_exit_code, prep_failure, prep_retries, "
    "prep_last_retry, must_prepare, owes_release, release_run, release_started, release_ended, release_exit_code, "
    "release_failure"
)
_BEGIN = (
    "INSERT INTO job_nodes (job_key, pool_id, node_id, prep_run, prep_started, prep_retries, must_prepare, reruns, "
    "barred, owes_release) VALUES (?, ?, ?, 1, ?, 0, 0, ?, 0, 0) ON CONFLICT DO UPDATE SET prep_run = prep_run + 1, "
    "prep_started = excluded.prep_started, prep_ended = NULL, prep_exit_code = NULL, prep_failure = NULL, "
    "prep_retries = 0, prep_last_retry = NULL, must_prepare = 0, barred = 0 RETURNING prep_run"
)
_LONGEST = timedelta(days=365 * 100)


class JobTaskStore:
    """Every read and change of where preparation and release tasks ran."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, job_key: int, pool_id: str, node_id: str) -> JobNodeRecord | None:
        """Return what is known of a job on a node, or None."""
        found = self._select("job_key = ? AND pool_id = ? AND node_id = ?", job_key, pool_id, node_id)
        return found[0] if found else None

    def scan(self, job_key: int, after: int = 0) -> Iterator[JobNodeRecord]:
        """Return the nodes of a job after the one with key ``after``, in the order of their first runs."""
        sql = f"SELECT {_COLUMNS} FROM job_nodes WHERE job_key = ? AND key > ? ORDER BY key"
        return map(_record, self._database.each(sql, (job_key, after)))

    def preparing(self) -> list[JobNodeRecord]:
        """Return where a preparation task runs."""
        return self._select("prep_ended IS NULL")

    def barred(self) -> Mapping[int, frozenset[str]]:
        """Return, by job, the nodes (in lower case) that take no task of it, since its preparation failed there."""
        nodes: defaultdict[int, set[str]] = defaultdict(set)
        for job_key, node_id in self._database.all("SELECT job_key, node_id FROM job_nodes WHERE barred = 1"):
            nodes[int(job_key or 0)].add(str(node_id).lower())
        return {job_key: frozenset(names) for job_key, names in nodes.items()}

    def begin_preparation(self, job_key: int, pool_id: str, node_id: str, now: datetime, *, reruns: bool) -> int:
        """Mark a preparation task as running; return the run's number.

        Args:
            job_key: its job.
            pool_id: where it runs.
            node_id: where it runs.
            now: the time.
            reruns: it is to run again when the node was rebooted, though it succeeded.
        """
        row = self._database.first(_BEGIN, (job_key, pool_id, node_id, to_micros(now), reruns))
        return int(row[0] or 0) if row else 0

    def retry_preparation(self, record: JobNodeRecord, now: datetime) -> int:
        """Mark a preparation task that failed as running again; return the run's number."""
        time = to_micros(now)
        self._database.run(
            "UPDATE job_nodes SET prep_run = prep_run + 1, prep_retries = prep_retries + 1, prep_last_retry = ?, "
            "prep_started = ? WHERE key = ?",
            (time, time, record.key),
        )
        return record.preparation.run_number + 1

    def end_preparation(
        self, record: JobNodeRecord, ending: TaskEnding, *, must_prepare: bool, bars: bool, owes_release: bool
    ) -> None:
        """Complete a preparation task.

        Args:
            record: where.
            ending: how.
            must_prepare: it is to run again before the job's next task.
            bars: the node takes no task of the job any more.
            owes_release: the release task is to run there; one that is owed already still is.
        """
        self._database.run(
            "UPDATE job_nodes SET prep_ended = ?, prep_exit_code = ?, prep_failure = ?, must_prepare = ?, barred = ?, "
            "owes_release = max(owes_release, ?) WHERE key = ?",
            (
                to_micros(ending.at),
                ending.exit_code,
                failure_text(ending.failure),
                must_prepare,
                bars,
                owes_release,
                record.key,
            ),
        )

    def owing(self) -> list[JobNodeRecord]:
        """Return where a release task has to run now: its job ends, and no task of it runs any more."""
        return self._select(
            "owes_release = 1 AND EXISTS (SELECT 1 FROM jobs "
            "WHERE jobs.key = job_key AND state IN ('terminating', 'deleting') AND n_running = 0)"
        )

    def begin_release(self, record: JobNodeRecord, now: datetime) -> int:
        """Mark a release task as running; return the run's number."""
        number = 1 if record.release is None else record.release.run_number + 1
        self._database.run(
            "UPDATE job_nodes SET release_run = ?, release_started = ?, release_ended = NULL, "
            "release_exit_code = NULL, release_failure = NULL WHERE key = ?",
            (number, to_micros(now), record.key),
        )
        return number

    def end_release(self, record: JobNodeRecord, ending: TaskEnding) -> None:
        """Complete a release task."""
        self._database.run(
            "UPDATE job_nodes SET owes_release = 0, release_ended = ?, release_exit_code = ?, release_failure = ? "
            "WHERE key = ?",
            (to_micros(ending.at), ending.exit_code, failure_text(ending.failure), record.key),
        )

    def drop_release(self, record: JobNodeRecord, now: datetime) -> None:
        """Give up a release task that can run nowhere any more; one that ran has ended with its node."""
        self._database.run("UPDATE job_nodes SET owes_release = 0 WHERE key = ?", (record.key,))
        self._database.run(
            "UPDATE job_nodes SET release_ended = ?, release_failure = ? "
            "WHERE key = ? AND release_started IS NOT NULL AND release_ended IS NULL",
            (to_micros(now), failure_text(failure("TaskEnded")), record.key),
        )

    def forgive(self, job_key: int) -> None:
        """Let a job end without its release tasks."""
        self._database.run("UPDATE job_nodes SET owes_release = 0 WHERE job_key = ?", (job_key,))

    def recover(self, now: datetime) -> None:
        """Take in that nothing runs: what was being prepared is prepared again when the next task comes."""
        self._database.run(
            "UPDATE job_nodes SET prep_ended = ?, prep_failure = ?, must_prepare = 1 WHERE prep_ended IS NULL",
            (to_micros(now), failure_text(failure("TaskEnded"))),
        )

    def rebooted(self, pool_id: str, node_id: str) -> None:
        """Let a node that comes back from a reboot be prepared again where the job wants that."""
        self._database.run(
            "UPDATE job_nodes SET must_prepare = 1 "
            "WHERE pool_id = ? AND node_id = ? AND prep_failure IS NULL AND reruns = 1",
            (pool_id, node_id),
        )

    def reimaged(self, pool_id: str, node_id: str) -> None:
        """Let a node that comes back empty be prepared again; nothing is to be released there before that."""
        self._database.run(
            "UPDATE job_nodes SET must_prepare = 1, barred = 0, owes_release = 0 WHERE pool_id = ? AND node_id = ?",
            (pool_id, node_id),
        )

    def keep_files(
        self, job_key: int, now: datetime, *, preparation: timedelta | None, release: timedelta | None
    ) -> None:
        """Begin the retention of a completed job's preparation and release tasks; None is for ever."""
        self._database.run(
            "UPDATE job_nodes SET prep_expires = ?, "
            "release_expires = CASE WHEN release_started IS NULL THEN NULL ELSE ? END WHERE job_key = ?",
            (_after(now, preparation), _after(now, release), job_key),
        )

    def expired_preparations(self, until: datetime, most: int) -> list[JobNodeRecord]:
        """Return some of the nodes where the retention of a preparation task is over."""
        return self._select("prep_expires <= ? LIMIT ?", to_micros(until), most)

    def expired_releases(self, until: datetime, most: int) -> list[JobNodeRecord]:
        """Return some of the nodes where the retention of a release task is over."""
        return self._select("release_expires <= ? LIMIT ?", to_micros(until), most)

    def expire_preparation(self, key: int) -> None:
        """Remember that the folder of a preparation task is gone."""
        self._database.run("UPDATE job_nodes SET prep_expires = NULL WHERE key = ?", (key,))

    def expire_release(self, key: int) -> None:
        """Remember that the folder of a release task is gone."""
        self._database.run("UPDATE job_nodes SET release_expires = NULL WHERE key = ?", (key,))

    def next_expiry(self) -> datetime | None:
        """Return when a retention is next over."""
        row = self._database.first(
            "SELECT min(time) FROM (SELECT min(prep_expires) AS time FROM job_nodes WHERE prep_expires IS NOT NULL "
            "UNION ALL SELECT min(release_expires) FROM job_nodes WHERE release_expires IS NOT NULL)"
        )
        return None if row is None or row[0] is None else from_micros(int(row[0]))

    def _select(self, where: str, *values: int | str) -> list[JobNodeRecord]:
        rows = self._database.all(f"SELECT {_COLUMNS} FROM job_nodes WHERE {where}", values)
        return [_record(row) for row in rows]


def _after(now: datetime, retention: timedelta | None) -> int | None:
    return None if retention is None or retention > _LONGEST else micros(now + retention)


def _record(row: Any) -> JobNodeRecord:
    return JobNodeRecord(
        key=row[0],
        job_key=row[1],
        pool_id=row[2],
        node_id=row[3],
        preparation=JobTaskRun(
            run_number=row[4],
            started=from_micros(row[5]),
            ended=_time(row[6]),
            exit_code=row[7],
            failure=failure_of(row[8]),
            retries=row[9],
            last_retry=_time(row[10]),
        ),
        must_prepare=bool(row[11]),
        owes_release=bool(row[12]),
        release=None
        if row[14] is None
        else JobTaskRun(
            run_number=row[13],
            started=from_micros(row[14]),
            ended=_time(row[15]),
            exit_code=row[16],
            failure=failure_of(row[17]),
        ),
    )


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)
