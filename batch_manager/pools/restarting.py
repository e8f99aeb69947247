"""Brings all nodes of a pool anew, and its scale as it was; goes on where an earlier restart was killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from batch_manager.errors import ConflictError, InputError, PreconditionError
from batch_manager.pool_operations import PoolDetail, PoolOperations
from batch_manager.pools.restart_steps import (
    RESTART_METADATA,
    FormerScale,
    Phase,
    Step,
    kept_scale,
    next_step,
    scale_of,
)
from batch_manager.pools.waiting import Waiting

REQUEUE = "requeue"


def restart(pools: PoolOperations, pool_id: str, waiting: Waiting, tell: Callable[[Step], None]) -> bool:
    """Take all nodes of a pool away and ask for as many again; tasks that ran go back to the queue.

    Args:
        pools: the account's pools.
        pool_id: the pool.
        waiting: how long to wait for Batch.
        tell: given each step before it is done.

    Returns:
        whether it came to its end in time. If not, or after a kill, another restart goes on.

    Raises:
        InputError: the pool is being deleted, or has no nodes and should have none.
        ServiceError: Batch said no; the scale is kept in the pool's metadata all the same.
    """
    first = pools.get_pool(pool_id)
    _check(first)
    begun, refused = kept_scale(first.summary.metadata) is not None, None

    def ended() -> bool:
        nonlocal begun, refused
        while True:
            pool = pools.get_pool(pool_id)
            step = next_step(pool, begun)
            tell(step)
            if step in (Step.DONE, Step.WAIT):
                return step is Step.DONE
            try:
                _do(pools, pool, step)
            except (ConflictError, PreconditionError) as error:
                refused = error  # its state has changed meanwhile, or it was changed too soon before: look again later
                return False
            begun, refused = True, None

    in_time = waiting.until(ended)
    if not in_time and refused is not None:
        raise refused
    return in_time


def _check(pool: PoolDetail) -> None:
    summary = pool.summary
    if summary.state != "active":
        raise InputError(f"pool {pool.id!r} is being deleted: it cannot be restarted")
    idle = not summary.current_nodes and not summary.target_nodes and not summary.enable_auto_scale
    if idle and kept_scale(summary.metadata) is None:
        raise InputError(f"pool {pool.id!r} has no nodes and should have none: batch-manager pool resize {pool.id}")


def _do(pools: PoolOperations, pool: PoolDetail, step: Step) -> None:
    kept = kept_scale(pool.summary.metadata) or scale_of(pool)
    match step:
        case Step.REMEMBER:
            _keep(pools, pool, scale_of(pool))
        case Step.MARK:
            _keep(pools, pool, replace(kept, phase=Phase.RESTORING))
        case Step.FORGET:
            _keep(pools, pool, None)
        case Step.LET_GO:
            pools.disable_autoscale(pool.id)
        case Step.STOP:
            pools.stop_resize(pool.id)
        case Step.EMPTY:
            pools.resize_pool(pool.id, dedicated=0, low_priority=0, deallocation=REQUEUE)
        case Step.RESIZE:
            pools.resize_pool(
                pool.id,
                dedicated=kept.dedicated,
                low_priority=kept.low_priority,
                timeout=kept.timeout,
                deallocation=REQUEUE,
            )
        case Step.SCALE:
            pools.enable_autoscale(pool.id, kept.formula or "", kept.interval)


def _keep(pools: PoolOperations, pool: PoolDetail, scale: FormerScale | None) -> None:
    metadata = {name: value for name, value in pool.summary.metadata.items() if name != RESTART_METADATA}
    if scale is not None:
        metadata[RESTART_METADATA] = scale.as_text()
    pools.put_metadata(pool.id, metadata, pool.etag)
