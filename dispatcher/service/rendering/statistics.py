"""The ``stats`` of tasks, jobs, job schedules and pools, and pool usage metrics."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from dispatcher.service.records import TaskRecord
from dispatcher.service.states import TaskState
from dispatcher.service.statistics import (
    BLOCK,
    INTERVAL,
    JobUsage,
    NodeTime,
    PoolInterval,
    PoolUsage,
    TaskUsage,
    core_time,
)
from dispatcher.service.wire import JsonObject, format_duration, format_time

_GIB: Final = 1024**3
_NOT_MEASURED: Final = (
    "avgMemoryGiB",
    "peakMemoryGiB",
    "avgDiskGiB",
    "peakDiskGiB",
    "networkReadGiB",
    "networkWriteGiB",
)
"""Of a pool's nodes: they share one machine, so nothing of it could be told apart."""


def task_statistics(task: TaskRecord, usage: TaskUsage, url: str, now: datetime) -> JsonObject:
    """Return a task's statistics; the attempt that runs counts with its time alone."""
    wall, wait, updated = usage.wall, usage.wait, task.ended or task.created
    if task.state is TaskState.RUNNING and task.started is not None:
        wall, wait, updated = wall + (now - task.started), task.started - task.created, now
    body = _span(url, task.created, updated) | _usage(usage)
    return body | {"wallClockTime": _duration(wall), "waitTime": _duration(wait)}


def job_statistics(usage: JobUsage, url: str, start: datetime) -> JsonObject:
    """Return the statistics of a job, or of a schedule's jobs together; an attempt counts from its end."""
    return {
        **_span(url, start, usage.updated or start),
        **_usage(usage.usage),
        "numSucceededTasks": str(usage.succeeded),
        "numFailedTasks": str(usage.failed),
        "numTaskRetries": str(usage.retries),
    }


def pool_statistics(
    usage: PoolUsage, stays: Sequence[NodeTime], url: str, start: datetime, now: datetime
) -> JsonObject:
    """Return a pool's statistics; what cannot be measured for one node among others is 0."""
    span: JsonObject = {"startTime": format_time(start), "lastUpdateTime": format_time(now)}
    dedicated = core_time((stay for stay in stays if stay.is_dedicated), start, now)
    cores = core_time(stays, start, now)
    nothing: JsonObject = dict.fromkeys(_NOT_MEASURED, 0.0)
    return {
        "url": url,
        **span,
        "usageStats": {**span, "dedicatedCoreTime": _duration(dedicated)},
        "resourceStats": {
            **span,
            **nothing,
            "avgCPUPercentage": min(100.0, 100.0 * usage.cpu / cores) if cores else 0.0,
            "diskReadIOps": str(usage.reads),
            "diskWriteIOps": str(usage.writes),
            "diskReadGiB": usage.reads * BLOCK / _GIB,
            "diskWriteGiB": usage.writes * BLOCK / _GIB,
        },
    }


def usage_metrics(interval: PoolInterval) -> JsonObject:
    """Return what a pool amounted to in an interval."""
    return {
        "poolId": interval.pool_id,
        "startTime": format_time(interval.start),
        "endTime": format_time(interval.start + INTERVAL),
        "vmSize": interval.vm_size,
        "totalCoreHours": interval.core_hours,
    }


def _span(url: str, start: datetime, updated: datetime) -> JsonObject:
    return {"url": f"{url}/stats", "startTime": format_time(start), "lastUpdateTime": format_time(max(start, updated))}


def _usage(usage: TaskUsage) -> JsonObject:
    return {
        "userCPUTime": _duration(usage.user),
        "kernelCPUTime": _duration(usage.kernel),
        "wallClockTime": _duration(usage.wall),
        "readIOps": str(usage.reads),
        "writeIOps": str(usage.writes),
        "readIOGiB": usage.reads * BLOCK / _GIB,
        "writeIOGiB": usage.writes * BLOCK / _GIB,
        "waitTime": _duration(usage.wait),
    }


def _duration(duration: timedelta) -> str:
    return format_duration(max(duration, timedelta()))
