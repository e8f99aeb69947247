"""How a pool comes to be, whether a client or a job makes it."""

from __future__ import annotations

from datetime import datetime, timedelta

from dispatcher.service.core import Core
from dispatcher.service.documents.containers import refuse_without_engine
from dispatcher.service.documents.pools import PoolSpec
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.records import PoolRecord
from dispatcher.service.store.applications import check_references


def add_pool(core: Core, spec: PoolSpec, now: datetime) -> PoolRecord:
    """Add a pool that grows to its targets, or to what its formula says.

    Raises:
        BatchError: PoolExists, PoolBeingDeleted, PoolQuotaReached or InvalidApplicationPackageReferences.
    """
    with core.store.transaction():
        quota = core.options.quotas.pools
        if quota is not None and core.store.pools.count() >= quota and core.store.pools.find(spec.id) is None:
            raise BatchError(Refusal.POOL_QUOTA_REACHED)
        check_machine(core, spec)
        pool = core.store.pools.add(spec, now, allocated_from=allocated_from(core, now))
        if spec.autoscale is not None:
            core.store.autoscale.put(pool.id, spec.autoscale.formula, spec.autoscale.interval, now)
    core.wake()
    return pool


def check_machine(core: Core, spec: PoolSpec) -> None:
    """Refuse packages that are not there, and containers where this machine runs none.

    Raises:
        BatchError: InvalidApplicationPackageReferences, or the refusal that says what is missing for containers.
    """
    check_references(core.store.applications, spec.packages)
    if spec.containers is not None:  # to look for an engine takes its time, at the next start too
        refuse_without_engine(spec.containers, core.fleet.containers_problem())


def allocated_from(core: Core, now: datetime) -> datetime:
    """Return when nodes that are asked for now are there."""
    return now + timedelta(seconds=core.options.allocation_seconds)
