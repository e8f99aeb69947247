"""Which pools were made for a job or a job schedule, and go with it."""

from __future__ import annotations

from dispatcher.service.store.database import Database

_ENDED = (
    "SELECT auto.pool_id FROM auto_pools AS auto LEFT JOIN jobs ON jobs.key = auto.job_key "
    "LEFT JOIN job_schedules AS schedules ON schedules.key = auto.schedule_key WHERE keep_alive = 0 "
    "AND (CASE WHEN auto.job_key IS NOT NULL THEN coalesce(jobs.state, 'completed') "
    "ELSE coalesce(schedules.state, 'completed') END) = 'completed'"
)


class AutoPoolStore:
    """Every read and change of what ties pools to jobs and schedules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pool_id: str, *, job_key: int | None = None, schedule_key: int | None = None, keep: bool) -> None:
        """Tie a pool to a job or to a schedule; with ``keep`` it stays when that ends."""
        self._database.run(
            "INSERT INTO auto_pools (pool_id, job_key, schedule_key, keep_alive) VALUES (?, ?, ?, ?)",
            (pool_id, job_key, schedule_key, keep),
        )

    def of_schedule(self, schedule_key: int) -> str | None:
        """Return the pool that a schedule's jobs share and that is still there, or None."""
        row = self._database.first(
            "SELECT pool_id FROM auto_pools JOIN pools ON pools.id = pool_id "
            "WHERE schedule_key = ? AND pools.state = 'active'",
            (schedule_key,),
        )
        return None if row is None else str(row[0])

    def ended(self) -> list[str]:
        """Return the pools whose job or schedule is completed or gone."""
        return [str(row[0]) for row in self._database.all(_ENDED)]

    def forget(self, pool_id: str) -> None:
        """Untie a pool."""
        self._database.run("DELETE FROM auto_pools WHERE pool_id = ?", (pool_id,))
