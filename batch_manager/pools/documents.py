"""Pools, nodes, images and users as the JSON that commands print. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from batch_manager.account_management import MachineSku
from batch_manager.ownership import read_ownership
from batch_manager.pool_operations import AutoscaleRun, PoolDetail, PoolNode, PoolSummary, SupportedImage
from batch_manager.pools.readiness import PoolHealth
from batch_manager.pools.users import KnownUser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Document: TypeAlias = "None | bool | int | float | str | Sequence[Document] | Mapping[str, Document]"


def summary_document(pool: PoolSummary) -> dict[str, Document]:
    """A pool of a list."""
    ownership = read_ownership(pool.metadata)
    return {
        "id": pool.id,
        "state": pool.state,
        "allocationState": pool.allocation_state,
        "vmSize": pool.vm_size,
        "creationTime": _time(pool.creation_time),
        "dedicatedNodes": pool.current_dedicated_nodes,
        "spotNodes": pool.current_low_priority_nodes,
        "targetDedicatedNodes": pool.target_dedicated_nodes,
        "targetSpotNodes": pool.target_low_priority_nodes,
        "autoscale": pool.enable_auto_scale,
        "owner": ownership.owner if ownership is not None else None,
        "tags": dict(ownership.tags) if ownership is not None else {},
    }


def pool_document(pool: PoolDetail, health: PoolHealth, nodes: Iterable[PoolNode]) -> dict[str, Document]:
    """One pool with its nodes."""
    run = pool.auto_scale_run
    return {
        **summary_document(pool.summary),
        "taskSlotsPerNode": pool.task_slots_per_node,
        "packages": list(packages(pool)),
        "formula": pool.auto_scale_formula,
        "evaluationIntervalSeconds": _seconds(pool.auto_scale_interval),
        "evaluation": None if run is None else run_document(run),
        "health": health_document(health),
        "nodes": [node_document(node) for node in nodes],
    }


def packages(pool: PoolDetail) -> tuple[str, ...]:
    """The pool's application packages, ``APP:VERSION``."""
    references = pool.document.get("applicationPackageReferences")
    if not isinstance(references, list):
        return ()
    words = ((item.get("applicationId"), item.get("version")) for item in references)
    return tuple(f"{name}:{version}" if version else str(name) for name, version in words)


def health_document(health: PoolHealth) -> dict[str, Document]:
    """Whether a pool is ready, and why not."""
    return {
        "verdict": health.verdict.value,
        "usableNodes": health.usable,
        "targetNodes": health.target,
        "nodesByState": dict(health.states),
        "reasons": list(health.reasons),
    }


def node_document(node: PoolNode) -> dict[str, Document]:
    """A node."""
    return {
        "id": node.id,
        "state": node.state,
        "stateTransitionTime": None if node.state_since is None else _time(node.state_since),
        "dedicated": node.is_dedicated,
        "runningTasks": node.running_tasks,
        "startTaskFailure": node.start_task_failure,
        "errors": list(node.errors),
    }


def run_document(run: AutoscaleRun) -> dict[str, Document]:
    """What a formula came to."""
    return {"time": _time(run.at), "results": dict(run.results), "error": run.error}


def image_document(image: SupportedImage) -> dict[str, Document]:
    """An image."""
    return {
        "publisher": image.publisher,
        "offer": image.offer,
        "sku": image.sku,
        "nodeAgent": image.node_agent,
        "os": image.os,
        "verified": image.verified,
        "capabilities": list(image.capabilities),
        "endOfLife": None if image.end_of_life is None else _time(image.end_of_life),
    }


def sku_document(sku: MachineSku) -> dict[str, Document]:
    """A size of machines."""
    return {
        "name": sku.name,
        "family": sku.family,
        "cores": sku.cores,
        "memoryGb": sku.memory_gb,
        "endOfLife": None if sku.end_of_life is None else _time(sku.end_of_life),
    }


def user_document(user: KnownUser, now: datetime) -> dict[str, Document]:
    """A user that was added to nodes."""
    return {
        "name": user.name,
        "expiryTime": _time(user.expiry_time),
        "expired": user.expiry_time <= now,
        "admin": user.is_admin,
        "nodeId": user.node_id,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
