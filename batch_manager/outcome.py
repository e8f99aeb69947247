"""How a job ended, in one vocabulary. Pure.

"Completed" is Batch's word for "ended" and never means success; here a task is succeeded, failed, skipped or
cancelled, and a job the same without skipped. ``counting`` makes an outcome of a job's tasks, ``outcome_document``
writes it down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from batch_manager.reports import Attempt

MAX_FAILURES_TOLD = 100
"""Tasks that an outcome spells out, of those that failed or were cancelled; the counts tell all."""

MAX_RETRIED_TOLD = 100
"""Tasks that an outcome spells out, of those that succeeded after a retry."""

MAX_ATTEMPTS_TOLD = 10
"""Attempts of one task that an outcome spells out, the last ones."""


class Outcome(Enum):
    """The end of a task or a job."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class ErrorCode(Enum):
    """Why a job did not succeed, for programs. Of several the first in this order is told."""

    CANCELLED = "Cancelled"
    """It was cancelled on request."""
    STUCK = "Stuck"
    """It could not go on; it was ended, and finished from outside the pool."""
    TIME_LIMIT = "TimeLimit"
    """Its time limit was over before its tasks had ended."""
    JOB_MANAGER_FAILED = "JobManagerFailed"
    """Its job manager failed, so that tasks may never have been added."""
    TASKS_FAILED = "TasksFailed"
    """A task failed, was ended, is missing, or had not ended."""
    FINALIZE_WORK_FAILED = "FinalizeWorkFailed"
    """All tasks succeeded; the workload's own finalize work did not."""


class WorkState(Enum):
    """How far the workload's own finalize work is."""

    NONE = "none"
    """The workload has none."""
    PENDING = "pending"
    """It has not ended."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeWork:
    """What became of the workload's own finalize work.

    Attributes:
        state: how far it is.
        reason: why it failed, in one sentence; None if it did not.
    """

    state: WorkState = WorkState.NONE
    reason: str | None = None


JOB_WALL_CLOCK = "job_wall_clock"
"""The code of a ``Standstill`` that the job's own maximum wall clock time was: Batch ends FinalizeTask with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """What kept a job from going on, when it was finished from outside.

    Attributes:
        code: one word for programs, as in ``supervision``.
        message: one sentence for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """One task of an outcome.

    Attributes:
        task_id: the Batch task.
        display_name: its words for people.
        outcome: how it ended.
        exit_code: None if its command never started, or was ended from outside.
        reason: why it ended so, in one sentence.
        retry_count: how often Batch tried it again after a failure.
        requeue_count: how often Batch ran it again because it lost the node.
        attempts: what its process reported of attempts that failed, the last ones.
    """

    task_id: str
    display_name: str | None
    outcome: Outcome = Outcome.FAILED
    exit_code: int | None
    reason: str
    retry_count: int
    requeue_count: int
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """How a job ended. The job manager, FinalizeTask and gates are not counted.

    Attributes:
        job_id: the job.
        cause: why the job manager failed, in one sentence; None when it did not.
        cause_is_time_limit: whether that was because the job's time limit was over.
        cancelled_because: why the job was cancelled; None when it was not.
        standstill: what kept the job from going on; None unless it was finished from outside.
        created_at: when the job was created.
        ended_at: when its last task ended.
        succeeded: tasks that succeeded.
        failed: tasks that failed.
        skipped: tasks that did not run because of how others ended.
        cancelled: tasks that were ended on request, or by the job's time limit.
        timed_out: those of them that the time limit ended.
        not_ended: tasks that had not ended when they were counted.
        missing: tasks that the job manager added and that are not there any more.
        taken_over: tasks that another job did before, which this one runs again; they are not counted elsewhere.
        retries: of all tasks together.
        requeues: of all tasks together.
        failures: the first ``MAX_FAILURES_TOLD`` tasks that failed, then those that were cancelled.
        retried: the first ``MAX_RETRIED_TOLD`` tasks that succeeded after a retry.
        work: the workload's own finalize work.
    """

    job_id: str
    cause: str | None = None
    cause_is_time_limit: bool = False
    cancelled_because: str | None = None
    standstill: Standstill | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    timed_out: int = 0
    not_ended: int = 0
    missing: int = 0
    taken_over: int = 0
    retries: int = 0
    requeues: int = 0
    failures: tuple[TaskSummary, ...] = ()
    retried: tuple[TaskSummary, ...] = ()
    work: FinalizeWork = FinalizeWork()

    @property
    def outcome(self) -> Outcome:
        """Succeeded only if the job manager, every task that was to run and the finalize work succeeded; cancelled if
        it was asked to be. A skip is no failure: its reason is another task that failed, which is one, or its own rule,
        to run only if another failed."""
        code = self.error_code
        if code is ErrorCode.CANCELLED:
            return Outcome.CANCELLED
        return Outcome.SUCCEEDED if code is None else Outcome.FAILED

    @property
    def error_code(self) -> ErrorCode | None:
        """Why the job did not succeed; None if it did."""
        reasons = {
            ErrorCode.CANCELLED: self.cancelled_because is not None,
            ErrorCode.STUCK: self.standstill is not None and not self._hit_wall_clock,
            ErrorCode.TIME_LIMIT: self._hit_wall_clock
            or self.cause_is_time_limit
            or (self.cause is None and self.timed_out > 0),
            ErrorCode.JOB_MANAGER_FAILED: self.cause is not None,
            ErrorCode.TASKS_FAILED: self.total != self.succeeded + self.skipped,
            ErrorCode.FINALIZE_WORK_FAILED: self.work.state is WorkState.FAILED,
        }
        return next((code for code in ErrorCode if reasons[code]), None)

    @property
    def total(self) -> int:
        """All tasks, the missing ones among them."""
        return self.succeeded + self.failed + self.skipped + self.cancelled + self.not_ended + self.missing

    @property
    def duration(self) -> timedelta | None:
        """From the job's creation to the end of its last task."""
        if self.created_at is None or self.ended_at is None:
            return None
        return max(self.ended_at - self.created_at, timedelta(0))

    @property
    def summary(self) -> str:
        """One sentence for people."""
        parts = [self._why(), self._counted()]
        if self.work.state is WorkState.FAILED:
            parts.append(f"the workload's finalize work failed: {self.work.reason}")
        return "; ".join(part for part in parts if part)

    @property
    def _hit_wall_clock(self) -> bool:
        return self.standstill is not None and self.standstill.code == JOB_WALL_CLOCK

    def _why(self) -> str:
        if self.cancelled_because is not None:
            return f"cancelled: {self.cancelled_because}" if self.cancelled_because else "cancelled"
        if self.standstill is not None:
            message = self.standstill.message
            return message if self._hit_wall_clock else f"the job could not go on: {message}"
        if self.cause is not None:
            return f"the job manager failed: {self.cause}"
        return "the job's time limit was over" if self.timed_out else ""

    def _counted(self) -> str:
        taken_over = f", {self.taken_over} taken over" if self.taken_over else ""
        if self.total == self.succeeded:
            has_reason = bool(self._why())
            return "" if has_reason and not self.total else f"all {self.total} tasks succeeded{taken_over}"
        words = {"failed": self.failed, "skipped": self.skipped, "cancelled": self.cancelled}
        more = {"not ended": self.not_ended, "missing": self.missing}
        shown = [f"{number} {word}" for word, number in words.items() if number or word != "cancelled"]
        shown += [f"{number} {word}" for word, number in more.items() if number]
        return f"of {self.total} tasks {', '.join(shown)}{taken_over}"
