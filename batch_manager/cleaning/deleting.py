"""Deletes what was chosen: jobs that have not ended are cancelled first, then jobs go, containers, pools.

Each thing is looked at again right before: what is another one by now, or would not be chosen any more, stays. Killed
at any line and begun again it goes on, since every step is one that may be done twice and what is gone is not chosen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from batch_manager.cancelling import cancel_job
from batch_manager.claiming import standing_claim
from batch_manager.cleaning.inventory import ENDED, JOB_CONTAINERS
from batch_manager.cleaning.selection import Fate, Kind, Selector, Verdict, judge_container, judge_job, judge_pool
from batch_manager.client import BatchClient
from batch_manager.container_operations import ContainerOperations
from batch_manager.definitions import JobState
from batch_manager.errors import BatchManagerError, BusyError, NotFoundError, PreconditionError
from batch_manager.job_operations import JobOperations, JobQuery, JobSummary
from batch_manager.pool_operations import PoolOperations

PARALLEL_DELETIONS = 8
LOOK_INTERVAL = 2.0
"""Seconds between two looks at jobs that were cancelled."""
CANCEL_TIME = timedelta(minutes=10)
"""How long jobs that were cancelled may take to end."""


class End(Enum):
    """What became of a thing that was chosen."""

    DELETED = "deleted"
    """Or was gone already; what Batch deletes takes its time."""
    STAYS = "stays"
    """It is not what it was when it was chosen."""
    NOT_YET = "notYet"
    """A job that was cancelled has not ended; clean again."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What became of a thing that was chosen, and why, in words."""

    kind: Kind
    name: str
    end: End
    message: str = ""
    is_busy: bool = False
    """Of a failure: the service was busy, so that another try may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that cleaning asks of an account."""

    client: BatchClient
    jobs: JobOperations
    containers: ContainerOperations
    pools: PoolOperations


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time, as a parameter."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


def delete_chosen(
    account: Account,
    chosen: Iterable[Verdict],
    selector: Selector,
    *,
    cancel_time: timedelta = CANCEL_TIME,
    clock: Clock | None = None,
) -> Iterator[Deletion]:
    """Delete what goes, in its order; what became of each, as soon as it is known.

    Args:
        account: where.
        chosen: of ``choose``; those that do not go are left out.
        selector: what they were chosen by.
        cancel_time: how long jobs that are cancelled may take to end.
        clock: the system's if not given.
    """
    work = _Deleting(account, selector, clock or Clock())
    goes = [verdict for verdict in chosen if verdict.fate is Fate.GOES]
    of = {kind: [verdict for verdict in goes if verdict.kind is kind] for kind in Kind}
    waiting: list[Verdict] = []
    for verdict in (job for job in of[Kind.JOB] if job.cancel_first):
        ended = work.guarded(verdict, work.cancel)
        if ended is None:
            waiting.append(verdict)
        else:
            yield ended
    late = {verdict.name for verdict in work.await_ends(waiting, cancel_time)}
    yield from (_not_yet(verdict) for verdict in waiting if verdict.name in late)
    ready = [verdict for verdict in of[Kind.JOB] if not verdict.cancel_first or verdict in waiting]
    yield from work.each(work.delete_job, [verdict for verdict in ready if verdict.name not in late])
    yield from work.each(work.delete_container, of[Kind.CONTAINER])
    yield from work.each(work.delete_pool, of[Kind.POOL])


