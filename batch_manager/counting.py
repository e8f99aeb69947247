"""From the tasks of a job to how it ended, in one pass and without keeping them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from batch_manager.causes import one_line
from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.dependencies import membership
from batch_manager.exit_codes import ExitCode
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.gates import guarded_task_of
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID
from batch_manager.outcome import (
    MAX_ATTEMPTS_TOLD,
    MAX_FAILURES_TOLD,
    MAX_RETRIED_TOLD,
    FinalizeWork,
    JobOutcome,
    Outcome,
    Standstill,
    TaskSummary,
)
from batch_manager.reports import Attempt

TASK_ENDED = "TaskEnded"
"""Batch's code for a task that was ended from outside, or by its wall clock."""

_WALL_CLOCK_WORDS = "maximum execution time"
"""In the details of a ``TaskEnded`` that the wall clock caused."""

_VERDICTS = {ExitCode.SKIPPED: Outcome.SKIPPED, ExitCode.TIME_LIMIT: Outcome.CANCELLED}
"""What a task is that ended with one of these codes, and what the task behind a gate is that did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What is known of a job besides its tasks.

    Attributes:
        job_id: the job.
        created_at: when it was created.
        inputs: what FinalizeTask was told.
        cancelled_because: why it was cancelled; None when it was not.
        standstill: what kept it from going on; None unless it is finished from outside.
        has_time_limit: whether it has one; without, an exit code that says so is the task's own.
    """

    job_id: str
    created_at: datetime | None = None
    inputs: FinalizeInputs = FinalizeInputs()
    cancelled_because: str | None = None
    standstill: Standstill | None = None
    has_time_limit: bool = True


def task_outcome(record: TaskRecord, *, is_plain: bool = False) -> Outcome | None:
    """How a task ended, as far as its own record tells; None while it has not ended.

    Args:
        record: the task.
        is_plain: whether no process of ours ran it, so that all its exit codes are its own.
    """
    if record.state is not TaskState.COMPLETED:
        return None
    if record.succeeded:
        return Outcome.SUCCEEDED
    if record.exit_code in _VERDICTS and not is_plain:
        return _VERDICTS[ExitCode(record.exit_code)]
    was_ended = record.failure_code == TASK_ENDED and not _hit_wall_clock(record)
    return Outcome.CANCELLED if was_ended else Outcome.FAILED


def count_job(facts: JobFacts, records: Iterable[TaskRecord]) -> JobOutcome:
    """How a job ended, from its tasks in any order. Memory does not grow with them, save for tasks that a gate ended
    and whose gate came later, or that came before it."""
    count = _Count(facts.inputs, has_time_limit=facts.has_time_limit)
    for record in records:
        count.add(record)
    return count.outcome(facts)


def summarize(record: TaskRecord) -> TaskSummary:
    """A task that has ended without success, as an outcome tells it."""
    return _summary(record, task_outcome(record) or Outcome.FAILED, is_late=record.exit_code == ExitCode.TIME_LIMIT)


def with_reports(outcome: JobOutcome, reports: Mapping[str, tuple[Attempt, ...]]) -> JobOutcome:
    """The same with what the tasks' own processes reported, by task id.

    The last attempt's cause becomes the reason, unless the task ended in another way after it: killed, it could not
    report.
    """

    def told(task: TaskSummary) -> TaskSummary:
        attempts = reports.get(task.task_id, ())
        if not attempts:
            return task
        last = attempts[-1]
        says_why = task.outcome is not Outcome.SUCCEEDED and _same_end(last, task.exit_code)
        reason = one_line(last.cause) if says_why and last.cause.strip() else task.reason
        return replace(task, reason=reason, attempts=attempts[-MAX_ATTEMPTS_TOLD:])

    return replace(outcome, failures=tuple(map(told, outcome.failures)), retried=tuple(map(told, outcome.retried)))


