"""What the worker's parts have in common, and what one part may ask of another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dispatcher.service.core import Core
from dispatcher.service.fleet import Attempt, LiveNode
from dispatcher.service.inbox import Inbox
from dispatcher.service.launching import with_linked_storage
from dispatcher.service.node.launch import TaskEnding, TaskLaunch
from dispatcher.service.records import JobRecord, TaskRecord
from dispatcher.service.store import CountChanges
from dispatcher.service.store.statistics import UsageChanges


class Part(Protocol):
    """One field of work. Every method is called inside a transaction of the store, by the thread that owns it."""

    def step(self, now: datetime) -> bool:
        """Plan once from what is now and carry it out; return whether another step could do more at once."""
        ...

    def next_deadline(self) -> datetime | None:
        """Return when there is something to do though nothing happens; None where nothing waits for the clock."""
        ...


class EndingTaker(Protocol):
    """What takes in the endings of one kind of attempts."""

    def ended(self, attempt: Attempt, ending: TaskEnding, live: LiveNode, now: datetime) -> None:
        """Take in an ending; the attempt's slots are free already."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskStart:
    """A task that is about to start: its slots are taken, its state says so, and nothing is launched yet."""

    job: JobRecord
    task: TaskRecord
    """As it was before."""
    live: LiveNode
    launch: TaskLaunch


class Admission(Protocol):
    """Something that must be done on a node before a task's own command may start there."""

    def admit(self, start: TaskStart, now: datetime) -> TaskLaunch | None:
        """Return what is to be launched now; None where the admission holds the task back and launches it later.

        An attempt that is held is in `LiveNode.attempts` as if it ran: to end it reports its ending at once.
        """
        ...


class WorkContext:
    """What the parts of one worker share: the core, and what a step gathers until its end."""

    def __init__(self, core: Core, inbox: Inbox) -> None:
        self.core = core
        self.inbox = inbox
        self.counts = CountChanges()
        self.usage = UsageChanges()
        self._jobs: dict[int, JobRecord] = {}
        self._launches: list[tuple[LiveNode, TaskLaunch]] = []

    def launch(self, live: LiveNode, launch: TaskLaunch) -> None:
        """Launch an attempt that its node expects, once the step's changes are stored."""
        self._launches.append((live, with_linked_storage(launch, self.core.fleet.storage_url)))

    def begin_launches(self, now: datetime) -> bool:
        """Begin what is to be launched; return whether all of it could be, as the next step sees."""
        launches, self._launches = self._launches, []
        begun = [self._begin(live, launch, now) for live, launch in launches]
        self.core.fleet.flush()
        return all(begun)

    def write_counts(self) -> None:
        """Write the gathered counts and sums, and read jobs anew from here on."""
        self.core.store.tasks.write(self.counts)
        self.core.store.statistics.write(self.usage)
        self._jobs.clear()

    def job(self, key: int) -> JobRecord:
        """Return a job as it was when this part of the step first asked: its state may have changed since."""
        if (job := self._jobs.get(key)) is None:
            job = self._jobs[key] = self.core.store.jobs.by_key(key)
        return job

    def live(self, pool_id: str, node_id: str) -> LiveNode:
        """Return a node that is known to be there."""
        live = self.core.fleet.find(pool_id, node_id)
        if live is None:
            raise KeyError(f"no node {node_id} in pool {pool_id}")
        return live

    def _begin(self, live: LiveNode, launch: TaskLaunch, now: datetime) -> bool:
        """Launch an attempt; where this machine cannot, it has ended."""
        ending = live.launch(launch, now)
        if ending is not None:
            self.inbox.post(live.record, ending)
        return ending is None
