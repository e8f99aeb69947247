"""Pools that live in memory, for tests of what is done with them: a resize ends when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from batch_manager.errors import ConflictError, NotFoundError, PreconditionError
from batch_manager.pool_operations import (
    AutoscaleRun,
    NodeUser,
    PoolDetail,
    PoolNode,
    PoolSummary,
    SupportedImage,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UBUNTU = SupportedImage(
    publisher="canonical",
    offer="ubuntu-24_04-lts",
    sku="server",
    node_agent="batch.node.ubuntu 24.04",
    os="linux",
    verified=True,
)
WINDOWS = SupportedImage(
    publisher="microsoftwindowsserver",
    offer="windowsserver",
    sku="2022-datacenter",
    node_agent="batch.node.windows amd64",
    os="windows",
    verified=True,
)


class NodesInMemory:
    """The nodes of every pool: as many as it has, all idle unless a test says so."""

    def __init__(self) -> None:
        self.nodes: dict[str, list[PoolNode]] = {}
        self.users: dict[tuple[str, str], NodeUser] = {}
        self.unready: set[str] = set()

    def list_nodes(self, pool_id: str) -> Iterator[PoolNode]:
        return iter(self.nodes.get(pool_id, []))

    def put_user(self, pool_id: str, node_id: str, user: NodeUser) -> None:
        if node_id in self.unready:
            raise ConflictError(f"node {node_id} is not ready", operation="put", code="NodeNotReady")
        self.users[node_id, user.name] = user

    def delete_user(self, pool_id: str, node_id: str, name: str) -> None:
        self.users.pop((node_id, name), None)

    def login_address(self, pool_id: str, node_id: str) -> tuple[str, int]:
        return "10.0.0.4", 50000


class PoolsInMemory:
    """``PoolOperations``.

    Args:
        pools: what there is.
        resizes_end: whether a resize ends when somebody looks.
        after: called with the name of each change once it was made; what it raises is what a lost reply or a kill is.
    """

    def __init__(
        self, *pools: PoolDetail, resizes_end: bool = True, after: Callable[[str], None] = lambda change: None
    ) -> None:
        self.resizes_end = resizes_end
        self.pools = {pool.id: pool for pool in pools}
        self.nodes = NodesInMemory()
        self.images = [UBUNTU, WINDOWS]
        self.changes: list[str] = []
        self.after = after

    def get_pool(self, pool_id: str) -> PoolDetail:
        if pool_id not in self.pools:
            raise NotFoundError(f"no pool {pool_id!r}", operation="get", code="PoolNotFound")
        found = self.pools[pool_id]
        if self.resizes_end:
            self.pools[pool_id] = settled(found)  # the next look finds it
        return found

    def list_pools(self) -> Iterator[PoolSummary]:
        return (pool.summary for pool in self.pools.values())

    def create_pool(self, body: Mapping[str, Any]) -> None:
        if body["id"] in self.pools:
            raise ConflictError("it is there", operation="create", code="PoolExists")
        self._put(detail(body["id"], document=dict(body)), "create")

    def delete_pool(self, pool_id: str, etag: str | None = None) -> None:
        self.pools.pop(pool_id, None)

    def resize_pool(
        self, pool_id: str, *, dedicated: int, low_priority: int, timeout: timedelta | None = None, deallocation: str
    ) -> None:
        found = self.pools[pool_id]
        if found.summary.enable_auto_scale or found.summary.allocation_state != "steady":
            raise ConflictError("not now", operation="resize", code="OperationInvalidForCurrentState")
        summary = replace(
            found.summary,
            allocation_state="resizing",
            target_dedicated_nodes=dedicated,
            target_low_priority_nodes=low_priority,
        )
        self._put(replace(found, summary=summary, resize_timeout=timeout), f"resize {dedicated}+{low_priority}")

    def stop_resize(self, pool_id: str) -> None:
        self._put(settled(self.pools[pool_id], stop=True), "stop")

    def enable_autoscale(self, pool_id: str, formula: str, interval: timedelta | None = None) -> None:
        found = self.pools[pool_id]
        summary = replace(found.summary, enable_auto_scale=True)
        made = replace(found, summary=summary, auto_scale_formula=formula, auto_scale_interval=interval)
        self._put(made, "enable")

    def disable_autoscale(self, pool_id: str) -> None:
        found = self.pools[pool_id]
        summary = replace(found.summary, enable_auto_scale=False)
        self._put(replace(found, summary=summary, auto_scale_formula=None, auto_scale_interval=None), "disable")

    def evaluate_autoscale(self, pool_id: str, formula: str) -> AutoscaleRun:
        return AutoscaleRun(at=NOW, results={"$TargetDedicatedNodes": "1"})

    def put_metadata(self, pool_id: str, metadata: Mapping[str, str], etag: str | None = None) -> None:
        found = self.pools[pool_id]
        if etag is not None and etag != found.etag:
            raise PreconditionError("it was changed", operation="write")
        self._put(replace(found, summary=replace(found.summary, metadata=dict(metadata))), "metadata")

    def list_supported_images(self) -> Iterator[SupportedImage]:
        return iter(self.images)

    def _put(self, pool: PoolDetail, change: str) -> None:
        self.pools[pool.id] = replace(pool, etag=str(int(pool.etag or 0) + 1))
        self.changes.append(change)
        self.after(change)


def detail(
    pool_id: str = "p",
    *,
    document: Mapping[str, Any] | None = None,
    formula: str | None = None,
    interval: timedelta | None = None,
    run: AutoscaleRun | None = None,
    **summary: Any,
) -> PoolDetail:
    """A pool that is steady, unless said otherwise."""
    given: dict[str, Any] = {
        "state": "active",
        "allocation_state": "steady",
        "vm_size": "standard_d2s_v3",
        "creation_time": NOW,
    }
    return PoolDetail(
        summary=PoolSummary(id=pool_id, enable_auto_scale=formula is not None, **{**given, **summary}),
        document=document or {},
        auto_scale_formula=formula,
        auto_scale_interval=interval,
        auto_scale_run=run,
        etag="1",
    )


def settled(pool: PoolDetail, *, stop: bool = False) -> PoolDetail:
    """A pool whose resize is at its end: with its targets, or when it was stopped, with what it has."""
    summary = pool.summary
    if summary.allocation_state == "steady":
        return pool
    if stop:
        changed = replace(
            summary,
            allocation_state="steady",
            target_dedicated_nodes=summary.current_dedicated_nodes,
            target_low_priority_nodes=summary.current_low_priority_nodes,
        )
    else:
        changed = replace(
            summary,
            allocation_state="steady",
            current_dedicated_nodes=summary.target_dedicated_nodes,
            current_low_priority_nodes=summary.target_low_priority_nodes,
        )
    return replace(pool, summary=changed)
