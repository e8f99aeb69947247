"""Jobs, containers and pools for tests of cleaning, and an account in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from batch_manager.container_operations import ContainerSummary
from batch_manager.definitions import JobState
from batch_manager.errors import NotFoundError, PreconditionError, ServiceError
from batch_manager.job_operations import JobQuery, JobSummary
from batch_manager.ownership import Ownership
from batch_manager.pool_operations import PoolDetail, PoolSummary
from batch_manager.testing import InMemoryBlobStorage

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ENDED = (JobState.COMPLETED, JobState.DELETING)


def job(
    job_id: str = "a",
    *,
    owner: str | None = "me",
    state: JobState = JobState.COMPLETED,
    days: float = 10,
    pool_id: str = "pool",
    tags: dict[str, str] | None = None,
) -> JobSummary:
    """A job that was made, and has ended if its state says so, some days ago."""
    at = NOW - timedelta(days=days)
    metadata = Ownership(owner=owner, tags=tags or {}).as_metadata() if owner is not None else {}
    ended = at if state is JobState.COMPLETED else None
    return JobSummary(id=job_id, state=state, creation_time=at, end_time=ended, pool_id=pool_id, metadata=metadata)


def container(
    job_id: str = "a",
    *,
    owner: str | None = "me",
    days: float = 10,
    name: str | None = None,
    tags: dict[str, str] | None = None,
) -> ContainerSummary:
    """A job's container that was made some days ago."""
    metadata = Ownership(owner=owner, tags=tags or {}, job_id=job_id).as_metadata() if owner is not None else {}
    return ContainerSummary(
        name=name or f"job-{job_id.lower()}", last_modified=NOW - timedelta(days=days), metadata=metadata
    )


def pool(
    pool_id: str = "pool",
    *,
    owner: str | None = "me",
    days: float = 10,
    job_id: str | None = None,
    tags: dict[str, str] | None = None,
    **more: Any,
) -> PoolSummary:
    """A pool that was made some days ago."""
    metadata = Ownership(owner=owner, tags=tags or {}, job_id=job_id).as_metadata() if owner is not None else {}
    values = {"state": "active", "allocation_state": "steady", "vm_size": "standard_d2s_v5", **more}
    return PoolSummary(id=pool_id, creation_time=NOW - timedelta(days=days), metadata=metadata, **values)


class AccountInMemory:
    """Jobs, containers and pools by their names; what was deleted, in its order."""

    def __init__(self, *things: JobSummary | ContainerSummary | PoolSummary) -> None:
        self.jobs = {thing.id: thing for thing in things if isinstance(thing, JobSummary)}
        self.containers = {thing.name: thing for thing in things if isinstance(thing, ContainerSummary)}
        self.pools = {thing.id: thing for thing in things if isinstance(thing, PoolSummary)}
        self.storage = InMemoryBlobStorage()
        self.deleted: list[str] = []
        self.fails: set[str] = set()
        self.changes: set[str] = set()
        """Jobs that somebody changes right before they are deleted."""

    def _delete(self, things: dict[str, Any], name: str) -> None:
        if name in self.fails:
            raise ServiceError(f"{name} cannot be deleted", operation="delete")
        things.pop(name, None)
        self.deleted.append(name)

    def list_jobs(self, query: JobQuery | None = None) -> Iterator[JobSummary]:
        """Those that have not ended, or all."""
        return iter([job for job in self.jobs.values() if query is None or job.state not in ENDED])

    def get_job(self, job_id: str) -> JobSummary:
        """One, in any case."""
        return _found({name.lower(): found for name, found in self.jobs.items()}, job_id.lower())

    def delete_job(self, job_id: str, etag: str | None = None) -> None:
        """At once, unless it was changed."""
        if self.jobs[job_id].etag != etag or job_id in self.changes:
            raise PreconditionError("changed", operation="delete")
        self._delete(self.jobs, job_id)

    def list_containers(self, prefix: str = "") -> Iterator[ContainerSummary]:
        """Those that begin with the prefix."""
        return iter([found for name, found in self.containers.items() if name.startswith(prefix)])

    def get_container(self, name: str) -> ContainerSummary:
        """One."""
        return _found(self.containers, name)

    def delete_container(self, name: str, *, unmodified_since: datetime | None = None) -> None:
        """At once, unless it was changed."""
        if unmodified_since is not None and self.containers[name].last_modified > unmodified_since:
            raise PreconditionError("changed", operation="delete")
        self._delete(self.containers, name)

    def list_pools(self) -> Iterator[PoolSummary]:
        """All."""
        return iter(self.pools.values())

    def get_pool(self, pool_id: str) -> PoolDetail:
        """One."""
        return PoolDetail(summary=_found(self.pools, pool_id), document={})

    def delete_pool(self, pool_id: str, etag: str | None = None) -> None:
        """At once."""
        self._delete(self.pools, pool_id)


def _found(things: Mapping[str, T], name: str) -> T:
    if name not in things:
        raise NotFoundError(f"there is no {name}", operation="get")
    return things[name]
