"""What there is in an account, since when, whose it is, what it costs, and what nobody needs any more. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from batch_manager.cleaning.inventory import ENDED, Inventory, own_container, uses
from batch_manager.container_operations import ContainerSize, ContainerSummary
from batch_manager.definitions import JobState
from batch_manager.job_operations import JobSummary
from batch_manager.naming import WORKLOAD_METADATA
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.pool_operations import PoolSummary
from batch_manager.prices import Prices

_DISABLED = (JobState.DISABLED, JobState.DISABLING)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """What is told; all that is given must hold.

    Attributes:
        owner: only what is this owner's; None means everybody's, and what says no owner.
        tags: only what has all of these.
        older_than: only what is at least as old.
    """

    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    older_than: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job. ``since`` is when it ended, or was made if it has not; ``problem`` what is wrong with it, in words."""

    job: JobSummary
    ownership: Ownership | None
    since: datetime
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLine:
    """A job's container."""

    container: ContainerSummary
    ownership: Ownership | None
    since: datetime
    size: ContainerSize | None = None
    """None where it was not counted."""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """A pool.

    Attributes:
        since: when it was made.
        nodes_since: since when it has had as many nodes as now; None if Batch does not say.
        hourly: what its nodes cost an hour; None if the prices do not say.
        so_far: what they have cost since ``nodes_since``; what it cost before is not known.
    """

    pool: PoolSummary
    ownership: Ownership | None
    since: datetime
    nodes_since: datetime | None = None
    hourly: Decimal | None = None
    so_far: Decimal | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """All lines; those with a problem first, then the oldest."""

    jobs: tuple[JobLine, ...] = ()
    containers: tuple[ContainerLine, ...] = ()
    pools: tuple[PoolLine, ...] = ()
    currency: str | None = None
    """Of the costs; None without prices."""

    @property
    def hourly(self) -> Decimal:
        """What all nodes cost an hour whose price is known."""
        return sum((line.hourly for line in self.pools if line.hourly is not None), Decimal(0))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The sizes of nodes that are there and have no price."""
        sizes = {line.pool.vm_size for line in self.pools if line.pool.current_nodes and line.hourly is None}
        return tuple(sorted(sizes)) if self.currency is not None else ()


def make_report(
    inventory: Inventory,
    asked: ReportFilter,
    now: datetime,
    *,
    prices: Prices | None = None,
    sizes: Mapping[str, ContainerSize] | None = None,
) -> AccountReport:
    """Tell what there is.

    Args:
        inventory: the account.
        asked: what is told.
        now: the time.
        prices: what nodes cost; without them no cost is told.
        sizes: of containers, by their names; those that are missing are not told.
    """
    pools_by_id = {pool.id.lower(): pool for pool in inventory.pools}
    names = {container.name for container in inventory.containers}
    lines = [_job_line(job, pools_by_id, names) for job in inventory.jobs]
    by_container = inventory.jobs_by_container()
    containers = [
        _container_line(container, by_container.get(container.name), (sizes or {}).get(container.name))
        for container in inventory.containers
    ]
    pools = [_pool_line(pool, inventory.jobs, prices, now) for pool in inventory.pools]
    return AccountReport(
        jobs=tuple(sorted((line for line in lines if _is_asked(line, asked, now)), key=_order)),
        containers=tuple(sorted((line for line in containers if _is_asked(line, asked, now)), key=_order)),
        pools=tuple(sorted((line for line in pools if _is_asked(line, asked, now)), key=_order)),
        currency=prices.currency if prices is not None else None,
    )


def _is_asked(line: JobLine | ContainerLine | PoolLine, asked: ReportFilter, now: datetime) -> bool:
    tags = line.ownership.tags if line.ownership is not None else {}
    return (
        (asked.owner is None or (line.ownership is not None and line.ownership.owner == asked.owner))
        and all(tags.get(name) == value for name, value in asked.tags.items())
        and (asked.older_than is None or now - line.since >= asked.older_than)
    )


def _order(line: JobLine | ContainerLine | PoolLine) -> tuple[bool, datetime]:
    return line.problem is None, line.since


def _job_line(job: JobSummary, pools: Mapping[str, PoolSummary], containers: Collection[str]) -> JobLine:
    ended = job.end_time if job.state is JobState.COMPLETED else None
    problem = _waits_for_ever(job, pools) or _has_no_container(job, containers)
    return JobLine(job=job, ownership=read_ownership(job.metadata), since=ended or job.creation_time, problem=problem)


def _waits_for_ever(job: JobSummary, pools: Mapping[str, PoolSummary]) -> str | None:
    """What three lists say of it; ``why`` asks more."""
    if job.state in ENDED or job.state is JobState.TERMINATING or not job.pool_id:
        return None
    if job.state in _DISABLED:
        return "it is disabled: nothing of it runs until somebody enables it"
    pool = pools.get(job.pool_id.lower())
    if pool is None or pool.state == "deleting":
        return f"it waits for ever: there is no pool {job.pool_id}"
    if not pool.current_nodes and not pool.target_nodes and not pool.enable_auto_scale:
        return f"it waits: pool {pool.id} has no nodes, and none are to come"
    return None


def _has_no_container(job: JobSummary, containers: Collection[str]) -> str | None:
    is_ours = WORKLOAD_METADATA in job.metadata or read_ownership(job.metadata) is not None
    if not is_ours or job.state is JobState.DELETING:
        return None
    return None if own_container(job.id) in containers else "its container is gone"


def _container_line(container: ContainerSummary, job: JobSummary | None, size: ContainerSize | None) -> ContainerLine:
    ownership = read_ownership(container.metadata)
    since = max([container.last_modified, *([job.end_time] if job is not None and job.end_time else [])])
    is_orphan = job is None and ownership is not None
    return ContainerLine(
        container=container,
        ownership=ownership,
        since=since,
        size=size,
        problem="its job is gone" if is_orphan else None,
    )


def _pool_line(pool: PoolSummary, jobs: Iterable[JobSummary], prices: Prices | None, now: datetime) -> PoolLine:
    hourly = _hourly(pool, prices) if prices is not None else None
    since = pool.allocation_state_since
    so_far = None
    if hourly is not None and since is not None:
        so_far = (hourly * Decimal(max(0, int((now - since).total_seconds()))) / 3600).quantize(_CENT)
    idle = pool.current_nodes and pool.state != "deleting" and not any(uses(job, pool) for job in jobs)
    many = "1 node runs" if pool.current_nodes == 1 else f"{pool.current_nodes} nodes run"
    return PoolLine(
        pool=pool,
        ownership=read_ownership(pool.metadata),
        since=pool.creation_time,
        nodes_since=since,
        hourly=hourly,
        so_far=so_far,
        problem=f"{many}, and no job uses it" if idle else None,
    )


def _hourly(pool: PoolSummary, prices: Prices) -> Decimal | None:
    """None if there is a node whose price is not known."""
    total = Decimal(0)
    for nodes, spot in ((pool.current_dedicated_nodes, False), (pool.current_low_priority_nodes, True)):
        price = prices.hourly(pool.vm_size, spot=spot)
        if nodes and price is None:
            return None
        total += nodes * (price or Decimal(0))
    return total
