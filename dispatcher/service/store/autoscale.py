"""Automatic scaling of pools in the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.service.store.database import Database, Row
from dispatcher.service.wire import JsonObject, from_micros, to_micros

_COLUMNS = "pool_id, formula, period, due, enabled, runs, run"
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoscaleRecord:
    """A pool that is scaled by a formula."""

    pool_id: str
    formula: str
    interval: timedelta
    due: datetime
    """When the formula runs next."""
    enabled: datetime
    """When a client last asked for this formula or interval."""
    runs: int
    run: JsonObject | None
    """The ``autoScaleRun`` of the latest run; None before the first."""


class AutoscaleStore:
    """Every read and change of pools' formulas; they go with their pools."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.version = 0
        """Grows whenever a client changes what scales a pool; of this process."""

    def find(self, pool_id: str) -> AutoscaleRecord | None:
        """Return what scales a pool, or None."""
        row = self._database.first(f"SELECT {_COLUMNS} FROM autoscale WHERE pool_id = ?", (pool_id,))
        return None if row is None else _record(row)

    def scan(self) -> list[AutoscaleRecord]:
        """Return every pool that is scaled by a formula."""
        return [_record(row) for row in self._database.all(f"SELECT {_COLUMNS} FROM autoscale")]

    def put(self, pool_id: str, formula: str, interval: timedelta, now: datetime) -> None:
        """Let a formula scale a pool, for the first time at once; the run before stays to be read."""
        self.version += 1
        self._database.run(
            f"INSERT INTO autoscale ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, 0, NULL) ON CONFLICT DO UPDATE SET "
            "formula = excluded.formula, period = excluded.period, due = excluded.due, enabled = excluded.enabled",
            (pool_id, formula, interval // _MICROSECOND, to_micros(now), to_micros(now)),
        )

    def ran(self, pool_id: str, run: JsonObject, due: datetime) -> None:
        """Keep what a run came to, and when the next is due."""
        self._database.run(
            "UPDATE autoscale SET run = ?, due = ?, runs = runs + 1 WHERE pool_id = ?",
            (json.dumps(run), to_micros(due), pool_id),
        )

    def remove(self, pool_id: str) -> None:
        """Let a pool be scaled by hand."""
        self.version += 1
        self._database.run("DELETE FROM autoscale WHERE pool_id = ?", (pool_id,))

    def task_counts(self, pool_id: str) -> tuple[int, int, int, int]:
        """Return how many tasks of a pool's jobs wait for nothing but a place, run, succeeded and failed."""
        row = self._database.first(
            "SELECT coalesce(sum(n_running), 0), coalesce(sum(n_succeeded), 0), coalesce(sum(n_failed), 0) "
            "FROM jobs WHERE pool_id = ?",
            (pool_id,),
        )
        running, succeeded, failed = row or (0, 0, 0)
        waiting = self._database.first(
            "SELECT count(*) FROM jobs CROSS JOIN tasks ON tasks.job_key = jobs.key "
            "WHERE jobs.pool_id = ? AND jobs.state = 'active' AND n_active > 0 "
            "AND tasks.state = 'active' AND unmet = 0",
            (pool_id,),
        )
        return int((waiting or (0,))[0] or 0), int(running or 0), int(succeeded or 0), int(failed or 0)


def _record(row: Row) -> AutoscaleRecord:
    pool_id, formula, period, due, enabled, runs, run = row
    return AutoscaleRecord(
        pool_id=str(pool_id),
        formula=str(formula),
        interval=int(period or 0) * _MICROSECOND,
        due=from_micros(int(due or 0)),
        enabled=from_micros(int(enabled or 0)),
        runs=int(runs or 0),
        run=None if run is None else json.loads(str(run)),
    )
