"""The scheduler: from what is, to what is to be done. Pure: `plan` reads nothing but its arguments and changes nothing.

A plan never gives a node more slots than it has, never starts a task twice, and leaves no ready task of the snapshot
waiting that fits on an idle node, except where its job may not run more tasks at once or is terminated by the plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from dispatcher.service.placement import Bins
from dispatcher.service.records import Deallocation, FillType
from dispatcher.service.states import AllocationState, JobState, NodeState, PoolState


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView:
    """A node, as the scheduler sees it."""

    id: str
    is_dedicated: bool
    state: NodeState
    used_slots: int
    """Slots taken by attempts that have not ended."""
    lingers: bool = False
    """It leaves, but only when its tasks have ended by themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolView:
    """A pool with its nodes."""

    id: str
    state: PoolState
    allocation_state: AllocationState
    target_dedicated: int
    target_low_priority: int
    deallocation: Deallocation
    slots: int
    """Of each node."""
    fill: FillType
    nodes: tuple[NodeView, ...]

    def free_slots(self) -> int:
        """Return the slots on which tasks can start now."""
        return sum(self.slots - node.used_slots for node in self.nodes if takes_tasks(node))


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """An active job that has tasks to start."""

    key: int
    pool_id: str
    priority: int
    max_parallel: int
    """-1 is no limit."""
    running: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyTask:
    """An active task that waits for nothing but a place."""

    key: int
    job_key: int
    slots: int
    is_manager: bool = False
    is_exclusive: bool = False
    affinity: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosingJob:
    """A job that is disabling, terminating or deleting."""

    key: int
    state: JobState
    running: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A job or task by its key, and the time at which something is to happen to it."""

    key: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that a plan rests on."""

    pools: tuple[PoolView, ...] = ()
    jobs: tuple[JobView, ...] = ()
    ready: tuple[ReadyTask, ...] = ()
    """Of these jobs, and at least as many as could start."""
    done_jobs: tuple[int, ...] = ()
    """Active jobs with every task completed that are to be terminated then."""
    job_deadlines: tuple[Due, ...] = ()
    """When jobs' wall clock limits are over; later ones than the plan's time may be left out."""
    closing_jobs: tuple[ClosingJob, ...] = ()
    file_deadlines: tuple[Due, ...] = ()
    """When completed tasks' retention times are over; later ones than the plan's time may be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StartTask:
    """Start a task on a node."""

    task_key: int
    pool_id: str
    node_id: str
    slots: int
    """What it takes of the node: all of it for a task that asks for a node of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TerminateJob:
    """Terminate a job, for a reason in Batch's words."""

    job_key: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishJob:
    """Nothing of a closing job runs any more: disabled, completed or gone."""

    job_key: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpireFiles:
    """Delete the folder of a completed task."""

    task_key: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AddNodes:
    """Add nodes to a pool."""

    pool_id: str
    count: int
    is_dedicated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LeavePool:
    """Give a node no more tasks, and deal with those that run there; a node that lingers may be told to hurry."""

    pool_id: str
    node_id: str
    deallocation: Deallocation


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveNode:
    """Close a node on which nothing runs."""

    pool_id: str
    node_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlePool:
    """A pool has the nodes it is to have."""

    pool_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovePool:
    """A pool that is being deleted has no nodes left."""

    pool_id: str


Action = (
    StartTask | TerminateJob | FinishJob | ExpireFiles | AddNodes | LeavePool | RemoveNode | SettlePool | RemovePool
)


def plan(snapshot: Snapshot, now: datetime) -> tuple[Action, ...]:
    """Return what is to be done at a time, in order."""
    actions: list[Action] = []
    actions += [TerminateJob(job_key=key, reason="AllTasksCompleted") for key in snapshot.done_jobs]
    overdue = [due.key for due in snapshot.job_deadlines if due.at <= now]
    actions += [TerminateJob(job_key=key, reason="MaxWallClockTimeExpiry") for key in overdue]
    actions += [FinishJob(job_key=job.key) for job in snapshot.closing_jobs if job.running == 0]
    for pool in snapshot.pools:
        actions += _size(pool)
    actions += _place(snapshot, ending={*snapshot.done_jobs, *overdue})
    actions += [ExpireFiles(task_key=due.key) for due in snapshot.file_deadlines if due.at <= now]
    return tuple(actions)


