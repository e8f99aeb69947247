"""A node as the fleet has it: what runs there, what is held there, and where its life has come to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from dispatcher.service.absent_nodes import AbsentNode
from dispatcher.service.clock import Clock
from dispatcher.service.node.launch import (
    EndReason,
    LogRequest,
    Node,
    NodeListener,
    NodeSetup,
    TaskEnding,
    TaskKey,
    TaskLaunch,
    TaskReturned,
    WorkKind,
)
from dispatcher.service.pace import Pace
from dispatcher.service.planning.nodes import NodeLife, Phase
from dispatcher.service.planning.views import NodeView
from dispatcher.service.records import NodeRecord
from dispatcher.service.settlement import ended_early, never_started
from dispatcher.service.states import NODE
from dispatcher.service.states import NodeEvent as Happening

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One run of a task on a node, not ended yet."""

    run_number: int
    slots: int = 0
    """Of the node; what prepares or clears up after tasks takes none."""
    kind: WorkKind = WorkKind.TASK
    job_key: int | None = None
    """None for a start task."""
    task_key: int = 0
    """Of the task, or of that which the attempt is made for; 0 where there is none."""


class LiveNode:
    """A node with what runs on it, and what is held there until something else is done."""

    def __init__(self, record: NodeRecord, node: Node, clock: Clock, posted: NodeListener, address: str) -> None:
        self.record = record
        """As it was when it was opened: what changes is here, and in what `snapshot` returns."""
        self.address = address
        """Of the loopback interface, no other node's of the account."""
        self.state = record.state
        self.state_time = record.state_time
        self.booted = record.booted
        self.until = record.until
        self.start = record.start
        self.errors = record.errors
        self.phase = Phase.NONE
        self.tasks_run = 0
        self.tasks_succeeded = 0
        self.start_runs = 0
        """Launches of its start task, for the run numbers."""
        self.used_slots = 0
        """Slots taken by attempts that have not ended."""
        self.lingers = False
        self.retains = False
        """It stays, with its files, until the retention of its tasks is over."""
        self._node = node
        self._clock = clock
        self._posted = posted
        self._attempts: dict[TaskKey, Attempt] = {}
        self._held: set[TaskKey] = set()
        self._pace = Pace()

    @property
    def attempts(self) -> dict[TaskKey, Attempt]:
        """What runs now."""
        return dict(self._attempts)

    def happen(self, event: Happening, now: datetime) -> None:
        """Move to the state that follows.

        Raises:
            TransitionError: the event cannot happen to the node.
        """
        state = NODE.after(self.state, event)
        if state is not self.state:
            self.state, self.state_time = state, now

    def expect(self, launch: TaskLaunch, attempt: Attempt, now: datetime) -> None:
        """Take the slots of an attempt that is to be launched; it is held until then."""
        self._attempts[launch.key] = attempt
        self._held.add(launch.key)
        self.used_slots += attempt.slots
        self.tasks_run += attempt.kind is WorkKind.TASK
        if not launch.is_plain:
            self._pace.stalled()  # how long its files take is not known from how long its command does
        if attempt.slots:
            self.happen(Happening.TASK_STARTED, now)

    def snapshot(self) -> NodeRecord:
        """Return the node as it is to be stored."""
        return replace(
            self.record,
            state=self.state,
            state_time=self.state_time,
            booted=self.booted,
            until=self.until,
            start=self.start,
            errors=self.errors,
        )

    def life(self, *, has_start_task: bool) -> NodeLife:
        """Return the node as its life is planned from; its pool has a start task or none."""
        return NodeLife(
            state=self.state,
            phase=self.phase,
            until=self.until,
            is_empty=not self._attempts,
            start_is_due=has_start_task and (self.start is None or self.start.is_running),
        )

    @property
    def is_absent(self) -> bool:
        """Whether this machine could not carry it."""
        return isinstance(self._node, AbsentNode)

    def renew(self, node: Node) -> None:
        """Go on with another node in place of one that is closed and on which nothing runs."""
        self._node = node

    def proceed(self, key: TaskKey) -> None:
        """Let the primary attempt of a multi-instance task start its own command."""
        self._node.proceed(key)

    def launch(self, launch: TaskLaunch, now: datetime) -> TaskEnding | None:
        """Begin an attempt that is held; where this machine cannot, return the ending of that attempt.

        One that was ended meanwhile is not begun.
        """
        if launch.key not in self._held:
            return None
        self._held.remove(launch.key)
        try:
            self._node.launch(launch)
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is left
            logger.exception("%s could not be launched", launch.key)
            return never_started(launch, error, now)
        return None

    def finish(self, ending: TaskEnding, now: datetime) -> Attempt | None:
        """Free the slots of an attempt that has ended and return it; None for one that is not known."""
        attempt = self._attempts.get(ending.key)
        if attempt is None or attempt.run_number != ending.run_number:
            return None
        del self._attempts[ending.key]
        if attempt.kind is WorkKind.TASK and ending.started is not None:
            self._pace.ran(ending.at - ending.started)
        self.tasks_succeeded += attempt.kind is WorkKind.TASK and ending.failure is None
        self._free(attempt, now)
        return attempt

    def take_back(self, event: TaskReturned, now: datetime) -> Attempt | None:
        """Free the slots of an attempt that was given back, and return it; None for one that is not known."""
        attempt = self._attempts.get(event.key)
        if attempt is None or attempt.run_number != event.run_number:
            return None
        del self._attempts[event.key]
        self._pace.stalled()
        self.tasks_run -= attempt.kind is WorkKind.TASK
        self._free(attempt, now)
        return attempt

    def _free(self, attempt: Attempt, now: datetime) -> None:
        self.used_slots -= attempt.slots
        if attempt.slots and not self.used_slots:
            self.happen(Happening.EMPTIED, now)

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """End an attempt; its ending is reported, that of a held one at once."""
        if key in self._held:
            self._held.remove(key)
            self._posted(ended_early(key, self._attempts[key].run_number, self._clock.now()))
        else:
            self._node.end(key, reason)

    def set_up(self, setup: NodeSetup) -> None:
        """Begin what a fresh node needs; its ending is reported."""
        self._node.set_up(setup)

    def upload_log(self, request: LogRequest) -> int:
        """Begin to upload the node's log; return how many files that are."""
        return self._node.upload_log(request)

    def forget(self, key: TaskKey) -> None:
        """Delete a task's folder."""
        self._node.forget(key)

    def close(self) -> None:
        """End everything that runs and wait for it."""
        self._node.close()

    def view(self) -> NodeView:
        """Return the node as the scheduler sees it."""
        return NodeView(
            id=self.record.id,
            is_dedicated=self.record.is_dedicated,
            state=self.state,
            used_slots=self.used_slots,
            lingers=self.lingers,
            ahead=0 if self._held else self._pace.ahead(),  # one that is held must find its slots
        )
