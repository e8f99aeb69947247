"""Records as Batch's JSON bodies: the document the client sent, with what the service knows laid over it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final
from urllib.parse import quote

from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.launch import TaskFailure
from dispatcher.service.records import JobRecord, PoolRecord, TaskCounts, TaskRecord
from dispatcher.service.states import NodeState
from dispatcher.service.wire import UNLIMITED, JsonObject, JsonValue, format_etag, format_time

RUNTIME_TASK_FIELDS: Final = frozenset(
    {
        "id",
        "url",
        "eTag",
        "creationTime",
        "lastModified",
        "state",
        "stateTransitionTime",
        "previousState",
        "previousStateTransitionTime",
        "executionInfo",
        "nodeInfo",
    }
)
"""Properties of a task's body for which its document need not be read."""

_TASK_CONSTRAINTS: Final[JsonObject] = {
    "maxWallClockTime": UNLIMITED,
    "retentionTime": "P7D",
    "maxTaskRetryCount": 0,
}


def task_body(task: TaskRecord, job: JobRecord, base_url: str, *, runtime_only: bool = False) -> JsonObject:
    """Return a task; with ``runtime_only`` no more than `RUNTIME_TASK_FIELDS` of it."""
    body: JsonObject = {}
    if not runtime_only:
        body = json.loads(task.document)
        defaults = {**_TASK_CONSTRAINTS, "maxTaskRetryCount": job.max_retries}
        body["constraints"] = _over(defaults, body.get("constraints"))
        body.setdefault("requiredSlots", 1)
    body |= {
        "id": task.id,
        "url": f"{base_url}/jobs/{quote(job.id)}/tasks/{quote(task.id)}",
        "eTag": format_etag(task.version),
        "creationTime": format_time(task.created),
        "lastModified": format_time(task.modified),
        "state": task.state.value,
        "stateTransitionTime": format_time(task.state_time),
        "executionInfo": _execution_info(task),
    }
    if task.previous_state is not None:
        body["previousState"] = task.previous_state.value
    if task.pool_id is not None and task.node_id is not None:
        body["nodeInfo"] = _node_info(task, job, base_url, task.pool_id, task.node_id)
    return body


