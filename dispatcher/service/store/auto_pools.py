"""Which pools were made for a job or a job schedule, and go with it."""

from __future__ import annotations

from dispatcher.service.store.database import Database


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

    def keep(self, pool_id: str, *, keep: bool) -> None:
        """Say whether a pool stays when its job ends; one that is tied to nothing stays as it is."""
        self._database.run("UPDATE auto_pools SET keep_alive = ? WHERE pool_id = ?", (keep, pool_id))

    def ended(self) -> list[tuple[str, bool]]:
        """Return the pools whose job or schedule is completed or gone, and whether each stays."""
        rows = self._database.all("SELECT pool_id, keep_alive FROM auto_pools WHERE ended = 1")
        return [(str(pool_id), bool(keep)) for pool_id, keep in rows]

    def forget(self, pool_id: str) -> None:
        """Untie a pool."""
        self._database.run("DELETE FROM auto_pools WHERE pool_id = ?", (pool_id,))
