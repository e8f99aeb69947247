"""Multi-instance tasks: an attempt on each of several nodes, of which the primary's alone is the task's.

What is known of a running task's attempts is memory: after a restart nothing runs, and such tasks are requeued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.launching import make_coordination
from dispatcher.service.node.launch import CoordinationDone, EndReason, TaskEnding, TaskKey
from dispatcher.service.work.parts import TaskStart, WorkContext

_MASTER_PORT = 6000
"""In ``AZ_BATCH_MASTER_NODE``; not for a task's use (Microsoft's list of environment variables)."""


@dataclass(kw_only=True)
class _Gang:
    """The attempts of one run of a task."""

    key: TaskKey
    run_number: int
    primary: LiveNode
    others: list[LiveNode]
    waiting: set[str] = field(default_factory=set)
    """Nodes whose coordination commands have not returned."""
    failed: TaskEnding | None = None
    """Of the first subtask that failed."""


class Gangs:
    """Keeps the attempts of each multi-instance task together."""

    def __init__(self, context: WorkContext) -> None:
        self._store = context.core.store
        self._gangs: dict[int, _Gang] = {}

    def form(self, start: TaskStart, others: Sequence[LiveNode], now: datetime) -> list[TaskStart]:
        """Return the start of a task on each of its nodes, the primary's first.

        The task's own resource files are for the primary alone.
        """
        lives = [start.live, *others]
        hosts = [live.address for live in lives]
        starts = [
            replace(
                start,
                live=live,
                launch=replace(
                    start.launch,
                    node_id=live.record.id,
                    resource_files=start.launch.resource_files if live is start.live else (),
                    coordination=make_coordination(start.task, is_primary=live is start.live),
                    service_environment={**start.launch.service_environment, **_environment(hosts, live.address)},
                ),
            )
            for live in lives
        ]
        self._gangs[start.task.key] = _Gang(
            key=start.launch.key,
            run_number=start.launch.run_number,
            primary=start.live,
            others=list(others),
            waiting={live.record.id for live in lives},
        )
        nodes = [live.record.id for live in others]
        self._store.subtasks.begin(start.task.key, start.launch.pool_id, nodes, now)
        return starts

    def coordinated(self, event: CoordinationDone, live: LiveNode) -> None:
        """Let the task's own command start once all coordination commands have returned."""
        attempt = live.attempts.get(event.key)
        gang = None if attempt is None else self._gangs.get(attempt.task_key)
        if gang is None or gang.run_number != event.run_number:
            return
        gang.waiting.discard(live.record.id)
        if not gang.waiting:
            gang.primary.proceed(gang.key)

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Complete a subtask; one that ends before the primary takes the whole task with it."""
        del now
        gang = self._gangs.get(attempt.task_key)
        if gang is None or gang.run_number != ending.run_number:
            self._finish(attempt, ending, live)
            return
        gang.others.remove(live)
        if gang.failed is None and ending.failure is not None:
            gang.failed = ending
        self._store.subtasks.finish(attempt.task_key, live.record.id, ending)
        gang.primary.end(gang.key, EndReason.TERMINATED)

    def primary_ended(self, attempt: Attempt, ending: TaskEnding) -> TaskEnding:
        """End the subtasks of a task whose primary has ended; return how the task as a whole did."""
        gang = self._gangs.get(attempt.task_key)
        if gang is None or gang.run_number != ending.run_number:
            return ending
        del self._gangs[attempt.task_key]
        for live in gang.others:
            live.end(gang.key, EndReason.TERMINATED)
        return ending if gang.failed is None else _failed_by(gang.failed, ending)

    def _finish(self, attempt: Attempt, ending: TaskEnding, live: LiveNode) -> None:
        """Complete a subtask whose primary has ended, unless the task has been started again since."""
        task = self._store.tasks.by_key(attempt.task_key)
        if task is not None and task.run_number == ending.run_number:
            self._store.subtasks.finish(attempt.task_key, live.record.id, ending)


def _failed_by(subtask: TaskEnding, primary: TaskEnding) -> TaskEnding:
    """Return how a task ended that a subtask made fail; the exit code is the primary's, if that has one."""
    stage = subtask.stage if primary.exit_code is None else primary.stage
    return replace(primary, stage=stage, failure=subtask.failure)


def _environment(hosts: Sequence[str], own: str) -> dict[str, str]:
    """Return what the commands on one node are told of all of them; the primary comes first."""
    return {
        "AZ_BATCH_HOST_LIST": ",".join(hosts),
        "AZ_BATCH_NODE_LIST": ";".join(hosts),
        "AZ_BATCH_MASTER_NODE": f"{hosts[0]}:{_MASTER_PORT}",
        "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true" if own == hosts[0] else "false",
        "CCP_NODES": " ".join([str(len(hosts)), *(f"{host} 1" for host in hosts)]),
    }
