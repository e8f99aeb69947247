"""What ``list`` and ``status`` say of a job, and which jobs were asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from batch_manager.definitions import JobState, TaskCounts
from batch_manager.errors import InputError
from batch_manager.job_operations import JobQuery, JobSummary
from batch_manager.naming import WORKLOAD_METADATA
from batch_manager.outcome import JobOutcome, Outcome
from batch_manager.ownership import Ownership, read_ownership
from batch_manager.watching.words import iso_time

STATES = {state.value: state for state in JobState}
OUTCOMES = {outcome.value: outcome for outcome in (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are asked for; what is None or empty asks for nothing in particular.

    Attributes:
        owner: whose.
        tags: all of which they have.
        states: one of which they are in.
        outcomes: one of which they ended with.
        pool_id: where they run.
        older_than: for how long they have been there at least.
    """

    owner: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    states: frozenset[JobState] = frozenset()
    outcomes: frozenset[Outcome] = frozenset()
    pool_id: str | None = None
    older_than: timedelta | None = None

    @property
    def query(self) -> JobQuery | None:
        """What Batch itself can leave out."""
        asked = self.states | ({JobState.COMPLETED} if self.outcomes else frozenset())
        if not asked:
            return None
        if asked == {JobState.COMPLETED}:
            return JobQuery.ENDED
        return None if asked & {JobState.COMPLETED, JobState.DELETING} else JobQuery.NOT_ENDED

    def takes(self, job: JobSummary, now: datetime) -> bool:
        """Whether a job is asked for, as far as a list tells it: not by its outcome."""
        is_in = job.state in self.states or (bool(self.outcomes) and job.state is JobState.COMPLETED)
        if (self.states or self.outcomes) and not is_in:
            return False
        if self.pool_id is not None and job.pool_id.lower() != self.pool_id.lower():
            return False
        if self.older_than is not None and now - job.creation_time < self.older_than:
            return False
        return self._takes_owner(read_ownership(job.metadata))

    def takes_outcome(self, line: JobLine) -> bool:
        """Whether a job that ``takes`` lets through is asked for by its outcome too."""
        return not self.outcomes or line.state in self.states or line.outcome in self.outcomes

    def _takes_owner(self, ownership: Ownership | None) -> bool:
        if self.owner is None and not self.tags:
            return True
        if ownership is None or (self.owner is not None and ownership.owner != self.owner):
            return False
        return all(ownership.tags.get(name) == value for name, value in self.tags.items())


def parse_states(words: Iterable[str]) -> tuple[frozenset[JobState], frozenset[Outcome]]:
    """States of Batch and outcomes, as ``--state`` gives them.

    Raises:
        InputError: a word is neither; the message lists what could be.
    """
    states, outcomes = set(), set()
    for word in words:
        if word in STATES:
            states.add(STATES[word])
        elif word in OUTCOMES:
            outcomes.add(OUTCOMES[word])
        else:
            raise InputError(
                f"the state {word!r} is none: give one of {', '.join(STATES)}, or how it ended, {', '.join(OUTCOMES)}"
            )
    return frozenset(states), frozenset(outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """One job, in a line.

    Attributes:
        job: what the list of jobs says.
        counts: how far it is; None where it was not asked or has ended. The job manager and FinalizeTask count as
            tasks, and skipped tasks as failed, as they do for Batch.
        skipped: how many of the failed ones are skipped; None where it was not asked.
        ended: how it ended; None until somebody has told it.
    """

    job: JobSummary
    counts: TaskCounts | None = None
    skipped: int | None = None
    ended: JobOutcome | None = None

    @property
    def state(self) -> JobState:
        """Batch's state of the job."""
        return self.job.state

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None until somebody has told it."""
        return None if self.ended is None else self.ended.outcome

    @property
    def workload(self) -> str:
        """The workload's package; empty for a job that this project did not make."""
        return self.job.metadata.get(WORKLOAD_METADATA, "")

    @property
    def owner(self) -> str:
        """Whose it is; empty where nobody wrote it down."""
        ownership = read_ownership(self.job.metadata)
        return "" if ownership is None else ownership.owner

    @property
    def tags(self) -> Mapping[str, str]:
        """What its owner wants to find it by."""
        ownership = read_ownership(self.job.metadata)
        return {} if ownership is None else ownership.tags

    def age(self, now: datetime) -> timedelta:
        """Since it was made."""
        return now - self.job.creation_time

    def in_words(self) -> str:
        """State and outcome: ``active``, ``failed``, ``completed, untold``."""
        if self.outcome is not None:
            return self.outcome.value
        if self.state is JobState.COMPLETED and self.workload:
            return "completed, untold"
        return self.state.value

    def counts_in_words(self) -> str:
        """The counts that are not 0."""
        return ", ".join(f"{number} {word}" for word, number in self._counts().items() if number)

    def to_document(self, now: datetime) -> dict[str, Any]:
        """The line as JSON values."""
        error = None if self.ended is None or self.ended.error_code is None else self.ended.error_code.value
        return {
            "id": self.job.id,
            "displayName": self.job.display_name,
            "workload": self.workload or None,
            "owner": self.owner or None,
            "tags": dict(self.tags),
            "state": self.state.value,
            "outcome": None if self.outcome is None else self.outcome.value,
            "errorCode": error,
            "summary": None if self.ended is None else self.ended.summary,
            "poolId": self.job.pool_id or None,
            "createdAt": iso_time(self.job.creation_time),
            "endedAt": iso_time(self.job.end_time),
            "ageSeconds": int(self.age(now).total_seconds()),
            "terminateReason": self.job.terminate_reason,
            "counts": self._counts() or None,
        }

    def _counts(self) -> dict[str, int]:
        if self.ended is not None:
            names = ("succeeded", "failed", "skipped", "cancelled")
            return {name: getattr(self.ended, name) for name in names}
        if self.counts is None:
            return {}
        told = {"active": self.counts.active, "running": self.counts.running, "succeeded": self.counts.succeeded}
        if self.skipped is None:
            return {**told, "failed": self.counts.failed}
        return {**told, "failed": max(self.counts.failed - self.skipped, 0), "skipped": self.skipped}
