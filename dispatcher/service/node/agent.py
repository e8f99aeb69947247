"""A compute node on this machine: a folder with Azure's layout, and a thread for each task slot that was needed yet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from dispatcher.service.node.attempt import Attempt, Outcome
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.containers import Containers
from dispatcher.service.node.engine import EngineFinder
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.failures import failure, unforeseen
from dispatcher.service.node.folders import make_node_folders
from dispatcher.service.node.launch import (
    EndReason,
    EventsListener,
    LogRequest,
    Node,
    NodeEvent,
    NodeSetup,
    SetupEnding,
    TaskEnding,
    TaskKey,
    TaskLaunch,
    TaskReturned,
    TaskStarted,
)
from dispatcher.service.node.node_log import NodeLog
from dispatcher.service.node.private import RUNNING_FOLDER, make_private_folder
from dispatcher.service.node.runner import AttemptRunner, Clock
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.node.setup import Equipment
from dispatcher.service.node.slots import Slots
from dispatcher.service.node.telling import Teller
from dispatcher.service.node.upkeep import Upkeep
from dispatcher.service.node.warm.options import NO_WARM_STARTS, WarmOptions

__all__ = ["GRACE_SECONDS", "NodeIdentity", "open_node"]

logger = logging.getLogger(__name__)

_BESIDE_TASKS = 8
"""Attempts that take no slot and may run beside tasks: the start task, and what prepares and releases for jobs."""
_LATE_SECONDS = 0.01
"""From when on a running command keeps nobody waiting to hear of those before it."""
_LASTING_SECONDS = 0.05
"""From when on a running command keeps no other attempt waiting for its slots."""
GRACE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL. How long Azure's agent waits is not documented."""


def open_node(
    *,
    root: Path,
    identity: NodeIdentity,
    slots: int,
    storage: StorageAccess,
    listener: EventsListener,
    clock: Clock,
    engines: EngineFinder | None = None,
    grace: float = GRACE_SECONDS,
    warm: WarmOptions = NO_WARM_STARTS,
) -> Node:
    """Make a node; it runs attempts until it is closed. Its threads come as attempts need them.

    Args:
        root: its folder, made if missing; what is there stays.
        identity: what tasks are told of it.
        slots: how many slots its attempts share.
        storage: how it reaches blobs; it stays the caller's, who closes it after the node.
        listener: told of every event, from the node's threads, so it returns quickly; what it raises is logged.
        clock: the time in events.
        engines: finds what runs containers; where it is None, nothing does.
        grace: seconds between SIGTERM and SIGKILL for what is ended.
        warm: which tasks are started from templates.

    Raises:
        OSError: its folder cannot be made, or this machine has no descriptor left for it.
    """
    root = root.resolve()
    make_node_folders(root)
    private = make_private_folder(root)
    equipment = Equipment(root=root, private=private, storage=storage)
    containers = Containers(root=root, private=private, finder=engines)
    sessions = Sessions(private / RUNNING_FOLDER)
    name, log = f"{identity.pool_id}/{identity.node_id}", NodeLog(private)
    upkeep = Upkeep(
        root=root,
        name=name,
        private=private,
        equipment=equipment,
        containers=containers,
        storage=storage,
        log=log,
        clock=clock,
    )
    node = _ProcessNode(
        name=name, equipment=equipment, upkeep=upkeep, log=log, slots=slots, listener=listener, clock=clock
    )
    node.runner = AttemptRunner(
        root=root,
        identity=identity,
        equipment=equipment,
        containers=containers,
        sessions=sessions,
        storage=storage,
        listener=node.report,
        clock=clock,
        grace=grace,
        warm=warm,
    )
    return node


