"""Pools' bodies, and their node counts."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from dispatcher.service.documents.secrets import read_public
from dispatcher.service.fleet import LiveNode
from dispatcher.service.records import PoolRecord
from dispatcher.service.states import NodeState
from dispatcher.service.store.autoscale import AutoscaleRecord
from dispatcher.service.wire import JsonObject, format_duration, format_etag, format_time


def pool_body(pool: PoolRecord, nodes: list[LiveNode], autoscale: AutoscaleRecord | None, base_url: str) -> JsonObject:
    """Return a pool, without what is secret in it."""
    body = {name: value for name, value in read_public(pool.document).items() if not name.startswith("autoScale")}
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
        **_scaling(autoscale),
        "enableInterNodeCommunication": bool(body.get("enableInterNodeCommunication")),
    }
    if pool.resize_errors:
        body["resizeErrors"] = [{"code": error.code, "message": error.message} for error in pool.resize_errors]
    return body


def _scaling(autoscale: AutoscaleRecord | None) -> JsonObject:
    if autoscale is None:
        return {"enableAutoScale": False}
    body: JsonObject = {
        "enableAutoScale": True,
        "autoScaleFormula": autoscale.formula,
        "autoScaleEvaluationInterval": format_duration(autoscale.interval),
    }
    return body if autoscale.run is None else {**body, "autoScaleRun": autoscale.run}


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
