"""From tasks to an outcome: every end has its name, and the sums agree."""

import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.counting import JobFacts, count_job, task_outcome, with_reports
from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.dependencies import IdRange, TaskDependencies, compress
from batch_manager.finalize_inputs import FinalizeInputs
from batch_manager.outcome import MAX_FAILURES_TOLD, JobOutcome, Outcome
from batch_manager.reports import Attempt
from tests.support.outcomes import job_outcome

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
ENDED: dict[str, Any] = {"succeeded": False, "failure_code": "TaskEnded", "failure_message": "Task Was Ended"}
WALL_CLOCK = (("Message", "The maximum execution time configured on the task was exceeded"),)


def _task(task_id: str = "1", **fields: Any) -> TaskRecord:
    values: dict[str, Any] = {"state": TaskState.COMPLETED, "succeeded": True} | fields
    return TaskRecord(id=task_id, **values)


def _failed(task_id: str = "1", exit_code: int | None = 3, **fields: Any) -> TaskRecord:
    return _task(task_id, **({"succeeded": False, "exit_code": exit_code} | fields))


def _count(*records: TaskRecord, cancelled_because: str | None = None, **inputs: Any) -> JobOutcome:
    facts = JobFacts(job_id="j", inputs=FinalizeInputs(**inputs), cancelled_because=cancelled_because)
    return count_job(facts, records)


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        (_task(state=TaskState.ACTIVE, succeeded=None), None),
        (_task(state=TaskState.PREPARING, succeeded=None), None),
        (_task(state=TaskState.RUNNING, succeeded=None), None),
        (_task(exit_code=0), Outcome.SUCCEEDED),
        (_failed(exit_code=3, failure_code="FailureExitCode"), Outcome.FAILED),
        (_failed(exit_code=None, failure_code="BlobDownloadMiscError"), Outcome.FAILED),
        (_failed(exit_code=0, failure_code="FileUploadMiscError"), Outcome.FAILED),
        (_failed(exit_code=80), Outcome.SKIPPED),
        (_failed(exit_code=81), Outcome.CANCELLED),
        (_failed(exit_code=None, **ENDED), Outcome.CANCELLED),
        (_failed(exit_code=137, **ENDED), Outcome.CANCELLED),
        (_failed(exit_code=137, **ENDED, failure_details=WALL_CLOCK), Outcome.FAILED),
        (_failed(exit_code=None, **(ENDED | {"failure_message": "the MAXIMUM execution time"})), Outcome.FAILED),
    ],
)
def test_task_outcome_has_a_name_for_every_end(record: TaskRecord, outcome: Outcome | None) -> None:
    """By its exit code, and where there is none by Batch's words."""
    assert task_outcome(record) is outcome


@pytest.mark.parametrize(("seconds", "outcome"), [(59.9, Outcome.CANCELLED), (60, Outcome.FAILED)])
def test_task_that_ran_as_long_as_it_may_hit_its_wall_clock(seconds: float, outcome: Outcome) -> None:
    """Whatever words Batch has for it."""
    record = _failed(
        exit_code=None,
        **ENDED,
        start_time=START,
        end_time=START + timedelta(seconds=seconds),
        max_wall_clock_time=timedelta(seconds=60),
    )
    assert task_outcome(record) is outcome


def test_count_leaves_out_the_framework_s_own_tasks() -> None:
    """Job manager, FinalizeTask and gates are no tasks of the workload."""
    gate = TaskDependencies(task_ids=("2",))
    count = _count(_task(), _failed("job-manager"), _task("finalize"), _failed("2", 80), gates=gate, tasks=1)
    assert (count.total, count.succeeded) == (1, 1)


def test_count_tells_what_is_missing() -> None:
    """Somebody deleted a task that the job manager added."""
    count = _count(_task(), tasks=3)
    assert (count.missing, count.outcome) == (2, Outcome.FAILED)
    assert _count(_task(), _task("2"), tasks=1).missing == 0


@pytest.mark.parametrize("gate_first", [True, False])
@pytest.mark.parametrize(
    ("gate_code", "outcome", "timed_out"),
    [(80, Outcome.SKIPPED, 0), (81, Outcome.CANCELLED, 1), (1, Outcome.CANCELLED, 0)],
)
def test_task_that_its_gate_ended_is_what_the_gate_says(
    gate_first: bool, gate_code: int, outcome: Outcome, timed_out: int
) -> None:
    """In whatever order Batch lists them; a gate that failed for itself ended nothing."""
    gate = _failed("2", gate_code, display_name="gate of task Alpha")
    guarded = _failed("alpha", None, **ENDED)
    records = [gate, guarded] if gate_first else [guarded, gate]
    count = _count(*records, tasks=1, gates=compress(["2"]), guarded=compress(["alpha"]))
    told = {Outcome.SKIPPED: count.skipped, Outcome.CANCELLED: count.cancelled}
    assert (told[outcome], count.total, count.timed_out) == (1, 1, timed_out)


def test_gates_are_known_by_their_names_where_nobody_told() -> None:
    """As for who finishes a job whose FinalizeTask was never added."""
    count = _count(_failed("9", 80, display_name="gate of task 1"), _task())
    assert count.total == 1


@pytest.mark.parametrize("exit_code", [80, 81])
def test_plain_command_has_all_exit_codes_for_itself(exit_code: int) -> None:
    """Batch runs it as it is; nobody asked whether it may run."""
    count = _count(_failed("1", exit_code), tasks=1, plain=compress(["1"]))
    assert (count.failed, count.timed_out, count.failures[0].exit_code) == (1, 0, exit_code)


