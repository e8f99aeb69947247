"""``$expand=stats``: bodies with their statistics, where a client asks for them."""

from __future__ import annotations

from dispatcher.service.calls import Call
from dispatcher.service.paging import expands_stats
from dispatcher.service.records import JobRecord, PoolRecord, ScheduleRecord, TaskRecord
from dispatcher.service.rendering.statistics import job_statistics, pool_statistics, task_statistics
from dispatcher.service.wire import JsonObject


def expand_task(call: Call, task: TaskRecord, body: JsonObject) -> JsonObject:
    """Return a task's body, with ``stats`` if they are asked for."""
    if expands_stats(call):
        usage = call.core.store.statistics.of_task(task)
        body["stats"] = task_statistics(task, usage, str(body["url"]), call.now)
    return body


def expand_job(call: Call, job: JobRecord, body: JsonObject) -> JsonObject:
    """Return a job's body, with ``stats`` if they are asked for."""
    if expands_stats(call):
        body["stats"] = job_statistics(call.core.store.statistics.of_job(job.key), str(body["url"]), job.created)
    return body


def expand_schedule(call: Call, schedule: ScheduleRecord, body: JsonObject) -> JsonObject:
    """Return a job schedule's body, with ``stats`` if they are asked for."""
    if expands_stats(call):
        usage = call.core.store.statistics.of_schedule(schedule.key)
        body["stats"] = job_statistics(usage, str(body["url"]), schedule.created)
    return body


def expand_pool(call: Call, pool: PoolRecord, body: JsonObject) -> JsonObject:
    """Return a pool's body, with ``stats`` if they are asked for."""
    if expands_stats(call):
        statistics = call.core.store.statistics
        stays = statistics.stays_of_pool(pool.id, pool.created)
        body["stats"] = pool_statistics(statistics.of_pool(pool.id), stays, str(body["url"]), pool.created, call.now)
    return body
