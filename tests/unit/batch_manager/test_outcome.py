"""How a job ended, in words and as a document."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.outcome import (
    MAX_ATTEMPTS_TOLD,
    MAX_FAILURES_TOLD,
    FinalizeWork,
    JobOutcome,
    Outcome,
    Standstill,
    TaskSummary,
    WorkState,
)
from batch_manager.outcome_document import (
    MAX_DOCUMENT_BYTES,
    encode_outcome,
    is_settled,
    outcome_document,
    read_outcome,
)
from batch_manager.reports import Attempt
from tests.support.outcomes import job_outcome

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEXTS = st.text(max_size=20)
COUNTS = st.integers(0, 5)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))

ATTEMPTS = st.builds(
    Attempt,
    number=st.integers(1, 9),
    node_id=TEXTS,
    ended_at=st.integers(0, 2_000_000_000).map(float),
    exit_code=st.integers(0, 255),
    cause=TEXTS,
    retried=st.booleans(),
    delay=st.floats(0, 300),
)
TASKS = st.builds(
    TaskSummary,
    task_id=TEXTS,
    display_name=st.none() | TEXTS,
    outcome=st.sampled_from(Outcome),
    exit_code=st.none() | st.integers(0, 255),
    reason=TEXTS,
    retry_count=COUNTS,
    requeue_count=COUNTS,
    attempts=st.lists(ATTEMPTS, max_size=2).map(tuple),
)
OUTCOMES = st.builds(
    JobOutcome,
    job_id=st.just("j"),
    cause=st.none() | TEXTS,
    cause_is_time_limit=st.booleans(),
    cancelled_because=st.none() | TEXTS,
    standstill=st.none() | st.builds(Standstill, code=TEXTS, message=TEXTS),
    created_at=st.none() | MOMENTS,
    ended_at=st.none() | MOMENTS,
    succeeded=COUNTS,
    failed=COUNTS,
    skipped=COUNTS,
    cancelled=COUNTS,
    timed_out=COUNTS,
    not_ended=COUNTS,
    missing=COUNTS,
    taken_over=COUNTS,
    retries=COUNTS,
    requeues=COUNTS,
    failures=st.lists(TASKS, max_size=3).map(tuple),
    retried=st.lists(TASKS, max_size=3).map(tuple),
    work=st.builds(FinalizeWork, state=st.sampled_from(WorkState), reason=st.none() | TEXTS),
)

FIRST_VERSION = {
    "jobId": "j",
    "outcome": "failed",
    "summary": "of 2 tasks 1 failed, 0 skipped",
    "cause": None,
    "counts": {"succeeded": 1, "failed": 1, "skipped": 0, "notEnded": 0},
    "failures": [
        {
            "taskId": "1",
            "displayName": None,
            "exitCode": 3,
            "reason": "FailureExitCode",
            "retryCount": 0,
            "requeueCount": 1,
            "logs": "logs/1",
        }
    ],
    "container": "job-j",
}


@given(OUTCOMES)
def test_outcome_document_is_read_back(outcome: JobOutcome) -> None:
    """The blob tells everything the outcome does."""
    assert read_outcome(json.loads(encode_outcome(outcome))) == outcome


@given(OUTCOMES)
def test_outcome_is_one_of_three_and_says_why(outcome: JobOutcome) -> None:
    """Succeeded if and only if there is no error code; cancelled if and only if it was; never skipped."""
    assert outcome.outcome is not Outcome.SKIPPED
    assert (outcome.outcome is Outcome.SUCCEEDED) == (outcome.error_code is None)
    assert (outcome.outcome is Outcome.CANCELLED) == (outcome.cancelled_because is not None)
    bad = outcome.failed + outcome.cancelled + outcome.not_ended + outcome.missing
    assert outcome.outcome is not Outcome.SUCCEEDED or bad == 0


def test_job_whose_task_for_failures_was_not_needed_succeeded() -> None:
    """A task that runs only if another failed is skipped when all is well."""
    assert JobOutcome(job_id="j", succeeded=2, skipped=1).outcome is Outcome.SUCCEEDED


def test_document_of_the_first_version_is_read() -> None:
    """An outcome that was written before an upgrade can still be shown."""
    outcome = read_outcome(FIRST_VERSION)
    assert (outcome.succeeded, outcome.failed, outcome.missing, outcome.outcome) == (1, 1, 0, Outcome.FAILED)
    assert outcome.failures[0].requeue_count == 1


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        ({}, "all 2 tasks succeeded"),
        ({"succeeded": 0}, "all 0 tasks succeeded"),
        ({"taken_over": 4}, "all 2 tasks succeeded, 4 taken over"),
        ({"failed": 1}, "of 3 tasks 1 failed, 0 skipped"),
        (
            {"skipped": 1, "cancelled": 1, "not_ended": 1, "missing": 1},
            "of 6 tasks 0 failed, 1 skipped, 1 cancelled, 1 not ended, 1 missing",
        ),
        ({"cause": "why", "succeeded": 0}, "the job manager failed: why"),
        ({"cause": "why", "failed": 1}, "the job manager failed: why; of 3 tasks 1 failed, 0 skipped"),
        (
            {"cancelled_because": "enough", "cancelled": 1},
            "cancelled: enough; of 3 tasks 0 failed, 0 skipped, 1 cancelled",
        ),
        ({"cancelled_because": ""}, "cancelled; all 2 tasks succeeded"),
        (
            {"timed_out": 1, "cancelled": 1},
            "the job's time limit was over; of 3 tasks 0 failed, 0 skipped, 1 cancelled",
        ),
        (
            {"standstill": Standstill(code="x", message="no pool"), "not_ended": 1},
            "the job could not go on: no pool; of 3 tasks 0 failed, 0 skipped, 1 not ended",
        ),
        (
            {"work": FinalizeWork(state=WorkState.FAILED, reason="KeyError: 'x'")},
            "all 2 tasks succeeded; the workload's finalize work failed: KeyError: 'x'",
        ),
    ],
)
def test_summary_is_one_sentence_with_the_reason_first(fields: dict[str, Any], summary: str) -> None:
    """It is what people read, in the callback and in the report."""
    assert job_outcome(**fields).summary == summary


def test_duration_is_from_the_creation_to_the_last_end() -> None:
    """Never negative, though clocks differ."""
    outcome = job_outcome(created_at=NOW, ended_at=NOW + timedelta(seconds=90))
    assert outcome_document(outcome)["durationSeconds"] == 90
    assert replace(outcome, ended_at=NOW - timedelta(seconds=1)).duration == timedelta(0)
    assert job_outcome().duration is None


def test_document_of_the_largest_outcome_fits_and_leaves_out_the_attempts_first() -> None:
    """Characters that take six bytes in JSON, in every text, as many as an outcome tells."""
    text = "\x01" * 1000
    attempt = Attempt(1, "n", 0.0, 1, text, True, 1.0)
    task = TaskSummary(
        task_id="1", display_name=text, exit_code=1, reason=text, retry_count=9, requeue_count=0,
        attempts=(attempt,) * MAX_ATTEMPTS_TOLD,
    )  # fmt: skip
    outcome = job_outcome(failed=500, failures=(task,) * MAX_FAILURES_TOLD, retried=(task,) * MAX_FAILURES_TOLD)
    content = encode_outcome(outcome)
    told = json.loads(content)
    assert len(content) <= MAX_DOCUMENT_BYTES
    assert told["counts"]["failed"] == 500
    assert (told["failures"][0]["attempts"], len(told["retried"]), len(told["failures"])) == ([], 0, 50)
    assert told["failuresLeftOut"] == 450


@pytest.mark.parametrize(
    ("changed", "settled"),
    [
        ({}, True),
        ({"created_at": NOW + timedelta(microseconds=1)}, False),
        ({"not_ended": 1}, False),
        ({"not_ended": 1, "standstill": Standstill(code="x", message="y")}, True),
        ({"work": FinalizeWork(state=WorkState.PENDING)}, False),
        ({"work": FinalizeWork(state=WorkState.FAILED, reason="x")}, True),
    ],
)
def test_outcome_is_settled_when_nothing_in_it_can_change(changed: dict[str, Any], settled: bool) -> None:
    """And when it is of this very job, not of an earlier one with the same id."""
    document = json.loads(encode_outcome(job_outcome(**({"created_at": NOW} | changed))))
    assert is_settled(document, NOW) is settled


@pytest.mark.parametrize("changed", [{"version": 1}, {"counts": None}, {"finalizeWork": {"state": "other"}}])
def test_outcome_of_another_form_is_not_settled(changed: dict[str, Any]) -> None:
    """It is written again."""
    document = outcome_document(job_outcome(created_at=NOW)) | changed
    assert not is_settled(document, NOW)
    assert not is_settled({}, NOW)
