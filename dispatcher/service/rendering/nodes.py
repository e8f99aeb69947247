"""Nodes' bodies."""

from __future__ import annotations

from urllib.parse import quote

from dispatcher.service.documents.secrets import read_public
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.node.launch import TaskFailure, TaskKey, WorkKind
from dispatcher.service.records import PoolRecord, StartTaskRun
from dispatcher.service.rendering.parts import failure_info, job_url, node_url, set_time
from dispatcher.service.states import NodeState
from dispatcher.service.wire import JsonObject, JsonValue, format_time

_OF_TASKS = frozenset({WorkKind.TASK, WorkKind.SUBTASK})


def node_body(live: LiveNode, pool: PoolRecord, base_url: str) -> JsonObject:
    """Return a node."""
    record, document = live.record, read_public(pool.document)
    tasks = _running_tasks(live, pool.slots)
    body: JsonObject = {
        "id": record.id,
        "url": node_url(base_url, record.pool_id, record.id),
        "state": live.state.value,
        "schedulingState": "disabled" if live.state is NodeState.OFFLINE else "enabled",
        "stateTransitionTime": format_time(live.state_time),
        "lastBootTime": format_time(live.booted),
        "allocationTime": format_time(record.allocated),
        "ipAddress": live.address,
        "affinityId": record.id,
        "vmSize": document["vmSize"],
        "isDedicated": record.is_dedicated,
        "totalTasksRun": live.tasks_run,
        "totalTasksSucceeded": live.tasks_succeeded,
        "runningTasksCount": len(tasks),
        "runningTaskSlotsCount": sum(attempt.slots for attempt in tasks.values()),
        "recentTasks": [_recent_task(key.job_id, key.task_id, base_url) for key in tasks],
    }
    if "startTask" in document:
        body["startTask"] = document["startTask"]
    if live.start is not None:
        body["startTaskInfo"] = _start_task_info(live.start)
    if live.errors:
        body["errors"] = [_error(failure) for failure in live.errors]
    return body


def _running_tasks(live: LiveNode, slots: int) -> dict[TaskKey, Attempt]:
    """Return the tasks that have slots; what was given to the node beyond them waits for those before it."""
    tasks = {}
    for key, attempt in live.attempts.items():
        if attempt.kind in _OF_TASKS and attempt.slots <= slots:
            slots -= attempt.slots
            tasks[key] = attempt
    return tasks


def _start_task_info(run: StartTaskRun) -> JsonObject:
    info: JsonObject = {
        "state": "running" if run.is_running else "completed",
        "startTime": format_time(run.started),
        "retryCount": run.retries,
    }
    set_time(info, "endTime", run.ended)
    set_time(info, "lastRetryTime", run.last_retry)
    if run.is_running:
        return info
    info["result"] = "success" if run.failure is None else "failure"
    if run.exit_code is not None:
        info["exitCode"] = run.exit_code
    if run.failure is not None:
        info["failureInfo"] = failure_info(run.failure)
    return info


def _error(failure: TaskFailure) -> JsonObject:
    details: list[JsonValue] = [{"name": name, "value": value} for name, value in failure.details]
    return {"code": failure.code, "message": failure.message, "errorDetails": details}


def _recent_task(job_id: str, task_id: str, base_url: str) -> JsonObject:
    return {
        "taskUrl": f"{job_url(base_url, job_id)}/tasks/{quote(task_id)}",
        "jobId": job_id,
        "taskId": task_id,
        "taskState": "running",
    }