def test_guarded_task_that_ran_is_told_by_its_own_end() -> None:
    """The gate let it."""
    guarded = compress(["1"])
    gate = _task("2", display_name="gate of task 1")
    count = _count(_failed("1", 4), gate, tasks=1, gates=compress(["2"]), guarded=guarded)
    assert (count.failed, count.failures[0].exit_code) == (1, 4)


def test_failures_are_told_before_what_was_cancelled() -> None:
    """Up to a hundred together."""
    cancelled = [_failed(str(n), None, **ENDED) for n in range(200)]
    count = _count(*cancelled, _failed("the-one"))
    assert (count.failures[0].task_id, len(count.failures)) == ("the-one", MAX_FAILURES_TOLD)
    assert (count.failed, count.cancelled) == (1, 200)


def test_reasons_say_what_is_known_without_a_report() -> None:
    """Batch's failure in one line, or our own words."""
    details = (("FilePath", "a\nb"),)
    count = _count(
        _failed("1", None, failure_code="BlobNotFound", failure_message="not there", failure_details=details),
        _failed("2", 81),
        _failed("3", None, **ENDED),
        _failed("4"),
        _task("5", retry_count=2),
    )
    assert [task.reason for task in count.failures] == [
        "BlobNotFound: not there: FilePath: a; b", "no reason given", "the job's time limit was over",
        "ended on request",
    ]  # fmt: skip
    assert [(task.task_id, task.reason) for task in count.retried] == [("5", "succeeded after a retry")]


def test_times_are_those_of_the_job() -> None:
    """From its creation to the end of the task that ended last."""
    later = START + timedelta(minutes=5)
    facts = JobFacts(job_id="j", created_at=START)
    count = count_job(facts, [_task("1", end_time=later), _task("2", end_time=START)])
    assert count.duration == timedelta(minutes=5)
    assert count_job(facts, []).duration == timedelta(0)


def _attempt(exit_code: int, cause: str, *, retried: bool = False) -> Attempt:
    return Attempt(1, "n", 1.0, exit_code, cause, retried)


@pytest.mark.parametrize(
    ("exit_code", "last", "reason"),
    [
        (3, _attempt(3, "ValueError: x"), "ValueError: x"),
        (1, _attempt(80, "it ended with 80"), "it ended with 80"),
        (137, _attempt(3, "ValueError: x", retried=True), "FailureExitCode"),
        (3, _attempt(3, " "), "FailureExitCode"),
    ],
)
def test_report_says_why_unless_the_task_ended_in_another_way_after_it(
    exit_code: int, last: Attempt, reason: str
) -> None:
    """What was killed could not report."""
    count = with_reports(_count(_failed("1", exit_code, failure_code="FailureExitCode")), {"1": (last,)})
    assert count.failures[0].reason == reason
    assert count.failures[0].attempts == (last,)


def test_report_of_a_task_that_succeeded_tells_what_was_retried() -> None:
    """The reason stays that it succeeded."""
    count = with_reports(_count(_task("1", retry_count=1)), {"1": (_attempt(75, "busy", retried=True),)})
    (task,) = count.retried
    assert (task.reason, task.attempts[0].cause) == ("succeeded after a retry", "busy")
    assert with_reports(job_outcome(), {}) == job_outcome()


RECORDS = st.builds(
    TaskRecord,
    id=st.integers(1, 50).map(str),
    state=st.sampled_from(TaskState),
    exit_code=st.sampled_from([None, 0, 1, 80, 81, 137]),
    succeeded=st.booleans(),
    failure_code=st.sampled_from([None, "TaskEnded", "FailureExitCode"]),
    retry_count=st.integers(0, 2),
    requeue_count=st.integers(0, 2),
    display_name=st.sampled_from([None, "gate of task 1", "gate of task 2"]),
)


@given(records=st.lists(RECORDS, unique_by=lambda r: r.id, max_size=30), data=st.data())
def test_every_task_counts_once_in_any_order(records: list[TaskRecord], data: st.DataObject) -> None:
    """Whatever the ends: the sums are the tasks', and the order of the list changes none of them."""
    gates, guarded = TaskDependencies(ranges=(IdRange(40, 50),)), TaskDependencies(("1",), (IdRange(2, 9),))
    inputs: dict[str, Any] = {"tasks": 1, "gates": gates, "guarded": guarded}
    count = _count(*records, **inputs)
    tasks = [record for record in records if int(record.id) < 40]
    assert count.total == max(len(tasks), 1)
    assert count.requeues == sum(task.requeue_count for task in tasks)
    again = _count(*data.draw(st.permutations(records)), **inputs)
    sums = [(c.succeeded, c.failed, c.skipped, c.cancelled, c.timed_out, c.not_ended) for c in (count, again)]
    assert sums[0] == sums[1]


def test_counting_many_tasks_keeps_none_of_them() -> None:
    """Memory is that of the failures told, not of the tasks."""
    names = Counter[str]()

    def records() -> Any:
        for number in range(20_000):
            names["listed"] += 1
            yield _failed(str(number)) if number % 2 else _task(str(number))

    tracemalloc.start()
    count = count_job(JobFacts(job_id="j"), records())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count.succeeded, count.failed, names["listed"]) == (10_000, 10_000, 20_000)
    assert peak < 400_000
