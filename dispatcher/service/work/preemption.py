"""Preemption of tasks by jobs of a higher priority."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from dispatcher.service.node.launch import EndReason, WorkKind
from dispatcher.service.planning.preemption import Victim, Wanting, plan_preemptions
from dispatcher.service.planning.tasks import JobView
from dispatcher.service.planning.views import PoolView, takes_tasks
from dispatcher.service.work.parts import WorkContext
from dispatcher.service.work.views import pool_views


class PreemptionPart:
    """Makes room for tasks of jobs with a higher priority; it steps after those tasks could start where room is."""

    def __init__(self, context: WorkContext) -> None:
        self._core = context.core

    def step(self, now: datetime) -> bool:
        """Put running tasks back in the queue; what follows are their endings."""
        priorities = self._core.store.queue.preemptible_jobs()
        if not priorities:
            return False
        barred = self._core.store.job_tasks.barred()
        for pool in list(pool_views(self._core)):
            self._make_room(pool, priorities, barred, now)
        return False

    def next_deadline(self) -> datetime | None:
        """Return None: room is made when a task comes or a place does."""
        return None

    def _make_room(
        self, pool: PoolView, priorities: Mapping[int, int], barred: Mapping[int, frozenset[str]], now: datetime
    ) -> None:
        victims = list(self._victims(pool, priorities))
        jobs = [
            job
            for job in self._core.store.queue.waiting_jobs(pool.id, barred)
            if victims and job.priority > min(victim.priority for victim in victims)
        ]
        if jobs and not self._is_making_room(pool):
            wanting = self._wanting(pool, jobs, len(victims), now)
            for task_key in list(plan_preemptions(_free_slots(pool), pool.slots, wanting, victims)):
                self._core.end_task(task_key, EndReason.REQUEUED)

    def _wanting(self, pool: PoolView, jobs: list[JobView], most: int, now: datetime) -> Iterator[Wanting]:
        spot = frozenset(node.id.lower() for node in pool.nodes if not node.is_dedicated)
        for job in jobs:
            room = most if job.max_parallel == -1 else min(most, job.max_parallel - job.running)
            tasks = self._core.store.queue.ready_tasks(job.key, now, slots=pool.slots, instances=0, most=max(0, room))
            for task, _ in tasks:
                yield Wanting(
                    priority=job.priority,
                    slots=task.slots,
                    is_exclusive=task.is_exclusive,
                    barred=job.barred | spot if task.is_dedicated else job.barred,
                )

    def _victims(self, pool: PoolView, priorities: Mapping[int, int]) -> Iterator[Victim]:
        for live in self._core.fleet.of_pool(pool.id):
            for attempt in live.attempts.values():
                priority = priorities.get(attempt.job_key or 0)
                if priority is not None and attempt.kind is WorkKind.TASK:
                    yield Victim(
                        task_key=attempt.task_key, node_id=live.record.id, slots=attempt.slots, priority=priority
                    )

    def _is_making_room(self, pool: PoolView) -> bool:
        """Say whether tasks of the pool are on their way out, so that there may be room soon."""
        keys = (
            attempt.task_key
            for live in self._core.fleet.of_pool(pool.id)
            for attempt in live.attempts.values()
            if attempt.kind is WorkKind.TASK
        )
        tasks = (self._core.store.tasks.by_key(key) for key in keys)
        return any(task is not None and task.end_reason is not None for task in tasks)


def _free_slots(pool: PoolView) -> dict[str, int]:
    """Return what is free on each node where room can be made; others soon make some by themselves."""
    return {
        node.id: pool.slots - node.used_slots
        for node in pool.nodes
        if takes_tasks(node) and node.used_slots <= pool.slots
    }