def job_body(job: JobRecord, base_url: str) -> JsonObject:
    """Return a job."""
    body: JsonObject = json.loads(job.document)
    body["constraints"] = _over({"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0}, body.get("constraints"))
    for name, default in (("onAllTasksComplete", "noaction"), ("onTaskFailure", "noaction"), ("maxParallelTasks", -1)):
        body.setdefault(name, default)
    execution: JsonObject = {"startTime": format_time(job.created), "poolId": job.pool_id}
    _set_time(execution, "endTime", job.ended)
    if job.terminate_reason is not None:
        execution["terminateReason"] = job.terminate_reason
    body |= {
        "id": job.id,
        "url": f"{base_url}/jobs/{quote(job.id)}",
        "eTag": format_etag(job.version),
        "creationTime": format_time(job.created),
        "lastModified": format_time(job.modified),
        "state": job.state.value,
        "stateTransitionTime": format_time(job.state_time),
        "priority": job.priority,
        "usesTaskDependencies": job.uses_dependencies,
        "executionInfo": execution,
    }
    if job.previous_state is not None:
        body["previousState"] = job.previous_state.value
    return body


def task_counts_body(counts: TaskCounts) -> JsonObject:
    """Return a job's task counts."""
    return {
        "taskCounts": {
            "active": counts.active,
            "running": counts.running,
            "completed": counts.succeeded + counts.failed,
            "succeeded": counts.succeeded,
            "failed": counts.failed,
        },
        "taskSlotCounts": {
            "active": counts.active_slots,
            "running": counts.running_slots,
            "completed": counts.succeeded_slots + counts.failed_slots,
            "succeeded": counts.succeeded_slots,
            "failed": counts.failed_slots,
        },
    }


def pool_body(pool: PoolRecord, nodes: list[LiveNode], base_url: str) -> JsonObject:
    """Return a pool."""
    body: JsonObject = json.loads(pool.document)
    body.setdefault("taskSchedulingPolicy", {"nodeFillType": "Spread"})
    body.setdefault("resizeTimeout", "PT15M")
    dedicated = sum(live.record.is_dedicated for live in nodes)
    body |= {
        "id": pool.id,
        "url": f"{base_url}/pools/{quote(pool.id)}",
        "eTag": format_etag(pool.version),
        "creationTime": format_time(pool.created),
        "lastModified": format_time(pool.modified),
        "state": pool.state.value,
        "stateTransitionTime": format_time(pool.state_time),
        "allocationState": pool.allocation_state.value,
        "allocationStateTransitionTime": format_time(pool.allocation_time),
        "targetDedicatedNodes": pool.target_dedicated,
        "targetLowPriorityNodes": pool.target_low_priority,
        "currentDedicatedNodes": dedicated,
        "currentLowPriorityNodes": len(nodes) - dedicated,
        "taskSlotsPerNode": pool.slots,
        "enableAutoScale": False,
        "enableInterNodeCommunication": False,
    }
    return body


def node_body(live: LiveNode, pool: PoolRecord, base_url: str) -> JsonObject:
    """Return a node."""
    record, attempts = live.record, live.attempts
    return {
        "id": record.id,
        "url": _node_url(base_url, record.pool_id, record.id),
        "state": live.state.value,
        "schedulingState": "disabled" if live.state is NodeState.OFFLINE else "enabled",
        "stateTransitionTime": format_time(live.state_time),
        "lastBootTime": format_time(record.allocated),
        "allocationTime": format_time(record.allocated),
        "ipAddress": "127.0.0.1",
        "affinityId": record.id,
        "vmSize": json.loads(pool.document)["vmSize"],
        "isDedicated": record.is_dedicated,
        "totalTasksRun": live.tasks_run,
        "runningTasksCount": len(attempts),
        "runningTaskSlotsCount": live.used_slots,
        "recentTasks": [_recent_task(key.job_id, key.task_id, base_url) for key in attempts],
    }


def node_counts_body(pool: PoolRecord, nodes: list[LiveNode]) -> JsonObject:
    """Return how many of a pool's nodes are in which state."""
    return {
        "poolId": pool.id,
        "dedicated": _state_counts([live.state for live in nodes if live.record.is_dedicated]),
        "lowPriority": _state_counts([live.state for live in nodes if not live.record.is_dedicated]),
    }


_COUNTED_STATES: Final = (
    "creating",
    "idle",
    "leavingPool",
    "offline",
    "preempted",
    "rebooting",
    "reimaging",
    "running",
    "starting",
    "startTaskFailed",
    "unknown",
    "unusable",
    "waitingForStartTask",
    "upgradingOS",
    "deallocated",
    "deallocating",
)


def _state_counts(states: list[NodeState]) -> JsonObject:
    counts: JsonObject = {name: sum(state.value == name.lower() for state in states) for name in _COUNTED_STATES}
    counts["total"] = len(states)
    return counts


def _execution_info(task: TaskRecord) -> JsonObject:
    info: JsonObject = {"retryCount": task.retries, "requeueCount": task.requeues}
    _set_time(info, "startTime", task.started)
    _set_time(info, "endTime", task.ended)
    _set_time(info, "lastRetryTime", task.last_retry)
    _set_time(info, "lastRequeueTime", task.last_requeue)
    if task.exit_code is not None:
        info["exitCode"] = task.exit_code
    if task.result is not None:
        info["result"] = task.result.value
    if task.failure is not None:
        info["failureInfo"] = _failure_info(task.failure)
    return info


def _failure_info(failure: TaskFailure) -> JsonObject:
    details: list[JsonValue] = [{"name": name, "value": value} for name, value in failure.details]
    return {
        "category": failure.category.value,
        "code": failure.code,
        "message": failure.message,
        "details": details,
    }


def _node_info(task: TaskRecord, job: JobRecord, base_url: str, pool_id: str, node_id: str) -> JsonObject:
    root = f"workitems/{job.id}/job-1/{task.id}"
    url = _node_url(base_url, pool_id, node_id)
    return {
        "affinityId": node_id,
        "nodeUrl": url,
        "poolId": pool_id,
        "nodeId": node_id,
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{url}/files/{root}",
    }


def _recent_task(job_id: str, task_id: str, base_url: str) -> JsonObject:
    return {
        "taskUrl": f"{base_url}/jobs/{quote(job_id)}/tasks/{quote(task_id)}",
        "jobId": job_id,
        "taskId": task_id,
        "taskState": "running",
    }


def _node_url(base_url: str, pool_id: str, node_id: str) -> str:
    return f"{base_url}/pools/{quote(pool_id)}/nodes/{quote(node_id)}"


def _set_time(values: JsonObject, name: str, time: datetime | None) -> None:
    if time is not None:
        values[name] = format_time(time)


def _over(defaults: JsonObject, given: JsonValue) -> JsonObject:
    return {**defaults, **given} if isinstance(given, dict) else defaults