class _ProcessNode:
    """See ``Node``. An attempt is known from its launch until just before its ending is reported."""

    runner: AttemptRunner

    def __init__(
        self,
        *,
        name: str,
        equipment: Equipment,
        upkeep: Upkeep,
        log: NodeLog,
        slots: int,
        listener: EventsListener,
        clock: Clock,
    ) -> None:
        self._equipment = equipment
        self._upkeep = upkeep
        self._teller = Teller(listener)
        self._clock = clock
        self._log = log
        self._log.say(clock.now(), "opened")
        self._lock = Lock()
        self._closed = False
        self._attempts: dict[TaskKey, Attempt] = {}
        self._queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self._name = name
        self._slots = Slots(slots)
        self._most_threads = slots + _BESIDE_TASKS
        self._running = 0
        """Attempts that run or wait for a thread."""
        self._threads: list[Thread] = []

    def set_up(self, setup: NodeSetup) -> None:
        """See ``Node``."""
        self._upkeep.set_up(setup, lambda why: self.report(SetupEnding(at=self._clock.now(), failure=why)))

    def upload_log(self, request: LogRequest) -> int:
        """See ``Node``."""
        return self._upkeep.upload_log(request)

    def launch(self, launch: TaskLaunch) -> None:
        """See ``Node``. An attempt that cannot begin is not known after it.

        Raises:
            OSError: this machine has no descriptor left for it.
            RuntimeError: it has no thread left for it.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the node is closed")
            if launch.key in self._attempts:
                raise ValueError(f"{launch.key} runs already on this node")
            attempt = Attempt(launch=launch)
            attempt.patience = (
                (_LATE_SECONDS, partial(self._runs, attempt)),
                (_LASTING_SECONDS, partial(self._lasts, attempt)),
            )
            self._attempts[launch.key] = attempt
            if self._slots.take(attempt):
                self._run_soon(attempt)
                return
            returned = self._give_up()
        self._return(returned)

    def proceed(self, key: TaskKey) -> None:
        with self._lock:
            if (attempt := self._attempts.get(key)) is not None:
                attempt.proceed()

    def end(self, key: TaskKey, reason: EndReason) -> None:
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is None:
                return
            attempt.end(reason)
            if not self._slots.withdraw(attempt):
                return
            self._drop(attempt)
        if attempt.remove_folder:
            self._upkeep.remove_folder(key)
        self.report(self.runner.ending(attempt, Outcome(stage=attempt.stage, failure=failure("TaskEnded"))))

    def forget(self, key: TaskKey) -> None:
        with self._lock:
            if (attempt := self._attempts.get(key)) is not None:
                attempt.remove_folder = True
                return
        self._upkeep.remove_folder(key)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for attempt in list(self._attempts.values()):
                attempt.end(EndReason.REQUEUED)
                if self._slots.withdraw(attempt):
                    self._drop(attempt)
            self._teller.close()
        self._upkeep.interrupt()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._upkeep.close()
        self._equipment.close()
        self.runner.close()
        self._log.close()

    def _run_soon(self, attempt: Attempt) -> None:
        """Let a thread run an attempt, a new one if more attempts than ever before are about to run.

        Raises:
            RuntimeError: there is no thread left for it; it is not known any more.
        """
        if len(self._threads) <= self._running and len(self._threads) < self._most_threads:
            thread = Thread(target=self._work, name=f"{self._name} slot {len(self._threads)}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                self._slots.drop(attempt)
                self._drop(attempt)
                raise
            self._threads.append(thread)
        self._running += 1
        self._queue.put(attempt)

    def _work(self) -> None:
        while (attempt := self._queue.get()) is not None:
            following: Attempt | None = attempt
            while following is not None:
                following = self._run_one(following)

    def _run_one(self, attempt: Attempt) -> Attempt | None:
        """Run an attempt; return one that this thread goes on with."""
        travels = not attempt.launch.is_plain or self._equipment.mounts.are_there
        if travels or attempt.launch.run_number > 1:  # removing what is left of the run before may take its time too
            self._teller.flush()
        if travels:
            self._lasts(attempt)
        ending = self._run(attempt)
        following, refused = self._follow(attempt)
        if attempt.remove_folder:
            self._upkeep.remove_folder(attempt.launch.key)
        self._log.tell(ending)
        if following is None:
            self._teller.tell(ending)
        else:
            self._teller.hold(ending)
        self._return(refused)
        return following

    def _follow(self, ended: Attempt) -> tuple[Attempt | None, list[Attempt]]:
        """Let those run that waited for an attempt's slots: the first here; return it, and those that cannot."""
        refused = []
        with self._lock:
            self._drop(ended)
            self._running -= 1
            admitted = self._slots.give_back(ended)
            following = admitted.pop(0) if admitted else None
            self._running += following is not None
            for other in admitted:
                try:
                    self._run_soon(other)
                except RuntimeError:  # the service finds another place or time for it
                    refused.append(other)
        return following, refused

    def _drop(self, attempt: Attempt) -> None:
        del self._attempts[attempt.launch.key]
        attempt.close()

    def _runs(self, attempt: Attempt) -> None:
        """Tell of the start of an attempt that has run for a while, and with it what is held back."""
        at = attempt.started or self._clock.now()
        self.report(TaskStarted(key=attempt.launch.key, run_number=attempt.launch.run_number, at=at))

    def _lasts(self, attempt: Attempt) -> None:
        """Give back what waits behind an attempt that has run for long."""
        with self._lock:
            self._slots.last(attempt)
            returned = self._give_up()
        self._return(returned)

    def _give_up(self) -> list[Attempt]:
        returned = self._slots.give_up()
        for attempt in returned:
            self._drop(attempt)
        return returned

    def _return(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            launch = attempt.launch
            if attempt.remove_folder:
                self._upkeep.remove_folder(launch.key)
            self.report(TaskReturned(key=launch.key, run_number=launch.run_number, at=self._clock.now()))

    def _run(self, attempt: Attempt) -> TaskEnding:
        try:
            return self.runner.run(attempt)
        except Exception as error:
            logger.exception("%s could not be run", attempt.launch.key)
            outcome = Outcome(stage=attempt.stage, exit_code=attempt.exit_code, failure=unforeseen(error))
            return self.runner.ending(attempt, outcome)

    def report(self, event: NodeEvent) -> None:
        """Log an event and tell it."""
        self._log.tell(event)
        self._teller.tell(event)
