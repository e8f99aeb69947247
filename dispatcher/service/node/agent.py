"""A compute node on this machine: a folder with Azure's layout, and a thread for each task slot that was needed yet."""

from __future__ import annotations

import logging
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from dispatcher.service.node.attempt import Attempt, AttemptRunner, Clock, Outcome
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.failures import failure
from dispatcher.service.node.folders import make_node_folders, remove_task_folder
from dispatcher.service.node.launch import (
    EndReason,
    Node,
    NodeEvent,
    NodeListener,
    NodeSetup,
    SetupEnding,
    TaskEnding,
    TaskKey,
    TaskLaunch,
)
from dispatcher.service.node.layout import task_folder

__all__ = ["GRACE_SECONDS", "NodeIdentity", "open_node"]

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL. How long Azure's agent waits is not documented."""


def open_node(
    *,
    root: Path,
    identity: NodeIdentity,
    slots: int,
    storage: StorageAccess,
    listener: NodeListener,
    clock: Clock,
    grace: float = GRACE_SECONDS,
) -> Node:
    """Make a node; it runs attempts until it is closed. Its threads come as attempts need them.

    Args:
        root: its folder, made if missing; what is there stays.
        identity: what tasks are told of it.
        slots: how many attempts run at once.
        storage: how it reaches blobs; it stays the caller's, who closes it after the node.
        listener: told of every event, from the node's threads, so it returns quickly; what it raises is logged.
        clock: the time in events.
        grace: seconds between SIGTERM and SIGKILL for what is ended.

    Raises:
        OSError: its folder cannot be made, or this machine has no descriptor left for it.
    """
    root = root.resolve()
    make_node_folders(root)
    return _ProcessNode(
        root=root, identity=identity, slots=slots, storage=storage, listener=listener, clock=clock, grace=grace
    )


class _ProcessNode:
    """See ``Node``. An attempt is known from its launch until just before its ending is reported."""

    def __init__(
        self,
        *,
        root: Path,
        identity: NodeIdentity,
        slots: int,
        storage: StorageAccess,
        listener: NodeListener,
        clock: Clock,
        grace: float,
    ) -> None:
        self._root = str(root)
        self._listener = listener
        self._clock = clock
        self._lock = Lock()
        self._closed = False
        self._attempts: dict[TaskKey, Attempt] = {}
        self._queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self._runner = AttemptRunner(
            root=root, identity=identity, storage=storage, listener=self._report, clock=clock, grace=grace
        )
        self._name = f"{identity.pool_id}/{identity.node_id}"
        self._slots = slots
        self._threads: list[Thread] = []

    def set_up(self, setup: NodeSetup) -> None:
        del setup
        self._report(SetupEnding(at=self._clock.now()))

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
            try:
                self._add_thread_if_needed()
            except RuntimeError:
                attempt.close()
                raise
            self._attempts[launch.key] = attempt
        self._queue.put(attempt)

    def proceed(self, key: TaskKey) -> None:
        with self._lock:
            if (attempt := self._attempts.get(key)) is not None:
                attempt.proceed()

    def end(self, key: TaskKey, reason: EndReason) -> None:
        with self._lock:
            if (attempt := self._attempts.get(key)) is not None:
                attempt.end(reason)

    def forget(self, key: TaskKey) -> None:
        with self._lock:
            if (attempt := self._attempts.get(key)) is not None:
                attempt.remove_folder = True
                return
        self._remove_folder(key)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for attempt in self._attempts.values():
                attempt.end(EndReason.REQUEUED)
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._runner.close()

    def _add_thread_if_needed(self) -> None:
        """Begin a slot's thread when one more attempt than ever before is about to run."""
        slot = len(self._threads)
        if slot <= len(self._attempts) and slot < self._slots:
            thread = Thread(target=self._work, name=f"{self._name} slot {slot}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self) -> None:
        while (attempt := self._queue.get()) is not None:
            ending = self._run(attempt)
            with self._lock:
                del self._attempts[attempt.launch.key]
                attempt.close()
            if attempt.remove_folder:
                self._remove_folder(attempt.launch.key)
            self._report(ending)

    def _run(self, attempt: Attempt) -> TaskEnding:
        try:
            return self._runner.run(attempt)
        except Exception as error:
            logger.exception("%s could not be run", attempt.launch.key)
            unknown = failure("Unknown", Reason=type(error).__name__)
            outcome = Outcome(stage=attempt.stage, exit_code=attempt.exit_code, failure=unknown)
            return self._runner.ending(attempt, outcome)

    def _report(self, event: NodeEvent) -> None:
        if self._closed:
            return
        try:
            self._listener(event)
        except Exception:
            logger.exception("the listener of node events failed")

    def _remove_folder(self, key: TaskKey) -> None:
        try:
            remove_task_folder(task_folder(self._root, key))
        except OSError:
            logger.warning("the folder of %s could not be removed", key, exc_info=True)
