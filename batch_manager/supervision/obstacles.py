"""What keeps a job from going on: found in one look at it, and believed once it has lasted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from batch_manager.definitions import (
    JobRecord,
    JobState,
    NodeRecord,
    PoolRecord,
    PreparationRecord,
    TaskCounts,
    TaskRecord,
    TaskState,
)
from batch_manager.exit_codes import ExitCode
from batch_manager.supervision.limits import ObstacleKind, SupervisionLimits

MAX_NAMED = 3
"""Nodes or tasks that a message names."""

MAX_QUOTED = 300
"""Characters of Batch's own words that a message repeats."""

_READY = frozenset({"idle", "running"})
_BROKEN = frozenset({"unusable", "starttaskfailed", "unknown", "offline", "deallocated", "deallocating", "leavingpool"})
"""States that a node does not leave by itself, but to go."""
_PASSES = (ExitCode.SUCCEEDED, ExitCode.SKIPPED, ExitCode.TIME_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a job and its pool.

    Attributes:
        job: the job.
        counts: its counts; they lag.
        manager: the job manager task; None if there is none.
        finalize: FinalizeTask; None if there is none.
        waiting: tasks that have not ended, the first some hundred.
        failed_gates: gates that failed: they block the tasks behind them.
        pool: the job's pool; None if there is none.
        nodes: the pool's nodes.
        preparation: how the job's preparation task went, node by node.
        nothing_runs: False when a task of the job runs; then nothing else but the counts was looked at. A task that
            waits for the job's preparation task does not run, though Batch counts it.
    """

    job: JobRecord
    counts: TaskCounts
    manager: TaskRecord | None = None
    finalize: TaskRecord | None = None
    waiting: tuple[TaskRecord, ...] = ()
    failed_gates: tuple[TaskRecord, ...] = ()
    pool: PoolRecord | None = None
    nodes: tuple[NodeRecord, ...] = ()
    preparation: tuple[PreparationRecord, ...] = ()
    nothing_runs: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a job cannot go on."""

    kind: ObstacleKind
    message: str
    """What is wrong and what to do, in a sentence or two; no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicions:
    """What was in the way at the last look, and since when without a break: all that is kept from look to look."""

    since: Mapping[ObstacleKind, datetime] = field(default_factory=dict)
    ended: int = 0
    """Tasks that had ended then. If more have at the next look, something ran in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look found."""

    obstacle: Obstacle | None
    """One that has lasted for longer than its limit."""
    suspicions: Suspicions
    """For the next look."""
    suspects: tuple[Obstacle, ...] = ()
    """What is in the way just now, the most telling first."""


def find_obstacle(
    snapshot: Snapshot, limits: SupervisionLimits, now: datetime, suspicions: Suspicions | None = None
) -> Finding:
    """What keeps the job from going on and has done so for long enough.

    Args:
        snapshot: the look.
        limits: how long each obstacle may last.
        now: when the look was taken.
        suspicions: of the look before; None for the first.
    """
    ended = snapshot.counts.completed
    before = suspicions.since if suspicions is not None and suspicions.ended >= ended else {}
    suspects = tuple(_suspects(snapshot, limits))
    since = {suspect.kind: before.get(suspect.kind, now) for suspect in suspects}
    due = (suspect for suspect in suspects if now - since[suspect.kind] >= limits.patience(suspect.kind))
    return Finding(obstacle=next(due, None), suspicions=Suspicions(since=since, ended=ended), suspects=suspects)


def _suspects(snapshot: Snapshot, limits: SupervisionLimits) -> Iterator[Obstacle]:
    """The most telling first. The general ones count only where nothing in particular is wrong, so that a short limit
    of theirs never hides what is."""
    if not snapshot.nothing_runs:
        return
    if snapshot.job.state in (JobState.DISABLING, JobState.DISABLED, JobState.ENABLING):
        yield _obstacle(ObstacleKind.JOB_DISABLED, "the job is disabled: enable it")
        return
    if snapshot.job.state is not JobState.ACTIVE:
        return
    yield from _job_manager(snapshot)
    if not snapshot.waiting:
        return
    particular = [*_gates(snapshot), *_slots(snapshot), *_preparation(snapshot, limits), *_pool(snapshot)]
    yield from particular
    if not particular:
        yield _general(snapshot)


def _job_manager(snapshot: Snapshot) -> Iterator[Obstacle]:
    manager = snapshot.manager
    if snapshot.finalize is not None or manager is None or manager.state is not TaskState.COMPLETED:
        return
    how = "well" if manager.succeeded else f"with exit code {manager.exit_code}" if manager.exit_code else "early"
    said = f": {_quoted(manager.failure_message)}" if manager.failure_message and manager.exit_code is None else ""
    yield _obstacle(
        ObstacleKind.JOB_MANAGER_LEFT,
        f"it ended {how} without adding FinalizeTask{said}; its stderr.txt says more",
    )


def _gates(snapshot: Snapshot) -> Iterator[Obstacle]:
    blocking = [gate for gate in snapshot.failed_gates if gate.exit_code not in _PASSES]
    if blocking:
        ids = _named([gate.id for gate in blocking])
        yield _obstacle(
            ObstacleKind.GATE_FAILED,
            f"the gate {ids} failed with exit code {blocking[0].exit_code}, so that the task behind it never runs; "
            "its stderr.txt says why",
        )


def _slots(snapshot: Snapshot) -> Iterator[Obstacle]:
    pool = snapshot.pool
    if pool is None:
        return
    wide = [record for record in snapshot.waiting if record.required_slots > pool.task_slots_per_node]
    if wide:
        yield _obstacle(
            ObstacleKind.TOO_MANY_SLOTS,
            f"task {_named([record.id for record in wide])} needs {wide[0].required_slots} slots and would wait for "
            f"ever: a node of pool {pool.id!r} has {pool.task_slots_per_node}. Use a pool with more slots, or lower "
            "required_slots",
        )


def _preparation(snapshot: Snapshot, limits: SupervisionLimits) -> Iterator[Obstacle]:
    """It fails where it has run, and there is no node left where it could run yet."""
    there = {node.id for node in snapshot.nodes}
    tried = [record for record in snapshot.preparation if record.node_id in there]
    failing = [record for record in tried if _is_failing(record, limits.preparation_tries)]
    untried = {node.id for node in snapshot.nodes if node.state not in _BROKEN} - {record.node_id for record in tried}
    if failing and len(failing) == len(tried) and not untried:
        first = failing[0]
        said = f": {_quoted(first.failure_message)}" if first.failure_message else ""
        code = "" if first.exit_code is None else f" with exit code {first.exit_code}"
        yield _obstacle(
            ObstacleKind.PREPARATION_FAILS,
            f"the job's preparation task fails on every node ({_named([r.node_id for r in failing])}){code}{said}. "
            "No task of the job can run before it succeeds; the node's files of it say more",
        )


def _is_failing(record: PreparationRecord, tries: int) -> bool:
    if record.succeeded is not None:
        return not record.succeeded
    return record.retry_count >= tries


def _pool(snapshot: Snapshot) -> Iterator[Obstacle]:
    pool = snapshot.pool
    if not snapshot.job.pool_id:  # Batch makes one for the job
        return
    if pool is None:
        yield _obstacle(
            ObstacleKind.POOL_MISSING, f"there is no pool {snapshot.job.pool_id!r}: create it, or use another"
        )
    elif pool.state == "deleting":
        yield _obstacle(ObstacleKind.POOL_MISSING, f"the pool {pool.id!r} is being deleted: use another")
    elif not snapshot.nodes:
        yield _without_nodes(pool)
    elif all(node.state in _BROKEN or _fails_to_start(node) for node in snapshot.nodes):
        yield _without_use(pool, snapshot.nodes)


def _without_nodes(pool: PoolRecord) -> Obstacle:
    if pool.resize_problems:
        why = "; ".join(f"{problem.code}: {_quoted(problem.message)}" for problem in pool.resize_problems)
        return _obstacle(
            ObstacleKind.POOL_CANNOT_GROW,
            f"the pool {pool.id!r} has none of the {pool.target_nodes} nodes it should have: {why}",
        )
    scaled = "its autoscale formula asks for none" if pool.enable_auto_scale else "resize it"
    wanted = f"{pool.target_nodes} are asked for, none has come" if pool.target_nodes else scaled
    return _obstacle(ObstacleKind.POOL_EMPTY, f"the pool {pool.id!r} has no node: {wanted}")


def _fails_to_start(node: NodeRecord) -> bool:
    """Its start task failed, though it may be tried again."""
    return node.state == "waitingforstarttask" and node.start_task_failure is not None


def _without_use(pool: PoolRecord, nodes: Sequence[NodeRecord]) -> Obstacle:
    failed = [node for node in nodes if node.state == "starttaskfailed" or _fails_to_start(node)]
    if failed:
        said = next((node.start_task_failure for node in failed if node.start_task_failure), "no reason given")
        return _obstacle(
            ObstacleKind.START_TASK_FAILS,
            f"the start task of pool {pool.id!r} fails on {len(failed)} of {len(nodes)} nodes and no other is usable "
            f"({_named([node.id for node in failed])}): {_quoted(said)}. Its stderr.txt, in the node's startup folder, "
            "says more",
        )
    said = next((error for node in nodes for error in node.errors), "Batch gives no reason")
    return _obstacle(
        ObstacleKind.NODES_UNUSABLE,
        f"no node of pool {pool.id!r} can run a task ({_states(nodes)}): {_quoted(said)}. Reboot or reimage them",
    )


def _general(snapshot: Snapshot) -> Obstacle:
    states = _states(snapshot.nodes)
    if any(node.state in _READY for node in snapshot.nodes):
        return _obstacle(
            ObstacleKind.NOTHING_STARTS,
            f"{snapshot.counts.active} tasks wait, nodes are ready ({states}), and nothing of the job runs: other jobs "
            "may hold the pool, or a multi-instance task may need more nodes than there are",
        )
    return _obstacle(ObstacleKind.NODES_NOT_READY, f"no node of pool {snapshot.job.pool_id!r} becomes ready ({states})")


def _obstacle(kind: ObstacleKind, message: str) -> Obstacle:
    return Obstacle(kind=kind, message=message)


def _states(nodes: Sequence[NodeRecord]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(Counter(node.state for node in nodes).items()))


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MAX_NAMED])
    return shown if len(names) <= MAX_NAMED else f"{shown} and {len(names) - MAX_NAMED} more"


def _quoted(text: str | None) -> str:
    words = " ".join((text or "").split())
    return words if len(words) <= MAX_QUOTED else f"{words[:MAX_QUOTED]}..."
