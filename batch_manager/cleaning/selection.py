"""What ``clean`` deletes: the choice, pure. Nothing goes that does not match exactly, is not its caller's (or that of
the owner he names), is in use, or is younger than he says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from batch_manager.cleaning.inventory import ENDED, Inventory, own_container, uses
from batch_manager.container_operations import ContainerSummary
from batch_manager.definitions import JobState
from batch_manager.job_operations import JobSummary
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.pool_operations import PoolSummary


class Kind(Enum):
    """What can be deleted, in the order in which it is."""

    JOB = "job"
    CONTAINER = "container"
    POOL = "pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """What the caller asked for. All that is given must hold.

    Attributes:
        me: the caller.
        owner: whose things are meant; None means the caller's.
        job_ids: these jobs, by their exact ids, their containers, and the pools that were made for them alone; none
            means any.
        tags: only what has all of these.
        older_than: only what is at least as old; None means any age.
        kinds: only these.
        active: also jobs that have not ended, which are cancelled first.
    """

    me: str
    owner: str | None = None
    job_ids: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    older_than: timedelta | None = None
    kinds: frozenset[Kind] = frozenset(Kind)
    active: bool = False

    @property
    def whose(self) -> str:
        """The owner whose things are meant."""
        return self.owner or self.me


class Fate(Enum):
    """What becomes of a thing that the caller means."""

    GOES = "goes"
    STAYS = "stays"
    REFUSED = "refused"
    """It was named by its id, and may not be deleted like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of one thing.

    Attributes:
        kind: what it is.
        name: its id or name.
        fate: what becomes of it.
        reason: why, in words.
        ownership: whose it is; None if it does not say.
        since: what its age counts from.
        made: when it was made: another of the same name has another time.
        cancel_first: of a job: it has not ended.
    """

    kind: Kind
    name: str
    fate: Fate
    reason: str
    ownership: Ownership | None
    since: datetime
    made: datetime
    cancel_first: bool = False

    @property
    def is_same(self) -> tuple[Kind, str, datetime]:
        """Equal for two looks at the same thing."""
        return self.kind, self.name, self.made


def choose(inventory: Inventory, selector: Selector, now: datetime) -> tuple[Verdict, ...]:
    """What becomes of everything that the caller means, jobs first, then containers, then pools."""
    judged: list[Verdict] = []
    going: set[str] = set()
    for job in inventory.jobs:
        verdict = judge_job(job, selector, now)
        if verdict is not None:
            judged.append(verdict)
            going |= {job.id} if verdict.fate is Fate.GOES else set()
    by_container = inventory.jobs_by_container()
    for container in inventory.containers:
        verdict = judge_container(container, by_container.get(container.name), selector, now, going)
        judged += [verdict] if verdict is not None else []
    for pool in inventory.pools:
        verdict = judge_pool(pool, inventory.jobs, selector, now, going)
        judged += [verdict] if verdict is not None else []
    return tuple(judged)


def judge_job(job: JobSummary, selector: Selector, now: datetime) -> Verdict | None:
    """What becomes of a job; None if it is not meant."""
    ownership = read_ownership(job.metadata)
    named = job.id in selector.job_ids
    since = job.end_time if job.state is JobState.COMPLETED and job.end_time is not None else job.creation_time
    fate, reason = _fate(ownership, selector, since, now, named=named, is_meant=Kind.JOB in selector.kinds)
    if fate is None:
        return None
    cancel_first = False
    if fate is Fate.GOES and job.state is JobState.DELETING:
        fate, reason = Fate.STAYS, "it is being deleted already"
    elif fate is Fate.GOES and job.state not in ENDED:
        if selector.active:
            reason, cancel_first = f"{reason}; it is {job.state.value} and is cancelled first", True
        else:
            fate = Fate.REFUSED if named else Fate.STAYS
            reason = f"it is {job.state.value}: give --active to cancel and delete it, or wait for its end"
    return Verdict(
        kind=Kind.JOB,
        name=job.id,
        fate=fate,
        reason=reason,
        ownership=ownership,
        since=since,
        made=job.creation_time,
        cancel_first=cancel_first,
    )


def judge_container(
    container: ContainerSummary, job: JobSummary | None, selector: Selector, now: datetime, going: Collection[str]
) -> Verdict | None:
    """What becomes of a container; None if it is not meant.

    Args:
        container: the container.
        job: the job whose container has this name; None if there is none.
        selector: what is meant.
        now: the time.
        going: ids of the jobs that are deleted.
    """
    ownership = read_ownership(container.metadata)
    named = (
        ownership.job_id in selector.job_ids
        if ownership is not None
        else any(own_container(wanted) == container.name for wanted in selector.job_ids)
    )
    since = container.last_modified
    if job is not None and job.id not in going and job.end_time is not None:
        since = max(since, job.end_time)
    fate, reason = _fate(ownership, selector, since, now, named=named, is_meant=Kind.CONTAINER in selector.kinds)
    if fate is None:
        return None
    if fate is Fate.GOES:
        job_id = ownership.job_id if ownership is not None else None
        fate, reason = _container_fate(container, job, job_id, selector, going, reason)
    return Verdict(
        kind=Kind.CONTAINER,
        name=container.name,
        fate=fate,
        reason=reason,
        ownership=ownership,
        since=since,
        made=container.last_modified,
    )


def judge_pool(
    pool: PoolSummary, jobs: Iterable[JobSummary], selector: Selector, now: datetime, going: Collection[str]
) -> Verdict | None:
    """What becomes of a pool; None if it is not meant.

    Args:
        pool: the pool.
        jobs: all jobs of the account that have not ended, at least.
        selector: what is meant.
        now: the time.
        going: ids of the jobs that are deleted.
    """
    ownership = read_ownership(pool.metadata)
    named = ownership is not None and ownership.job_id in selector.job_ids
    since = pool.creation_time
    fate, reason = _fate(ownership, selector, since, now, named=named, is_meant=Kind.POOL in selector.kinds)
    if fate is None:
        return None
    if fate is Fate.GOES:
        users = [job for job in jobs if uses(job, pool) and job.id not in going]
        if pool.state == "deleting":
            fate, reason = Fate.STAYS, "it is being deleted already"
        elif users:
            fate, reason = Fate.STAYS, f"it is used by {_named_jobs(users)}"
    return Verdict(
        kind=Kind.POOL,
        name=pool.id,
        fate=fate,
        reason=reason,
        ownership=ownership,
        since=since,
        made=pool.creation_time,
    )


def age_words(age: timedelta) -> str:
    """How old something is, for people: ``3 days``."""
    seconds = int(max(age, timedelta()).total_seconds())
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            number = seconds // length
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds} s"


def _fate(
    ownership: Ownership | None,
    selector: Selector,
    since: datetime,
    now: datetime,
    *,
    named: bool,
    is_meant: bool,
) -> tuple[Fate | None, str]:
    """What its metadata and age say; no fate if it is not meant."""
    if not is_meant or (selector.job_ids and not named):
        return None, ""
    if ownership is None:
        return (Fate.REFUSED, "it does not say whose it is, so it is not deleted here") if named else (None, "")
    if selector.tags and not _has_tags(ownership, selector.tags):
        return (Fate.STAYS, f"it has not the tag {_words(selector.tags)}") if named else (None, "")
    if ownership.owner != selector.whose:
        if named:
            return Fate.REFUSED, f"it belongs to {ownership.owner}: give --owner {ownership.owner} if you may delete it"
        return (Fate.STAYS, f"it belongs to {ownership.owner}") if selector.tags else (None, "")
    age = now - since
    if selector.older_than is not None and age < selector.older_than:
        return Fate.STAYS, f"it is {age_words(age)} old"
    why = ["named"] if named else []
    why += [f"tag {_words(selector.tags)}"] if selector.tags else []
    why += [f"of {ownership.owner}"]
    return Fate.GOES, ", ".join(why)


def _container_fate(
    container: ContainerSummary,
    job: JobSummary | None,
    job_id: str | None,
    selector: Selector,
    going: Collection[str],
    reason: str,
) -> tuple[Fate, str]:
    """Of one that its metadata and age would let go: what its job says."""
    if job_id is not None and own_container(job_id) != container.name:
        return Fate.STAYS, f"it says that it belongs to job {job_id}, whose container has another name"
    if job is None:
        return Fate.GOES, f"{reason}; its job is gone"
    owner = read_ownership(job.metadata)
    if owner is None or owner.owner != selector.whose:
        return Fate.STAYS, f"job {job.id} belongs to {owner.owner if owner else 'somebody who is not named'}"
    if job.id in going or job.state is JobState.DELETING:
        return Fate.GOES, f"{reason}; with its job"
    if job.state is not JobState.COMPLETED:
        return Fate.STAYS, f"its job is {job.state.value}"
    if Kind.JOB in selector.kinds:
        return Fate.STAYS, "its job stays"
    return Fate.GOES, f"{reason}; its job has ended"


def _has_tags(ownership: Ownership, wanted: Mapping[str, str]) -> bool:
    return all(ownership.tags.get(name) == value for name, value in wanted.items())


def _words(tags: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(tags.items()))


def _named_jobs(jobs: list[JobSummary]) -> str:
    def whose(job: JobSummary) -> str:
        ownership = read_ownership(job.metadata)
        return f"{job.id} of {ownership.owner}" if ownership is not None else job.id

    more = f" and {len(jobs) - 2} more" if len(jobs) > 2 else ""
    return f"{'job' if len(jobs) == 1 else 'jobs'} {', '.join(whose(job) for job in jobs[:2])}{more}"
