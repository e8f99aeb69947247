"""Changes how many nodes a pool has: by number, or by a formula."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from batch_manager.errors import ConflictError, InputError
from batch_manager.pool_operations import AutoscaleRun, PoolDetail, PoolOperations
from batch_manager.pools.waiting import Waiting

MIN_INTERVAL = timedelta(minutes=5)
MAX_INTERVAL = timedelta(hours=168)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resized:
    """What a resize came to."""

    dedicated: int
    low_priority: int
    changed: bool
    """Whether another number was asked for than before."""


def resize(
    pools: PoolOperations,
    pool_id: str,
    *,
    dedicated: int | None,
    spot: int | None,
    deallocation: str,
    waiting: Waiting,
) -> Resized:
    """Ask for so many nodes. A resize that goes on is stopped first.

    Args:
        pools: the account's pools.
        pool_id: the pool.
        dedicated: None for as many as are asked for now.
        spot: likewise.
        deallocation: what becomes of tasks on nodes that go.
        waiting: how long to wait for a resize to stop.

    Raises:
        InputError: a formula scales the pool, or it is being resized for longer than the wait.
    """
    pool = pools.get_pool(pool_id)
    summary = pool.summary
    if summary.enable_auto_scale:
        raise InputError(
            f"a formula scales pool {pool_id!r}: change it with 'pool autoscale {pool_id}', or take it away first with "
            f"'pool autoscale {pool_id} --off'"
        )
    wanted = (
        summary.target_dedicated_nodes if dedicated is None else dedicated,
        summary.target_low_priority_nodes if spot is None else spot,
    )
    is_there = (summary.current_dedicated_nodes, summary.current_low_priority_nodes) == wanted
    if _targets(pool) == wanted and (is_there or summary.allocation_state == "resizing"):
        return Resized(dedicated=wanted[0], low_priority=wanted[1], changed=False)
    _stop(pools, pool, waiting)
    try:
        pools.resize_pool(pool_id, dedicated=wanted[0], low_priority=wanted[1], deallocation=deallocation)
    except ConflictError:
        if _targets(pools.get_pool(pool_id)) != wanted:  # otherwise the reply to an earlier try was lost
            raise
    return Resized(dedicated=wanted[0], low_priority=wanted[1], changed=True)


def _targets(pool: PoolDetail) -> tuple[int, int]:
    return pool.summary.target_dedicated_nodes, pool.summary.target_low_priority_nodes


def _stop(pools: PoolOperations, pool: PoolDetail, waiting: Waiting) -> None:
    if pool.summary.allocation_state == "resizing":
        pools.stop_resize(pool.id)
    if not waiting.until(lambda: pools.get_pool(pool.id).summary.allocation_state == "steady"):
        raise InputError(f"pool {pool.id!r} is still being resized: try again later")


def autoscale(pools: PoolOperations, pool_id: str, formula: str, interval: timedelta | None) -> bool:
    """Let a formula scale a pool; False if this one does already, as often.

    Args:
        pools: the account's pools.
        pool_id: the pool.
        formula: its text.
        interval: between two evaluations; None leaves it, or 15 minutes.

    Raises:
        InputError: the interval is out of its limits.
    """
    if interval is not None and not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise InputError(f"the interval is {interval}: give 5m to 7d")
    pool = pools.get_pool(pool_id)
    if _has_formula(pool, formula, interval):
        return False
    try:
        pools.enable_autoscale(pool_id, formula, interval if interval is not None else pool.auto_scale_interval)
    except ConflictError:
        if not _has_formula(pools.get_pool(pool_id), formula, interval):  # as above
            raise
    return True


def _has_formula(pool: PoolDetail, formula: str, interval: timedelta | None) -> bool:
    same_text = pool.summary.enable_auto_scale and (pool.auto_scale_formula or "").strip() == formula.strip()
    return same_text and interval in (None, pool.auto_scale_interval)


def autoscale_off(pools: PoolOperations, pool_id: str) -> bool:
    """Leave a pool with the nodes it has; False if no formula scales it."""
    if not pools.get_pool(pool_id).summary.enable_auto_scale:
        return False
    pools.disable_autoscale(pool_id)
    return True


def evaluate(pools: PoolOperations, pool_id: str, formula: str | None) -> AutoscaleRun:
    """What a formula, by default the pool's own, would come to now.

    Raises:
        InputError: no formula scales the pool: Batch evaluates none then.
    """
    pool = pools.get_pool(pool_id)
    if not pool.summary.enable_auto_scale:
        raise InputError(
            f"no formula scales pool {pool_id!r}, and Batch evaluates one only where one does: give it one with "
            f"'pool autoscale {pool_id} NAME'"
        )
    return pools.evaluate_autoscale(pool_id, formula or pool.auto_scale_formula or "")
