"""What tasks used and how long nodes stayed, in the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dispatcher.service.node.launch import TaskEnding, Usage
from dispatcher.service.records import TaskRecord, TaskResult
from dispatcher.service.settlement import Settlement
from dispatcher.service.states import TaskEvent
from dispatcher.service.statistics import JobUsage, NodeTime, PoolUsage, TaskUsage
from dispatcher.service.store.database import Database, Row, Value
from dispatcher.service.wire import from_micros, to_micros

_MICROSECOND = timedelta(microseconds=1)
_USED: Final = "wall, user, kernel, reads, writes, wait"
_SUMMED: Final = ("wall", "user", "kernel", "reads", "writes", "wait", "retries", "succeeded", "failed")
_PLACES: Final = {name: place for place, name in enumerate(_SUMMED)}
_TASK = (
    "INSERT INTO task_usage VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET wall = wall + excluded.wall, "
    "user = user + excluded.user, kernel = kernel + excluded.kernel, reads = reads + excluded.reads, "
    "writes = writes + excluded.writes, wait = excluded.wait"
)
_JOB = (
    f"INSERT INTO job_usage (job_key, {', '.join(_SUMMED)}, updated) VALUES (?{', ?' * len(_SUMMED)}, ?) "
    f"ON CONFLICT DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in _SUMMED)}, "
    "updated = max(updated, excluded.updated)"
)
_POOL = (
    "INSERT INTO pool_usage VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET cpu = cpu + excluded.cpu, "
    "reads = reads + excluded.reads, writes = writes + excluded.writes, updated = max(updated, excluded.updated)"
)


class UsageChanges:
    """What is to be added to the statistics of jobs and pools, gathered over a batch and written once for each."""

    def __init__(self) -> None:
        self._jobs: dict[int, list[int]] = {}
        self._pools: dict[str, list[int]] = {}

    def of_job(self, key: int, at: datetime, first: str, *sums: int) -> None:
        """Add to a job's sums, to the columns from the one that is named on."""
        changes = self._jobs.get(key)
        if changes is None:
            changes = self._jobs[key] = [0] * (len(_SUMMED) + 1)
        for place, value in enumerate(sums, _PLACES[first]):
            changes[place] += value
        changes[-1] = max(changes[-1], to_micros(at))

    def of_pool(self, pool_id: str, at: datetime, *sums: int) -> None:
        """Add to a pool's sums: time of processors, reads and writes."""
        changes = self._pools.setdefault(pool_id, [0, 0, 0, 0])
        changes[:3] = [change + value for change, value in zip(changes[:3], sums, strict=True)]
        changes[3] = max(changes[3], to_micros(at))

    def write(self, database: Database) -> None:
        """Apply the changes."""
        if not self._jobs:  # nor any of a pool
            return
        database.run_many(_JOB, [(key, *changes) for key, changes in self._jobs.items()])
        database.run_many(_POOL, [(pool_id, *changes) for pool_id, changes in self._pools.items()])
        self._jobs.clear()
        self._pools.clear()


