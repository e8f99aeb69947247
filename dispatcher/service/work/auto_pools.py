"""Auto pools: they go when their job or schedule has ended."""

from __future__ import annotations

from datetime import datetime

from dispatcher.service.states import PoolState
from dispatcher.service.work.parts import WorkContext


class AutoPoolPart:
    """Deletes pools that were made for what has ended."""

    def __init__(self, context: WorkContext) -> None:
        self._store = context.core.store

    def step(self, now: datetime) -> bool:
        """Begin to delete what is no longer needed; one that stays, or that a client deleted, is only forgotten."""
        ended = self._store.auto_pools.ended()
        for pool_id, stays in ended:
            pool = self._store.pools.find(pool_id)
            if pool is not None and pool.state is PoolState.ACTIVE and not stays:
                self._store.pools.begin_delete(pool, now)
            self._store.auto_pools.forget(pool_id)
        return bool(ended)

    def next_deadline(self) -> datetime | None:
        """Return None: a pool goes as soon as its job or schedule has ended."""
        return None
