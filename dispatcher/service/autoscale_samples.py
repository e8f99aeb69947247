"""What formulas know of the account's pools: samples, taken while a formula scales a pool.

They are memory: after a restart a pool has none, as a new one, and formulas guard against that anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatcher.service.autoscale import SAMPLE_PERIOD, Context, Metrics, SampleHistory, is_due, record
from dispatcher.service.fleet import Fleet
from dispatcher.service.records import PoolRecord
from dispatcher.service.states import NodeState
from dispatcher.service.store import Store

_Key = tuple[str, datetime]
_USABLE = frozenset({NodeState.IDLE, NodeState.RUNNING})


class PoolSamples:
    """The samples of every pool that is scaled by a formula."""

    def __init__(self) -> None:
        self._histories: dict[_Key, SampleHistory] = {}

    def take(self, store: Store, fleet: Fleet, pool: PoolRecord, now: datetime) -> None:
        """Take the sample of this period of 30 seconds, if it is not taken yet."""
        history = self._of(pool)
        if is_due(history, now):
            self._histories[_key(pool)] = record(history, now, measure(store, fleet, pool))

    def next_time(self, pool: PoolRecord, now: datetime) -> datetime:
        """Return when the next sample of a pool is due."""
        samples = self._of(pool).samples
        return samples[-1].time + SAMPLE_PERIOD if samples else now + timedelta(microseconds=1)

    def keep_only(self, pools: Iterable[PoolRecord]) -> None:
        """Forget the samples of every pool that is not among these."""
        for key in self._histories.keys() - {_key(pool) for pool in pools}:
            del self._histories[key]

    def context(self, store: Store, fleet: Fleet, pool: PoolRecord, now: datetime, *, seed: int = 0) -> Context:
        """Return a pool as a formula sees it now."""
        return Context(
            now=now,
            target_dedicated=pool.target_dedicated,
            target_low_priority=pool.target_low_priority,
            metrics=measure(store, fleet, pool),
            history=self._of(pool),
            seed=seed,
        )

    def _of(self, pool: PoolRecord) -> SampleHistory:
        return self._histories.get(_key(pool), SampleHistory())


def _key(pool: PoolRecord) -> _Key:
    """Return what tells a pool from an earlier one of the same id."""
    return pool.id.lower(), pool.created


def measure(store: Store, fleet: Fleet, pool: PoolRecord) -> Metrics:
    """Return a pool's figures of this moment. What machines measure of themselves is not measured here."""
    active, running, succeeded, failed = store.autoscale.task_counts(pool.id)
    nodes = fleet.of_pool(pool.id)
    dedicated = sum(live.record.is_dedicated for live in nodes)
    return Metrics(
        active_tasks=active,
        running_tasks=running,
        succeeded_tasks=succeeded,
        failed_tasks=failed,
        current_dedicated_nodes=dedicated,
        current_low_priority_nodes=len(nodes) - dedicated,
        preempted_node_count=sum(live.state is NodeState.PREEMPTED for live in nodes),
        usable_node_count=sum(live.state in _USABLE for live in nodes),
        task_slots_per_node=pool.slots,
    )
