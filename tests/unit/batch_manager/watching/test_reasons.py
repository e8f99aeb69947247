"""Why a job is where it is, in a table: what a look found, the codes of the reasons, and what the first one names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch_manager.definitions import JobState, NodeRecord, TaskCounts, TaskDetail, TaskRecord, TaskState
from batch_manager.dependencies import IdRange, TaskDependencies
from batch_manager.job_operations import JobSummary
from batch_manager.outcome import JobOutcome, Outcome, TaskSummary
from batch_manager.supervision import Obstacle, ObstacleKind
from batch_manager.watching.facts import Facts
from batch_manager.watching.next_steps import next_step
from batch_manager.watching.reasons import explain

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
JOB = JobSummary(
    id="job", state=JobState.ACTIVE, creation_time=NOW, pool_id="pool", metadata={"workload": "workloads.pipes"}
)
FOREIGN = replace(JOB, metadata={})
OVER = replace(JOB, state=JobState.COMPLETED, terminate_reason="AllTasksComplete")


def task(task_id: str, state: TaskState = TaskState.ACTIVE, *after: int, **said: object) -> TaskDetail:
    record = replace(TaskRecord(id=task_id, state=state), **said)  # type: ignore[arg-type]
    spans = tuple(IdRange(number, number) for number in after)
    return TaskDetail(record=record, depends_on=TaskDependencies(ranges=spans), node_id="node-1")


def node(state: str, **said: object) -> NodeRecord:
    return replace(NodeRecord(id="node-1", state=state), **said)  # type: ignore[arg-type]


RUNNING = task("1", TaskState.RUNNING)
FINALIZE = task("finalize", TaskState.RUNNING).record
FAILED = task("1", TaskState.COMPLETED, succeeded=False, exit_code=3).record
BUSY = Facts(
    job=JOB,
    now=NOW,
    counts=TaskCounts(active=1, running=1, succeeded=0, failed=0),
    running=(RUNNING,),
    waiting=(task("finalize", TaskState.ACTIVE, 1),),
    nodes=(node("running"),),
)
NO_POOL = Obstacle(kind=ObstacleKind.POOL_MISSING, message="there is no pool 'pool'")
STARTUP = Obstacle(kind=ObstacleKind.START_TASK_FAILS, message="the start task fails")
FULL = Obstacle(kind=ObstacleKind.NOTHING_STARTS, message="nothing starts")
ENDED = JobOutcome(
    job_id="job",
    failed=1,
    failures=(
        TaskSummary(
            task_id="7", display_name="Mesh 7", exit_code=3, reason="no licence", retry_count=0, requeue_count=0
        ),
    ),
)

CASES: dict[str, tuple[Facts, list[str], str]] = {
    "goes on": (BUSY, ["running"], "1 task runs"),
    "succeeded": (Facts(job=OVER, now=NOW, ended=JobOutcome(job_id="job", succeeded=2)), ["succeeded"], "all 2"),
    "failed": (Facts(job=OVER, now=NOW, ended=ENDED), ["failed"], "rerun --failed job"),
    "cancelled": (
        Facts(job=OVER, now=NOW, ended=replace(ENDED, cancelled_because="wrong input")),
        ["cancelled"],
        "wrong input",
    ),
    "untold": (Facts(job=OVER, now=NOW), ["untold"], "batch-manager wait job"),
    "being ended": (
        Facts(job=replace(JOB, state=JobState.TERMINATING, terminate_reason="by hand"), now=NOW),
        ["terminating"],
        "by hand",
    ),
    "obstacle": (replace(BUSY, running=(), suspects=(NO_POOL,)), ["pool_missing"], "batch-manager pool create"),
    "start task": (
        replace(BUSY, running=(), suspects=(STARTUP,), logs={"start_task_fails": ("no such server",)}),
        ["start_task_fails"],
        "no such server",
    ),
    "other jobs": (replace(BUSY, running=(), suspects=(FULL,), other_jobs=("b", "c")), ["nothing_starts"], "'b', 'c'"),
    "package on a node": (
        replace(BUSY, nodes=(node("unusable", errors=("ApplicationPackageError: pipes 1.0",)),)),
        ["package_fails", "nodes_broken"],
        "pipes 1.0",
    ),
    "package of a task": (
        replace(BUSY, unsuccessful=(replace(FAILED, exit_code=None, failure_code="ApplicationPackageError"),)),
        ["package_fails"],
        "ApplicationPackageError",
    ),
    "silent": (replace(BUSY, quiet={"1": timedelta(minutes=12)}), ["silent"], "'1' for 12 min, on node node-1"),
    "not yet silent": (replace(BUSY, quiet={"1": timedelta(minutes=9)}), ["running"], "1 task runs"),
    "blocked": (
        replace(
            BUSY,
            job=FOREIGN,
            waiting=(task("2", TaskState.ACTIVE, 1),),
            unsuccessful=(FAILED,),
            running=(),
            suspects=(FULL,),
        ),
        ["blocked"],
        "batch-manager retry job 1",
    ),
    "job manager waits": (
        replace(BUSY, running=(), waiting=(), manager=task("job-manager").record),
        ["job_manager_waits"],
        "waits for a node",
    ),
    "job manager runs": (
        replace(BUSY, waiting=(), manager=task("job-manager", TaskState.RUNNING).record),
        ["job_manager_runs"],
        "job-manager --stderr",
    ),
    "finalizing": (replace(BUSY, waiting=(), finalize=FINALIZE), ["finalizing"], "tells how"),
    "callback": (
        replace(BUSY, waiting=(), finalize=replace(FINALIZE, retry_count=2), callback_waits=True),
        ["callback"],
        "try 3",
    ),
    "no free slot": (
        replace(BUSY, waiting=(task("2"),), other_jobs=("b",)),
        ["no_free_slot"],
        "batch-manager pool resize pool",
    ),
    "nodes are coming": (
        replace(BUSY, waiting=(task("2"),), nodes=(node("running"), node("starting"))),
        ["no_free_slot"],
        "1 node on the way",
    ),
    "after others": (replace(BUSY, waiting=(task("2", TaskState.ACTIVE, 1),)), ["dependencies"], "1 task waits"),
    "some nodes broken": (
        replace(BUSY, nodes=(node("running"), node("starttaskfailed", start_task_failure="exit code 7"))),
        ["nodes_broken"],
        "exit code 7",
    ),
    "preempted": (
        replace(BUSY, running=(task("1", TaskState.RUNNING, requeue_count=1),), nodes=(node("preempted"),)),
        ["preempted"],
        "1 spot node preempted; 1 task runs again",
    ),
    "between two tasks": (replace(BUSY, counts=replace(BUSY.counts, running=0), running=()), ["starting"], "about to"),
}


@pytest.mark.parametrize(("facts", "codes", "words"), CASES.values(), ids=CASES)
def test_reasons_are_found_in_a_look(facts: Facts, codes: list[str], words: str) -> None:
    """The most telling first, and it says what to do or where to look."""
    found = explain(facts)
    assert [reason.code for reason in found] == codes
    first = found[0]
    assert words in " ".join([first.message, first.next_step, *first.details])


@pytest.mark.parametrize("kind", ObstacleKind)
def test_next_step_is_known_for_every_obstacle(kind: ObstacleKind) -> None:
    """With the job's and the pool's names where it is a command."""
    assert "{" not in next_step(kind, job_id="job", pool_id="pool")


def test_outcome_of_a_job_is_its_reason() -> None:
    """A code for each outcome that a job can have."""
    codes = {explain(facts)[0].code for facts, _, _ in CASES.values() if facts.ended is not None}
    assert codes == {outcome.value for outcome in Outcome} - {"skipped"}
