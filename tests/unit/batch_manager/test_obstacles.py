"""What keeps a job from going on, in a table: the look, what it is called, and what its message names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.definitions import (
    AllocationState,
    JobRecord,
    JobState,
    NodeRecord,
    PoolRecord,
    PreparationRecord,
    ResizeProblem,
    TaskCounts,
    TaskRecord,
    TaskState,
)
from batch_manager.supervision import ObstacleKind, Snapshot, SupervisionLimits, Suspicions, find_obstacle

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIMITS = SupervisionLimits()
LONG = timedelta(days=30)


def task(task_id: str, state: TaskState = TaskState.ACTIVE, **said: object) -> TaskRecord:
    return replace(TaskRecord(id=task_id, state=state), **said)  # type: ignore[arg-type]


def node(state: str, number: int = 1, **said: object) -> NodeRecord:
    return replace(NodeRecord(id=f"node-{number}", state=state), **said)  # type: ignore[arg-type]


def prepared(number: int = 1, **said: object) -> PreparationRecord:
    made = PreparationRecord(node_id=f"node-{number}", state="completed", succeeded=False, exit_code=3)
    return replace(made, **said)  # type: ignore[arg-type]


POOL = PoolRecord(id="pool", state="active", allocation_state=AllocationState.STEADY, task_slots_per_node=2)
JOB = JobRecord(id="job", state=JobState.ACTIVE, creation_time=NOW, pool_id="pool")
ENDED = task("job-manager", TaskState.COMPLETED, succeeded=True, exit_code=0)
GOOD = Snapshot(
    job=JOB,
    counts=TaskCounts(active=2, running=0, succeeded=1, failed=0),
    manager=ENDED,
    finalize=task("finalize"),
    waiting=(task("1"), task("finalize")),
    pool=POOL,
    nodes=(node("idle"), node("running", 2)),
)
"""Nothing is wrong, but nothing starts either."""

QUOTA = ResizeProblem(code="AccountCoreQuotaReached", message="no more cores")
FAILED_START = "exit code 7: FailureExitCode"

OBSTACLES: dict[str, tuple[ObstacleKind, Snapshot, str]] = {
    "disabled": (ObstacleKind.JOB_DISABLED, replace(GOOD, job=replace(JOB, state=JobState.DISABLED)), "enable it"),
    "no pool": (ObstacleKind.POOL_MISSING, replace(GOOD, pool=None, nodes=()), "there is no pool 'pool'"),
    "pool goes": (ObstacleKind.POOL_MISSING, replace(GOOD, pool=replace(POOL, state="deleting")), "being deleted"),
    "quota": (
        ObstacleKind.POOL_CANNOT_GROW,
        replace(GOOD, pool=replace(POOL, target_nodes=3, resize_problems=(QUOTA,)), nodes=()),
        "none of the 3 nodes it should have: AccountCoreQuotaReached: no more cores",
    ),
    "empty": (ObstacleKind.POOL_EMPTY, replace(GOOD, nodes=()), "resize it"),
    "formula": (
        ObstacleKind.POOL_EMPTY,
        replace(GOOD, nodes=(), pool=replace(POOL, enable_auto_scale=True)),
        "formula asks for none",
    ),
    "none has come": (
        ObstacleKind.POOL_EMPTY,
        replace(GOOD, nodes=(), pool=replace(POOL, target_nodes=4)),
        "4 are asked for, none has come",
    ),
    "start task": (
        ObstacleKind.START_TASK_FAILS,
        replace(GOOD, nodes=(node("starttaskfailed", start_task_failure=FAILED_START), node("unusable", 2))),
        "exit code 7: FailureExitCode",
    ),
    "start task, tried again": (
        ObstacleKind.START_TASK_FAILS,
        replace(GOOD, nodes=(node("waitingforstarttask", start_task_failure=FAILED_START),)),
        "fails on 1 of 1 nodes",
    ),
    "unusable": (
        ObstacleKind.NODES_UNUSABLE,
        replace(GOOD, nodes=(node("unusable", errors=("DiskFull: no space",)), node("offline", 2))),
        "(1 offline, 1 unusable): DiskFull: no space",
    ),
    "starting": (ObstacleKind.NODES_NOT_READY, replace(GOOD, nodes=(node("starting"),)), "(1 starting)"),
    "preempted": (ObstacleKind.NODES_NOT_READY, replace(GOOD, nodes=(node("preempted"),)), "(1 preempted)"),
    "slots": (
        ObstacleKind.TOO_MANY_SLOTS,
        replace(GOOD, waiting=(task("1"), task("2", required_slots=3))),
        "task '2' needs 3 slots and would wait for ever: a node of pool 'pool' has 2",
    ),
    "preparation": (
        ObstacleKind.PREPARATION_FAILS,
        replace(GOOD, preparation=(prepared(), prepared(2, failure_message="FailureExitCode: it exited"))),
        "('node-1', 'node-2') with exit code 3",
    ),
    "preparation, tried again": (
        ObstacleKind.PREPARATION_FAILS,
        replace(GOOD, nodes=(node("running"),), preparation=(prepared(succeeded=None, retry_count=3),)),
        "('node-1')",
    ),
    "gate": (
        ObstacleKind.GATE_FAILED,
        replace(GOOD, failed_gates=(task("9", TaskState.COMPLETED, exit_code=1),)),
        "the gate '9' failed with exit code 1",
    ),
    "job manager": (
        ObstacleKind.JOB_MANAGER_LEFT,
        replace(GOOD, finalize=None, waiting=(), manager=replace(ENDED, succeeded=False, exit_code=9)),
        "ended with exit code 9 without adding FinalizeTask",
    ),
    "nothing starts": (ObstacleKind.NOTHING_STARTS, GOOD, "2 tasks wait, nodes are ready (1 idle, 1 running)"),
}


@pytest.mark.parametrize("case", OBSTACLES)
def test_obstacle_is_named_once_it_has_lasted(case: str) -> None:
    """At the first look it is only suspected."""
    kind, snapshot, words = OBSTACLES[case]
    first = find_obstacle(snapshot, LIMITS, NOW)
    assert first.obstacle is None
    later = find_obstacle(snapshot, LIMITS, NOW + LONG, first.suspicions)
    assert later.obstacle is not None
    assert later.obstacle.kind is kind
    assert words in later.obstacle.message


@pytest.mark.parametrize("case", OBSTACLES)
def test_obstacle_counts_from_its_own_limit_on(case: str) -> None:
    """Not a moment earlier."""
    kind, snapshot, _ = OBSTACLES[case]
    suspicions = Suspicions(since={kind: NOW}, ended=1)
    limit = LIMITS.patience(kind)
    before = find_obstacle(snapshot, LIMITS, NOW + limit - timedelta(seconds=1), suspicions)
    assert before.obstacle is None
    assert find_obstacle(snapshot, LIMITS, NOW + limit, suspicions).obstacle is not None


HARMLESS: dict[str, Snapshot] = {
    "something runs": replace(GOOD, nothing_runs=False, pool=None),
    "the job ends": replace(GOOD, job=replace(JOB, state=JobState.TERMINATING), pool=None),
    "nothing waits": replace(GOOD, waiting=(), pool=None),
    "the job manager waits": replace(GOOD, manager=task("job-manager"), finalize=None, waiting=(), pool=None),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_job_that_goes_on_has_no_obstacle(case: str) -> None:
    """However long it takes."""
    finding = find_obstacle(
        HARMLESS[case], LIMITS, NOW + LONG, Suspicions(since=dict.fromkeys(ObstacleKind, NOW), ended=1)
    )
    assert (finding.obstacle, finding.suspects) == (None, ())


BETTER: dict[str, tuple[Snapshot, ObstacleKind]] = {
    "one node is well": (replace(GOOD, nodes=(node("starttaskfailed"), node("idle", 2))), ObstacleKind.NOTHING_STARTS),
    "one node starts": (replace(GOOD, nodes=(node("unusable"), node("starting", 2))), ObstacleKind.NODES_NOT_READY),
    "prepared elsewhere": (
        replace(GOOD, preparation=(prepared(), prepared(2, succeeded=True, exit_code=0))),
        ObstacleKind.NOTHING_STARTS,
    ),
    "not yet prepared elsewhere": (replace(GOOD, preparation=(prepared(),)), ObstacleKind.NOTHING_STARTS),
    "failed on a node that is gone": (replace(GOOD, preparation=(prepared(7),)), ObstacleKind.NOTHING_STARTS),
    "gate that skipped": (
        replace(GOOD, failed_gates=(task("9", TaskState.COMPLETED, exit_code=80),)),
        ObstacleKind.NOTHING_STARTS,
    ),
}


@pytest.mark.parametrize("case", BETTER)
def test_what_may_still_mend_itself_is_given_the_longer_time(case: str) -> None:
    """The general limit is there for the rest."""
    snapshot, kind = BETTER[case]
    assert [suspect.kind for suspect in find_obstacle(snapshot, LIMITS, NOW).suspects] == [kind]


def test_obstacle_that_went_away_counts_anew() -> None:
    """Only what lasts without a break is one."""
    empty = replace(GOOD, nodes=())
    first = find_obstacle(empty, LIMITS, NOW)
    between = find_obstacle(GOOD, LIMITS, NOW + timedelta(minutes=59), first.suspicions)
    again = find_obstacle(empty, LIMITS, NOW + timedelta(hours=2), between.suspicions)
    assert again.obstacle is None


def test_job_whose_tasks_end_between_the_looks_goes_on() -> None:
    """Tasks of a second may be missed by every look."""
    suspicions = Suspicions()
    for hour in range(100):
        counts = replace(GOOD.counts, succeeded=hour)
        finding = find_obstacle(replace(GOOD, counts=counts), LIMITS, NOW + timedelta(hours=hour), suspicions)
        assert finding.obstacle is None
        suspicions = finding.suspicions


def test_message_names_a_few_tasks_and_counts_the_rest() -> None:
    """A job may have thousands."""
    wide = tuple(task(str(number), required_slots=4) for number in range(100))
    (suspect,) = find_obstacle(replace(GOOD, waiting=wide), LIMITS, NOW).suspects
    assert "'0', '1', '2' and 97 more" in suspect.message


@given(
    looks=st.lists(
        st.tuples(st.sampled_from(sorted(OBSTACLES)), st.integers(min_value=1, max_value=600)), min_size=1, max_size=20
    )
)
def test_no_obstacle_counts_before_it_was_there_for_its_limit(looks: list[tuple[str, int]]) -> None:
    """Whatever comes and goes in which order."""
    suspicions, moment = Suspicions(), NOW
    unbroken: dict[ObstacleKind, datetime] = {}
    for case, minutes in looks:
        moment += timedelta(minutes=minutes)
        finding = find_obstacle(OBSTACLES[case][1], LIMITS, moment, suspicions)
        kinds = {suspect.kind for suspect in finding.suspects}
        unbroken = {kind: unbroken.get(kind, moment) for kind in kinds}
        suspicions = finding.suspicions
        if finding.obstacle is not None:
            kind = finding.obstacle.kind
            assert moment - unbroken[kind] >= LIMITS.patience(kind)
