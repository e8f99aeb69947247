"""Which ready tasks start where.

A plan gives a node no more slots than it has, but for tasks that may wait there for a moment; it never starts a task
twice, and leaves no ready task of the queue waiting that fits on an idle node, except where its job may not run more
tasks at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dispatcher.service.planning.placement import Bins
from dispatcher.service.planning.views import PoolView, takes_tasks
from dispatcher.service.states import PoolState


@dataclass(frozen=True, kw_only=True, slots=True)
class JobView:
    """An active job that has tasks to start."""

    key: int
    pool_id: str
    priority: int
    max_parallel: int
    """-1 is no limit."""
    running: int
    barred: frozenset[str] = frozenset()
    """The nodes, in lower case, that take no task of it: they could not be prepared for it."""
    is_wide: bool = False
    """Some of its active tasks take more than one slot; these must not be kept waiting by tasks ahead."""
    is_prepared: bool = True
    """Its tasks wait for nothing on their nodes but slots: it has no preparation task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadyTask:
    """An active task that waits for nothing but a place."""

    key: int
    job_key: int
    slots: int
    is_manager: bool = False
    is_exclusive: bool = False
    affinity: str | None = None
    instances: int = 0
    """Whole nodes that a multi-instance task takes at once; 0 for any other."""
    is_dedicated: bool = False
    """It may not run on a spot node."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """What could start, and where."""

    pools: tuple[PoolView, ...] = ()
    jobs: tuple[JobView, ...] = ()
    ready: tuple[ReadyTask, ...] = ()
    """Of these jobs, and at least as many as could start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StartTask:
    """Start a task on a node."""

    task_key: int
    pool_id: str
    node_id: str
    slots: int
    """What it takes of the node: all of it for a task that asks for a node of its own."""
    others: tuple[str, ...] | None = None
    """The other nodes of a multi-instance task, all of whose slots it takes; None for any other."""


def plan_tasks(queue: Queue) -> Iterator[StartTask]:
    """Start tasks: jobs by priority, in a job its manager first, then in the order of adding."""
    jobs = {job.key: job for job in queue.jobs}
    room = {key: _room(job) for key, job in jobs.items()}
    active = [pool for pool in queue.pools if pool.state is PoolState.ACTIVE]
    bins = {pool.id.lower(): _bins(pool) for pool in active}
    wide = {job.pool_id.lower() for job in queue.jobs if job.is_wide}
    rooms = {pool.id: {} if pool.id.lower() in wide else pool.room_ahead() for pool in active}
    spot = {
        pool.id.lower(): frozenset(node.id.lower() for node in pool.nodes if not node.is_dedicated) for pool in active
    }
    for task in _in_order(jobs, queue.ready):
        job = jobs[task.job_key]
        pool_bins = bins.get(job.pool_id.lower())
        if pool_bins is None or room[task.job_key] == 0:
            continue
        barred = job.barred | spot[job.pool_id.lower()] if task.is_dedicated else job.barred
        room_ahead = rooms[pool_bins.pool_id]
        start = _place(task, pool_bins, barred)
        if start is None and job.is_prepared:
            start = _place_ahead(task, room_ahead, pool_bins, barred)
        if start is None:
            room_ahead.clear()  # what does not fit now must not be kept waiting by what comes after it
            continue
        if start.slots > 1 or not job.is_prepared:  # it must find its slots, though it may take them later
            room_ahead.pop(start.node_id, None)
        room[task.job_key] -= 1
        yield start


def _place(task: ReadyTask, bins: Bins, barred: frozenset[str]) -> StartTask | None:
    if task.instances:
        nodes = bins.take_nodes(task.instances, barred)
        if nodes is None:
            return None
        primary, *others = nodes
        return StartTask(
            task_key=task.key, pool_id=bins.pool_id, node_id=primary, slots=bins.slots, others=tuple(others)
        )
    slots = bins.slots if task.is_exclusive else task.slots
    node_id = _take(task, bins, slots, barred)
    return None if node_id is None else StartTask(task_key=task.key, pool_id=bins.pool_id, node_id=node_id, slots=slots)


def _place_ahead(task: ReadyTask, room: dict[str, int], bins: Bins, barred: frozenset[str]) -> StartTask | None:
    """Let a task that takes one slot wait on a node where it soon gets one; that with the most room."""
    if task.slots != 1 or task.is_exclusive or task.instances or task.affinity is not None:
        return None
    node_id = max((name for name in room if name.lower() not in barred), key=lambda name: room[name], default=None)
    if node_id is None:
        return None
    room[node_id] -= 1
    if not room[node_id]:
        del room[node_id]
    return StartTask(task_key=task.key, pool_id=bins.pool_id, node_id=node_id, slots=1)


def _take(task: ReadyTask, bins: Bins, slots: int, barred: frozenset[str]) -> str | None:
    if task.is_exclusive:
        return bins.take_whole(barred)
    return bins.take(slots, preferred=task.affinity, barred=barred)


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
    free = {node.id: max(0, pool.slots - node.used_slots) for node in pool.nodes if takes_tasks(node)}
    return Bins(pool_id=pool.id, slots=pool.slots, fill=pool.fill, free=free)