class StatisticsStore:
    """Every read and change of statistics; a change is made in the transaction of what it counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_attempt(self, task: TaskRecord, ending: TaskEnding, changes: UsageChanges) -> None:
        """Count in what an ended attempt used; ``task`` is as it was while the attempt ran."""
        started = ending.started or task.started or ending.at
        usage = ending.usage or Usage()
        used = (
            max(0, (ending.at - started) // _MICROSECOND),
            usage.user // _MICROSECOND,
            usage.kernel // _MICROSECOND,
            usage.reads,
            usage.writes,
        )
        wait = max(0, (started - task.created) // _MICROSECOND)
        waited = self._task_row(task) if task.run_number > 1 else None
        self._database.run(_TASK, (task.job_key, task.key, *used, wait))
        more = wait - (0 if waited is None else _number(waited[5]))
        changes.of_job(task.job_key, ending.at, _SUMMED[0], *used, more)
        if task.pool_id is not None:
            changes.of_pool(task.pool_id, ending.at, used[1] + used[2], usage.reads, usage.writes)

    def add_outcome(self, task: TaskRecord, settlement: Settlement, changes: UsageChanges) -> None:
        """Count in what an ending made of a task."""
        if settlement.event is TaskEvent.RETRY:
            changes.of_job(task.job_key, settlement.ended, "retries", 1)
        elif settlement.event is TaskEvent.COMPLETE:
            name = "succeeded" if settlement.result is TaskResult.SUCCESS else "failed"
            changes.of_job(task.job_key, settlement.ended, name, 1)

    def write(self, changes: UsageChanges) -> None:
        """Write gathered changes."""
        changes.write(self._database)

    def of_task(self, task: TaskRecord) -> TaskUsage:
        """Return what a task's ended attempts used."""
        row = self._task_row(task)
        return TaskUsage() if row is None else _task_usage(row)

    def of_job(self, job_key: int) -> JobUsage:
        """Return what a job's tasks used, those that were deleted included."""
        columns = ", ".join(_SUMMED)
        return _job_usage(
            self._database.first(f"SELECT {columns}, updated FROM job_usage WHERE job_key = ?", (job_key,))
        )

    def of_schedule(self, schedule_key: int) -> JobUsage:
        """Return what the tasks of a schedule's jobs used, those that were deleted included."""
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in _SUMMED)
        columns = ", ".join([*_SUMMED, "updated"])
        return _job_usage(
            self._database.first(
                f"SELECT {sums}, max(updated) FROM (SELECT {columns} FROM schedule_usage WHERE schedule_key = ? "
                f"UNION ALL SELECT {columns} FROM schedule_jobs JOIN job_usage USING (job_key) WHERE schedule_key = ?)",
                (schedule_key, schedule_key),
            )
        )

    def of_pool(self, pool_id: str) -> PoolUsage:
        """Return what tasks used on a pool's nodes."""
        row = self._database.first("SELECT cpu, reads, writes FROM pool_usage WHERE pool_id = ?", (pool_id,))
        if row is None:
            return PoolUsage()
        return PoolUsage(cpu=_number(row[0]) * _MICROSECOND, reads=_number(row[1]), writes=_number(row[2]))

    def stays_of_pool(self, pool_id: str, since: datetime) -> list[NodeTime]:
        """Return the stays of a pool's nodes that came at a time or later, so that none is of an older pool."""
        return self._stays("pool_id = ? AND came >= ?", (pool_id, to_micros(since)))

    def stays(self, start: datetime, end: datetime) -> list[NodeTime]:
        """Return the stays that a span of time touches."""
        return self._stays("(went IS NULL OR went > ?) AND came < ?", (to_micros(start), to_micros(end)))

    def _stays(self, where: str, values: tuple[Value, ...]) -> list[NodeTime]:
        sql = f"SELECT pool_id, vm_size, is_dedicated, came, went FROM node_times WHERE {where} ORDER BY came, node_id"
        return [_node_time(row) for row in self._database.all(sql, values)]

    def _task_row(self, task: TaskRecord) -> Row | None:
        return self._database.first(
            f"SELECT {_USED} FROM task_usage WHERE job_key = ? AND task_key = ?", (task.job_key, task.key)
        )


def _number(value: Value) -> int:
    return int(value or 0)


def _task_usage(row: Row) -> TaskUsage:
    wall, user, kernel, reads, writes, wait = (_number(value) for value in row[:6])
    return TaskUsage(
        wall=wall * _MICROSECOND,
        user=user * _MICROSECOND,
        kernel=kernel * _MICROSECOND,
        reads=reads,
        writes=writes,
        wait=wait * _MICROSECOND,
    )


def _job_usage(row: Row | None) -> JobUsage:
    if row is None:
        return JobUsage()
    return JobUsage(
        usage=_task_usage(row),
        retries=_number(row[6]),
        succeeded=_number(row[7]),
        failed=_number(row[8]),
        updated=None if row[9] is None else from_micros(_number(row[9])),
    )


def _node_time(row: Row) -> NodeTime:
    pool_id, vm_size, is_dedicated, came, went = row
    return NodeTime(
        pool_id=str(pool_id),
        vm_size=str(vm_size),
        is_dedicated=bool(is_dedicated),
        came=from_micros(_number(came)),
        went=None if went is None else from_micros(_number(went)),
    )