class _Deleting:
    """The steps; ``_gone`` grows with the jobs that were deleted."""

    def __init__(self, account: Account, selector: Selector, clock: Clock) -> None:
        self._account = account
        self._selector = selector
        self._clock = clock
        self._gone: set[str] = set()

    def each(self, step: Callable[[Verdict], Deletion], verdicts: list[Verdict]) -> Iterator[Deletion]:
        """Some at the same time; what fails stops nothing else."""
        with ThreadPoolExecutor(PARALLEL_DELETIONS) as pool:
            yield from pool.map(lambda verdict: self.guarded(verdict, step) or _deleted(verdict), verdicts)

    def guarded(self, verdict: Verdict, step: Callable[[Verdict], Deletion | None]) -> Deletion | None:
        """A step; its error is what became of the thing."""
        try:
            return step(verdict)
        except PreconditionError:
            words = "it was changed at this very moment: clean again"
            return Deletion(kind=verdict.kind, name=verdict.name, end=End.STAYS, message=words)
        except BatchManagerError as error:
            return Deletion(
                kind=verdict.kind,
                name=verdict.name,
                end=End.FAILED,
                message=str(error),
                is_busy=isinstance(error, BusyError),
            )

    def cancel(self, verdict: Verdict) -> Deletion | None:
        """Cancel a job that has not ended; None if its end is to be waited for, or somebody else deletes it too."""
        job = self._found_job(verdict.name)
        if job is None:
            return None
        changed = self._changed(verdict, judge_job(job, self._selector, self._clock.now()))
        if changed is None and job.state not in ENDED:
            try:
                cancel_job(self._account.client, job.id, f"{self._selector.me} cleans it up", sleep=self._clock.sleep)
            except NotFoundError:
                if self._found_job(verdict.name) is not None:
                    raise
        return changed

    def await_ends(self, cancelled: list[Verdict], limit: timedelta) -> list[Verdict]:
        """Wait until jobs have ended; those that have not in time. One list a look, however many there are."""
        until = self._clock.now() + limit
        left = cancelled
        while left:
            active = {job.id for job in self._account.jobs.list_jobs(JobQuery.NOT_ENDED)}
            left = [verdict for verdict in left if verdict.name in active]
            if not left or self._clock.now() >= until:
                return left
            self._clock.sleep(LOOK_INTERVAL)
        return left

    def delete_job(self, verdict: Verdict) -> Deletion:
        """Delete a job that has ended, and is the one that was chosen."""
        job = self._found_job(verdict.name)
        if job is not None and job.state is not JobState.DELETING:
            selector = replace(self._selector, older_than=None) if verdict.cancel_first else self._selector
            changed = self._changed(verdict, judge_job(job, selector, self._clock.now()))
            if changed is not None:
                return changed
            self._account.jobs.delete_job(verdict.name, job.etag)
        self._gone.add(verdict.name)
        return _deleted(verdict)

    def delete_container(self, verdict: Verdict) -> Deletion:
        """Delete a container whose job is gone, or goes."""
        try:
            container = self._account.containers.get_container(verdict.name)
        except NotFoundError:
            return _deleted(verdict)
        if (submitted := self._being_submitted(verdict)) is not None:
            return submitted
        fresh = judge_container(container, self._job_of(container.name), self._selector, self._clock.now(), self._gone)
        changed = self._changed(verdict, fresh)
        if changed is None:
            self._account.containers.delete_container(verdict.name, unmodified_since=verdict.made)
        return changed or _deleted(verdict)

    def delete_pool(self, verdict: Verdict) -> Deletion:
        """Delete a pool that no job uses."""
        try:
            found = self._account.pools.get_pool(verdict.name)
        except NotFoundError:
            return _deleted(verdict)
        active = self._account.jobs.list_jobs(JobQuery.NOT_ENDED)
        fresh = judge_pool(found.summary, active, self._selector, self._clock.now(), self._gone)
        changed = self._changed(verdict, fresh)
        if changed is None:
            self._account.pools.delete_pool(verdict.name, found.etag)
        return changed or _deleted(verdict)

    def _being_submitted(self, verdict: Verdict) -> Deletion | None:
        """Why a container stays whose job is about to be made: its files come first, the job last. One that was named
        goes, for a submission that was killed looks the same."""
        job_id = verdict.ownership.job_id if verdict.ownership is not None else None
        if job_id is None or job_id in self._selector.job_ids or self._job_of(verdict.name) is not None:
            return None
        claim = standing_claim(self._account.client.storage, verdict.name, job_id, self._clock.now())
        if claim is None:
            return None
        words = (
            f"its job is being submitted since {claim.since:%Y-%m-%d %H:%M} UTC; if that was killed: "
            f"batch-manager clean --job {job_id}"
        )
        return Deletion(kind=verdict.kind, name=verdict.name, end=End.STAYS, message=words)

    def _job_of(self, container: str) -> JobSummary | None:
        """The job whose container this is: Batch finds a job by its id in any case."""
        return self._found_job(container.removeprefix(JOB_CONTAINERS))

    def _found_job(self, job_id: str) -> JobSummary | None:
        try:
            return self._account.jobs.get_job(job_id)
        except NotFoundError:
            return None

    def _changed(self, before: Verdict, now: Verdict | None) -> Deletion | None:
        """Why a thing stays that was chosen; None if it is the same and would be chosen again."""
        if now is None:
            why = "it does not fit any more"
        elif now.is_same != before.is_same:
            why = "another of this name was made meanwhile"
        elif now.fate is not Fate.GOES:
            why = now.reason
        else:
            return None
        return Deletion(kind=before.kind, name=before.name, end=End.STAYS, message=why)


def _deleted(verdict: Verdict) -> Deletion:
    return Deletion(kind=verdict.kind, name=verdict.name, end=End.DELETED)


def _not_yet(verdict: Verdict) -> Deletion:
    return Deletion(
        kind=verdict.kind,
        name=verdict.name,
        end=End.NOT_YET,
        message="it is cancelled and has not ended: clean again, or see what keeps it with "
        f"'batch-manager why {verdict.name}'",
    )