def takes_tasks(node: NodeView) -> bool:
    """Say whether tasks may start on a node."""
    return node.state in {NodeState.IDLE, NodeState.RUNNING}


def _size(pool: PoolView) -> Iterator[Action]:
    """Bring a pool towards its targets. A deleted pool's targets are none, and its tasks go back to the queue."""
    leaving = [node for node in pool.nodes if node.state is NodeState.LEAVING_POOL]
    deleting = pool.state is PoolState.DELETING
    for node in leaving:
        if node.used_slots == 0:
            yield RemoveNode(pool_id=pool.id, node_id=node.id)
        elif deleting and node.lingers:
            yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=Deallocation.REQUEUE)
    if not deleting and pool.allocation_state is AllocationState.STEADY:
        return
    actions = [*_resize(pool, is_dedicated=True), *_resize(pool, is_dedicated=False)]
    yield from actions
    if actions or leaving:
        return
    yield RemovePool(pool_id=pool.id) if deleting else SettlePool(pool_id=pool.id)


def _resize(pool: PoolView, *, is_dedicated: bool) -> Iterator[Action]:
    target = pool.target_dedicated if is_dedicated else pool.target_low_priority
    target = 0 if pool.state is PoolState.DELETING else target
    staying = [n for n in pool.nodes if n.is_dedicated == is_dedicated and n.state is not NodeState.LEAVING_POOL]
    if len(staying) < target:
        yield AddNodes(pool_id=pool.id, count=target - len(staying), is_dedicated=is_dedicated)
    deallocation = Deallocation.REQUEUE if pool.state is PoolState.DELETING else pool.deallocation
    idle_first = sorted(staying, key=lambda node: node.used_slots)
    for node in idle_first[: max(0, len(staying) - target)]:
        yield LeavePool(pool_id=pool.id, node_id=node.id, deallocation=deallocation)


def _place(snapshot: Snapshot, ending: Set[int]) -> Iterator[StartTask]:
    """Start tasks, of no ending job: jobs by priority, in a job its manager first, then in the order of adding."""
    jobs = {job.key: job for job in snapshot.jobs if job.key not in ending}
    room = {key: _room(job) for key, job in jobs.items()}
    bins = {pool.id.lower(): _bins(pool) for pool in snapshot.pools if pool.state is PoolState.ACTIVE}
    for task in _in_order(jobs, snapshot.ready):
        pool_bins = bins.get(jobs[task.job_key].pool_id.lower())
        if pool_bins is None or room[task.job_key] == 0:
            continue
        slots = pool_bins.slots if task.is_exclusive else task.slots
        node_id = pool_bins.take_whole() if task.is_exclusive else pool_bins.take(slots, preferred=task.affinity)
        if node_id is not None:
            room[task.job_key] -= 1
            yield StartTask(task_key=task.key, pool_id=pool_bins.pool_id, node_id=node_id, slots=slots)


def _in_order(jobs: Mapping[int, JobView], ready: Iterable[ReadyTask]) -> Iterator[ReadyTask]:
    by_job: defaultdict[int, list[ReadyTask]] = defaultdict(list)
    for task in ready:
        by_job[task.job_key].append(task)
    for job in sorted(jobs.values(), key=lambda job: (-job.priority, job.key)):
        yield from sorted(by_job[job.key], key=lambda task: (not task.is_manager, task.key))


def _room(job: JobView) -> int:
    """Return how many more tasks of a job may run; negative is no limit."""
    return -1 if job.max_parallel == -1 else max(0, job.max_parallel - job.running)


def _bins(pool: PoolView) -> Bins:
    free = {node.id: pool.slots - node.used_slots for node in pool.nodes if takes_tasks(node)}
    return Bins(pool_id=pool.id, slots=pool.slots, fill=pool.fill, free=free)
