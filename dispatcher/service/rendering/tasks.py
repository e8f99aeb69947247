"""Tasks' bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from dispatcher.service.documents.secrets import read_public
from dispatcher.service.odata import select
from dispatcher.service.records import JobRecord, TaskCounts, TaskRecord
from dispatcher.service.rendering.parts import failure_info, job_url, node_url, over, set_time
from dispatcher.service.wire import UNLIMITED, JsonObject, JsonValue, format_etag, format_time

_TASK_CONSTRAINTS: Final[JsonObject] = {
    "maxWallClockTime": UNLIMITED,
    "retentionTime": "P7D",
    "maxTaskRetryCount": 0,
}


def task_body(task: TaskRecord, job: JobRecord, base_url: str, *, only: frozenset[str] | None = None) -> JsonObject:
    """Return a task; with ``only`` no more than these of its properties, so that a list of ids costs little."""
    body: JsonObject = {}
    if only is None or not only <= _RUNTIME.keys():
        body = read_public(task.document)
        defaults = {**_TASK_CONSTRAINTS, "maxTaskRetryCount": job.max_retries}
        body["constraints"] = over(defaults, body.get("constraints"))
        body.setdefault("requiredSlots", 1)
        body = select(body, only)
    for name, value_of in _RUNTIME.items():
        if (only is None or name in only) and (value := value_of(task, job, base_url)) is not None:
            body[name] = value
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


def _execution_info(task: TaskRecord) -> JsonObject:
    info: JsonObject = {"retryCount": task.retries, "requeueCount": task.requeues}
    set_time(info, "startTime", task.started)
    set_time(info, "endTime", task.ended)
    set_time(info, "lastRetryTime", task.last_retry)
    set_time(info, "lastRequeueTime", task.last_requeue)
    if task.exit_code is not None:
        info["exitCode"] = task.exit_code
    if task.result is not None:
        info["result"] = task.result.value
    if task.failure is not None:
        info["failureInfo"] = failure_info(task.failure)
    return info


def root_directory(job_id: str, task_id: str) -> str:
    """Return the folder of a task below its node's root."""
    schedule, colon, scheduled = job_id.partition(":")
    return f"workitems/{schedule}/{scheduled}/{task_id}" if colon else f"workitems/{job_id}/job-1/{task_id}"


def node_info(task: TaskRecord, job: JobRecord, base_url: str, pool_id: str, node_id: str) -> JsonObject:
    """Return where a task ran, or a subtask of it."""
    root = root_directory(job.id, task.id)
    url = node_url(base_url, pool_id, node_id)
    return {
        "affinityId": node_id,
        "nodeUrl": url,
        "poolId": pool_id,
        "nodeId": node_id,
        "taskRootDirectory": root,
        "taskRootDirectoryUrl": f"{url}/files/{root}",
    }


def _node_info(task: TaskRecord, job: JobRecord, base_url: str) -> JsonObject | None:
    if task.pool_id is None or task.node_id is None:
        return None
    return node_info(task, job, base_url, task.pool_id, task.node_id)


_RUNTIME: Final[Mapping[str, Callable[[TaskRecord, JobRecord, str], JsonValue]]] = {
    "id": lambda task, job, base_url: task.id,
    "url": lambda task, job, base_url: f"{job_url(base_url, job.id)}/tasks/{quote(task.id)}",
    "eTag": lambda task, job, base_url: format_etag(task.version),
    "creationTime": lambda task, job, base_url: format_time(task.created),
    "lastModified": lambda task, job, base_url: format_time(task.modified),
    "state": lambda task, job, base_url: task.state.value,
    "stateTransitionTime": lambda task, job, base_url: format_time(task.state_time),
    "executionInfo": lambda task, job, base_url: _execution_info(task),
    "previousState": lambda task, job, base_url: None if task.previous_state is None else task.previous_state.value,
    "previousStateTransitionTime": lambda task, job, base_url: (
        None
        if task.previous_state is None or task.previous_state_time is None
        else format_time(task.previous_state_time)
    ),
    "nodeInfo": _node_info,
}
"""The properties of a task's body for which its document need not be read; None is absent."""
