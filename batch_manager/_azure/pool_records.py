"""Batch's JSON of pools, nodes and images as the values of ``pool_operations``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from batch_manager._azure.task_records import read_duration
from batch_manager._azure.translate import clean
from batch_manager.definitions import ResizeProblem
from batch_manager.pool_operations import AutoscaleRun, PoolDetail, PoolNode, PoolSummary, SupportedImage

Document = Mapping[str, Any]

SUMMARY_SELECT = (
    "id,state,allocationState,vmSize,creationTime,currentDedicatedNodes,currentLowPriorityNodes,targetDedicatedNodes,"
    "targetLowPriorityNodes,enableAutoScale,allocationStateTransitionTime,metadata"
)
NODE_SELECT = "id,state,stateTransitionTime,isDedicated,runningTasksCount,startTaskInfo,errors"


def pool_summary(pool: Document) -> PoolSummary:
    """A pool of a list."""
    since = pool.get("allocationStateTransitionTime")
    return PoolSummary(
        id=pool["id"],
        state=pool.get("state") or "active",
        allocation_state=pool.get("allocationState") or "steady",
        vm_size=pool.get("vmSize") or "",
        creation_time=datetime.fromisoformat(pool["creationTime"]),
        allocation_state_since=datetime.fromisoformat(since) if since else None,
        current_dedicated_nodes=pool.get("currentDedicatedNodes") or 0,
        current_low_priority_nodes=pool.get("currentLowPriorityNodes") or 0,
        target_dedicated_nodes=pool.get("targetDedicatedNodes") or 0,
        target_low_priority_nodes=pool.get("targetLowPriorityNodes") or 0,
        enable_auto_scale=bool(pool.get("enableAutoScale")),
        metadata={item["name"]: item.get("value") or "" for item in pool.get("metadata") or ()},
    )


def pool_detail(pool: Document, etag: str | None) -> PoolDetail:
    """One pool."""
    run = pool.get("autoScaleRun")
    return PoolDetail(
        summary=pool_summary(pool),
        document=pool,
        resize_problems=tuple(
            ResizeProblem(code=error.get("code") or "", message=_sentence(None, error, "values"))
            for error in pool.get("resizeErrors") or ()
        ),
        resize_timeout=_duration(pool.get("resizeTimeout")),
        task_slots_per_node=pool.get("taskSlotsPerNode") or 1,
        auto_scale_formula=pool.get("autoScaleFormula"),
        auto_scale_interval=_duration(pool.get("autoScaleEvaluationInterval")),
        auto_scale_run=autoscale_run(run) if run else None,
        etag=etag,
    )


def autoscale_run(run: Document) -> AutoscaleRun:
    """What a formula came to. Batch tells its variables as ``$A=1;$B=2``."""
    error: Document = run.get("error") or {}
    pairs = (word.strip().partition("=") for word in (run.get("results") or "").split(";"))
    return AutoscaleRun(
        at=datetime.fromisoformat(run["timestamp"]),
        results={name: value for name, _, value in pairs if name},
        error=_sentence(error.get("code"), error, "values") if error else None,
    )


def pool_node(node: Document) -> PoolNode:
    """A node."""
    since = node.get("stateTransitionTime")
    return PoolNode(
        id=node["id"],
        state=node.get("state") or "unknown",
        state_since=datetime.fromisoformat(since) if since else None,
        is_dedicated=node.get("isDedicated") is not False,
        running_tasks=node.get("runningTasksCount") or 0,
        start_task_failure=_start_task_failure(node.get("startTaskInfo") or {}),
        errors=tuple(_sentence(error.get("code"), error, "errorDetails") for error in node.get("errors") or ()),
    )


def supported_image(image: Document) -> SupportedImage | None:
    """A Marketplace image; None for one of another kind."""
    reference: Document = image.get("imageReference") or {}
    if not reference.get("publisher"):
        return None
    end = image.get("batchSupportEndOfLife")
    return SupportedImage(
        publisher=reference["publisher"],
        offer=reference.get("offer") or "",
        sku=reference.get("sku") or "",
        node_agent=image["nodeAgentSKUId"],
        os=str(image.get("osType") or "linux").lower(),
        verified=str(image.get("verificationType")).lower() == "verified",
        capabilities=tuple(image.get("capabilities") or ()),
        end_of_life=datetime.fromisoformat(end) if end else None,
    )


def _duration(text: str | None) -> timedelta | None:
    return read_duration(text) if text else None


def _start_task_failure(info: Document) -> str | None:
    if str(info.get("result") or "").lower() != "failure":
        return None
    failure: Document = info.get("failureInfo") or {}
    words = _sentence(failure.get("code"), failure, "details") if failure else "it failed"
    return words if info.get("exitCode") is None else f"exit code {info['exitCode']}: {words}"


def _sentence(code: object, error: Document, pairs: str) -> str:
    """``Code: message (name: value, ...)``, without what is missing."""
    message: Any = error.get("message")
    if isinstance(message, Mapping):
        message = message.get("value")
    first_line = clean(message).strip().partition("\n")[0]
    head = ": ".join(word for word in (str(code) if code else "", first_line) if word) or "no reason given"
    named = ", ".join(_pairs(error.get(pairs) or ()))
    return f"{head} ({named})" if named else head


def _pairs(pairs: Iterable[Document]) -> Iterable[str]:
    return (f"{pair.get('name')}: {clean(pair.get('value'))}" for pair in pairs)