class _Count:
    """The sums and the first failures, as the records pass."""

    def __init__(self, inputs: FinalizeInputs, *, has_time_limit: bool) -> None:
        self._inputs = inputs
        self._has_time_limit = has_time_limit
        self._is_among_gates, self._is_guarded = membership(inputs.gates), membership(inputs.guarded)
        self._is_plain = membership(inputs.plain)
        self._counts: Counter[Outcome | None] = Counter()
        self._timed_out = self._retries = self._requeues = 0
        self._last_end: datetime | None = None
        self._told: dict[Outcome, list[TaskSummary]] = {outcome: [] for outcome in Outcome}
        self._verdicts: dict[str, int] = {}
        self._waiting: dict[str, TaskRecord] = {}

    def add(self, record: TaskRecord) -> None:
        if record.id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID):
            return
        if record.end_time is not None and (self._last_end is None or record.end_time > self._last_end):
            self._last_end = record.end_time
        if self._is_gate(record):
            self._add_gate(record)
        elif _ended_before_it_began(record) and self._is_guarded(record.id):
            verdict = self._verdicts.pop(record.id.lower(), None)
            if verdict is None:
                self._waiting[record.id.lower()] = record
            else:
                self._add_guarded(record, verdict)
        else:
            says_late = record.exit_code == ExitCode.TIME_LIMIT
            is_own = self._is_plain(record.id) or (says_late and not self._has_time_limit)
            self._take(record, task_outcome(record, is_plain=is_own), is_late=says_late and not is_own)

    def outcome(self, facts: JobFacts) -> JobOutcome:
        for record in self._waiting.values():  # not their gates ended them
            self._take(record, task_outcome(record), is_late=False)
        self._waiting.clear()
        counted, cancelled = self._counts.total(), self._told[Outcome.CANCELLED]
        return JobOutcome(
            job_id=facts.job_id,
            cause=facts.inputs.cause,
            cause_is_time_limit=facts.inputs.cause is not None and facts.inputs.is_time_limit,
            cancelled_because=facts.cancelled_because,
            standstill=facts.standstill,
            created_at=facts.created_at,
            ended_at=self._last_end or facts.created_at,
            succeeded=self._counts[Outcome.SUCCEEDED],
            failed=self._counts[Outcome.FAILED],
            skipped=self._counts[Outcome.SKIPPED],
            cancelled=self._counts[Outcome.CANCELLED],
            timed_out=self._timed_out,
            not_ended=self._counts[None],
            missing=max((facts.inputs.tasks or 0) - counted, 0),
            taken_over=facts.inputs.taken_over,
            retries=self._retries,
            requeues=self._requeues,
            failures=tuple([*self._told[Outcome.FAILED], *cancelled][:MAX_FAILURES_TOLD]),
            retried=tuple(self._told[Outcome.SUCCEEDED]),
            work=FinalizeWork(),
        )

    def _is_gate(self, record: TaskRecord) -> bool:
        if self._inputs.tasks is None and not self._inputs.gates:  # nobody told: the display name has to
            return guarded_task_of(record.display_name) is not None
        return self._is_among_gates(record.id)

    def _add_gate(self, gate: TaskRecord) -> None:
        guarded = guarded_task_of(gate.display_name)
        if guarded is None or gate.exit_code not in _VERDICTS:
            return
        record = self._waiting.pop(guarded.lower(), None)
        if record is None:
            self._verdicts[guarded.lower()] = gate.exit_code
        else:
            self._add_guarded(record, gate.exit_code)

    def _add_guarded(self, record: TaskRecord, verdict: int) -> None:
        self._take(record, _VERDICTS[ExitCode(verdict)], is_late=verdict == ExitCode.TIME_LIMIT)

    def _take(self, record: TaskRecord, outcome: Outcome | None, *, is_late: bool) -> None:
        self._counts[outcome] += 1
        self._retries += record.retry_count
        self._requeues += record.requeue_count
        self._timed_out += is_late
        if outcome in (Outcome.FAILED, Outcome.CANCELLED) and len(self._told[outcome]) < MAX_FAILURES_TOLD:
            self._told[outcome].append(_summary(record, outcome, is_late=is_late))
        if outcome is Outcome.SUCCEEDED and record.retry_count and len(self._told[outcome]) < MAX_RETRIED_TOLD:
            self._told[outcome].append(_summary(record, outcome, is_late=False))


def _ended_before_it_began(record: TaskRecord) -> bool:
    has_ended = record.state is TaskState.COMPLETED and record.failure_code == TASK_ENDED
    return has_ended and record.exit_code is None


def _hit_wall_clock(record: TaskRecord) -> bool:
    """Batch has one code for both ends. Its words tell them apart; where they are others, the time it ran does."""
    words = [record.failure_message or "", *(value for _, value in record.failure_details)]
    if any(_WALL_CLOCK_WORDS in text.lower() for text in words):
        return True
    limit, start, end = record.max_wall_clock_time, record.start_time, record.end_time
    return limit is not None and start is not None and end is not None and timedelta(0) < limit <= end - start


def _same_end(last: Attempt, exit_code: int | None) -> bool:
    kept = last.exit_code in (ExitCode.SKIPPED, ExitCode.TIME_LIMIT)  # a command's own become 1
    return last.exit_code == exit_code or (kept and exit_code == ExitCode.FAILED)


def _summary(record: TaskRecord, outcome: Outcome, *, is_late: bool) -> TaskSummary:
    return TaskSummary(
        task_id=record.id,
        display_name=record.display_name,
        outcome=outcome,
        exit_code=record.exit_code,
        reason=_reason(record, outcome, is_late=is_late),
        retry_count=record.retry_count,
        requeue_count=record.requeue_count,
    )


def _reason(record: TaskRecord, outcome: Outcome, *, is_late: bool) -> str:
    if is_late:
        return "the job's time limit was over"
    if outcome is Outcome.SUCCEEDED:
        return "succeeded after a retry"
    if outcome is Outcome.CANCELLED:
        return "ended on request"
    details = ", ".join(f"{name}: {value}" for name, value in record.failure_details)
    words = [word for word in (record.failure_code, record.failure_message, details) if word]
    return one_line(": ".join(words)) or "no reason given"
