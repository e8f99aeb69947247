"""What is found out of a job that somebody asks about, and what is said of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from batch_manager.definitions import NodeRecord, PoolRecord, TaskCounts, TaskDetail, TaskRecord
from batch_manager.job_operations import JobSummary
from batch_manager.outcome import JobOutcome
from batch_manager.supervision import Obstacle

MAX_LISTED = 500
"""Tasks of each state that are looked at; a page of Batch's list has 1000."""

_NOTHING = TaskCounts(active=0, running=0, succeeded=0, failed=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason.

    Attributes:
        code: one word for programs.
        message: what is the case, in a sentence.
        next_step: what to do about it; empty where there is nothing to do but wait.
        details: lines that say more, such as the end of a log.
    """

    code: str
    message: str
    next_step: str = ""
    details: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """The reason as JSON values."""
        return {
            "code": self.code,
            "message": self.message,
            "nextStep": self.next_step or None,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one look has found out; lists have their first some hundred members.

    Attributes:
        job: the job.
        now: when it was looked at.
        counts: its counts.
        ended: how it ended; None until somebody has told it.
        suspects: what keeps it from going on, the most telling first.
        manager: the job manager; None if there is none.
        finalize: FinalizeTask; None if there is none.
        running: tasks that run.
        waiting: tasks that wait.
        unsuccessful: tasks that ended without success.
        quiet: for how long tasks that run have written nothing, by id.
        silent: how long is too long.
        pool: the job's pool; None if there is none.
        nodes: its nodes.
        logs: the ends of logs on nodes, by the code of the obstacle that they explain.
        other_jobs: ids of other jobs on the pool that have not ended.
        callback_waits: whether the outcome is settled, and its callback not yet delivered.
    """

    job: JobSummary
    now: datetime
    counts: TaskCounts = _NOTHING
    ended: JobOutcome | None = None
    suspects: tuple[Obstacle, ...] = ()
    manager: TaskRecord | None = None
    finalize: TaskRecord | None = None
    running: tuple[TaskDetail, ...] = ()
    waiting: tuple[TaskDetail, ...] = ()
    unsuccessful: tuple[TaskRecord, ...] = ()
    quiet: Mapping[str, timedelta] = field(default_factory=dict)
    silent: timedelta = timedelta(minutes=10)
    pool: PoolRecord | None = None
    nodes: tuple[NodeRecord, ...] = ()
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_jobs: tuple[str, ...] = ()
    callback_waits: bool = False
