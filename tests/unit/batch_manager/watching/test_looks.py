"""How fast a job goes, which jobs a list has, and how a look is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.cli.watch_live import lines
from batch_manager.definitions import JobState, TaskCounts
from batch_manager.errors import InputError
from batch_manager.job_operations import JobQuery, JobSummary
from batch_manager.outcome import JobOutcome, Outcome, TaskSummary
from batch_manager.ownership import Ownership
from batch_manager.watching.job_lines import JobFilter, JobLine, parse_states
from batch_manager.watching.looks import Look
from batch_manager.watching.progress import JobProgress, Pace
from batch_manager.watching.words import counted, in_words

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNED = Ownership(owner="ada", tags={"study": "north"}).as_metadata()
JOB = JobSummary(
    id="job",
    state=JobState.ACTIVE,
    creation_time=NOW - HOUR,
    pool_id="pool",
    metadata={**OWNED, "workload": "workloads.pipes"},
)
OVER = replace(JOB, state=JobState.COMPLETED)
COUNTS = TaskCounts(active=1, running=2, succeeded=3, failed=4)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
        (-5, "0 s"),
    ],
)
def test_time_is_told_in_two_units_at_most(seconds: float, words: str) -> None:
    """For tables."""
    assert in_words(seconds) == words


def test_number_and_verb_agree() -> None:
    """One waits, two wait."""
    assert (counted(1, "task", "wait"), counted(2, "task", "wait")) == ("1 task waits", "2 tasks wait")


def test_pace_is_that_of_the_last_minutes() -> None:
    """An hour in which no node came does not count once the tasks end."""
    pace = Pace(NOW)
    pace.note(NOW + HOUR, 0)
    assert pace.note(NOW + HOUR + timedelta(seconds=100), 50) == pytest.approx(50 / 100)


def test_pace_of_the_first_look_is_the_average() -> None:
    """There is nothing else to go by."""
    assert Pace(NOW).note(NOW + timedelta(seconds=10), 5) == 0.5


@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 50)), min_size=1, max_size=30))
def test_pace_is_never_negative_nor_above_what_ended(steps: list[tuple[int, int]]) -> None:
    """Whatever the pauses between the looks: tasks that are retried may lower the count."""
    pace, now, ended = Pace(NOW), NOW, 0
    for seconds, more in steps:
        now, ended = now + timedelta(seconds=seconds), ended + more - 10
        rate = pace.note(now, max(ended, 0))
        assert rate is not None
        assert 0 <= rate <= 50 * len(steps)


def test_time_left_goes_by_the_recent_pace() -> None:
    """Not by the average, where both are known."""
    progress = JobProgress(counts=COUNTS, skipped=0, seconds=1000, recent_rate=0.5)
    assert progress.seconds_left == 6


@pytest.mark.parametrize(
    ("asked", "is_taken"),
    [
        (JobFilter(), True),
        (JobFilter(owner="ada"), True),
        (JobFilter(owner="ad"), False),
        (JobFilter(tags={"study": "north"}), True),
        (JobFilter(tags={"study": "nort"}), False),
        (JobFilter(pool_id="POOL"), True),
        (JobFilter(pool_id="poo"), False),
        (JobFilter(older_than=HOUR), True),
        (JobFilter(older_than=2 * HOUR), False),
        (JobFilter(states=frozenset({JobState.ACTIVE})), True),
        (JobFilter(states=frozenset({JobState.DISABLED})), False),
        (JobFilter(outcomes=frozenset({Outcome.FAILED})), False),
    ],
)
def test_filter_takes_what_was_asked_for(asked: JobFilter, is_taken: bool) -> None:
    """Whole names alone: never by substring."""
    assert asked.takes(JOB, NOW) is is_taken


def test_filter_by_owner_leaves_out_what_nobody_owns() -> None:
    """A job that somebody else's tool made is nobody's of ours."""
    assert not JobFilter(owner="ada").takes(replace(JOB, metadata={}), NOW)


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ([], None),
        (["active"], JobQuery.NOT_ENDED),
        (["active", "disabled"], JobQuery.NOT_ENDED),
        (["completed"], JobQuery.ENDED),
        (["failed"], JobQuery.ENDED),
        (["active", "failed"], None),
        (["deleting"], None),
    ],
)
def test_batch_leaves_out_what_it_can(words: list[str], query: JobQuery | None) -> None:
    """And nothing that was asked for."""
    states, outcomes = parse_states(words)
    assert JobFilter(states=states, outcomes=outcomes).query is query


def test_unknown_state_is_refused() -> None:
    """With what could be."""
    with pytest.raises(InputError, match=r"'done' is none: give one of active.*succeeded"):
        parse_states(["done"])


@pytest.mark.parametrize(
    ("line", "state", "counts"),
    [
        (JobLine(job=JOB, counts=COUNTS), "active", "1 active, 2 running, 3 succeeded, 4 failed"),
        (JobLine(job=JOB, counts=COUNTS, skipped=3), "active", "1 active, 2 running, 3 succeeded, 1 failed, 3 skipped"),
        (JobLine(job=OVER), "completed, untold", ""),
        (JobLine(job=replace(OVER, metadata={})), "completed", ""),
        (JobLine(job=OVER, ended=JobOutcome(job_id="job", failed=2)), "failed", "2 failed"),
    ],
)
def test_line_tells_state_and_counts(line: JobLine, state: str, counts: str) -> None:
    """'Completed' alone never stands for success."""
    assert (line.in_words(), line.counts_in_words()) == (state, counts)


def test_document_of_a_line_has_ownership_and_counts() -> None:
    """For programs."""
    document: Mapping[str, object] = JobLine(job=JOB, counts=COUNTS).to_document(NOW)
    told = {name: document[name] for name in ("owner", "tags", "workload", "ageSeconds", "createdAt", "counts")}
    assert told == {
        "owner": "ada",
        "tags": {"study": "north"},
        "workload": "workloads.pipes",
        "ageSeconds": 3600,
        "createdAt": "2026-01-31T11:00:00Z",
        "counts": {"active": 1, "running": 2, "succeeded": 3, "failed": 4},
    }


def test_look_in_a_pipe_names_failures_and_what_is_waited_for() -> None:
    """A line each."""
    failure = TaskSummary(task_id="7", display_name="Mesh 7", exit_code=3, reason="", retry_count=0, requeue_count=0)
    look = Look(
        at=NOW,
        job=JOB,
        progress=JobProgress(counts=COUNTS, skipped=3, seconds=3600),
        failures=(failure,),
        nodes={"idle": 1},
        waits_for=("no node",),
    )
    assert list(lines(look)) == [
        "job active: 1 active, 2 running, 3 succeeded, 1 failed, 3 skipped, 7.0 tasks/h, 25 min left; nodes: 1 idle",
        "task 7 (Mesh 7) failed with exit code 3",
        "waits: no node",
    ]
