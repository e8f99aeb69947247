"""Nodes' bodies."""

from __future__ import annotations

import json
from urllib.parse import quote

from dispatcher.service.fleet import LiveNode
from dispatcher.service.records import PoolRecord
from dispatcher.service.rendering.parts import job_url, node_url
from dispatcher.service.states import NodeState
from dispatcher.service.wire import JsonObject, format_time


def node_body(live: LiveNode, pool: PoolRecord, base_url: str) -> JsonObject:
    """Return a node."""
    record, attempts = live.record, live.attempts
    return {
        "id": record.id,
        "url": node_url(base_url, record.pool_id, record.id),
        "state": live.state.value,
        "schedulingState": "disabled" if live.state is NodeState.OFFLINE else "enabled",
        "stateTransitionTime": format_time(live.state_time),
        "lastBootTime": format_time(record.allocated),
        "allocationTime": format_time(record.allocated),
        "ipAddress": live.address,
        "affinityId": record.id,
        "vmSize": json.loads(pool.document)["vmSize"],
        "isDedicated": record.is_dedicated,
        "totalTasksRun": live.tasks_run,
        "runningTasksCount": len(attempts),
        "runningTaskSlotsCount": live.used_slots,
        "recentTasks": [_recent_task(key.job_id, key.task_id, base_url) for key in attempts],
    }


def _recent_task(job_id: str, task_id: str, base_url: str) -> JsonObject:
    return {
        "taskUrl": f"{job_url(base_url, job_id)}/tasks/{quote(task_id)}",
        "jobId": job_id,
        "taskId": task_id,
        "taskState": "running",
    }
