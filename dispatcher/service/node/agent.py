"""A compute node on this machine: a folder with Azure's layout, and a thread for each task slot that was needed yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from dispatcher.service.node.attempt import Attempt, Outcome
from dispatcher.service.node.blob_urls import blob_url
from dispatcher.service.node.blobs import BlobError, StorageAccess
from dispatcher.service.node.containers import Containers
from dispatcher.service.node.engine import EngineFinder
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.failures import FailureReported, failure
from dispatcher.service.node.files import FileOutside, check_in_place
from dispatcher.service.node.folders import make_node_folders, remove_task_folder
from dispatcher.service.node.launch import (
    EndReason,
    LogRequest,
    Node,
    NodeEvent,
    NodeListener,
    NodeSetup,
    SetupEnding,
    TaskEnding,
    TaskFailure,
    TaskKey,
    TaskLaunch,
)
from dispatcher.service.node.layout import task_folder
from dispatcher.service.node.node_log import LogFile, NodeLog, log_files
from dispatcher.service.node.private import RUNNING_FOLDER, make_private_folder
from dispatcher.service.node.runner import AttemptRunner, Clock
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.node.setup import Equipment

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
    engines: EngineFinder | None = None,
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
        engines: finds what runs containers; where it is None, nothing does.
        grace: seconds between SIGTERM and SIGKILL for what is ended.

    Raises:
        OSError: its folder cannot be made, or this machine has no descriptor left for it.
    """
    root = root.resolve()
    make_node_folders(root)
    private = make_private_folder(root)
    equipment = Equipment(root=root, private=private, storage=storage)
    containers = Containers(root=root, private=private, finder=engines)
    sessions = Sessions(private / RUNNING_FOLDER)
    node = _ProcessNode(
        root=root,
        name=f"{identity.pool_id}/{identity.node_id}",
        private=private,
        equipment=equipment,
        containers=containers,
        storage=storage,
        slots=slots,
        listener=listener,
        clock=clock,
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
    )
    return node


class _Interrupted(Exception):  # noqa: N818 - a request, not an error
    """The node was closed."""


class _ProcessNode:
    """See ``Node``. An attempt is known from its launch until just before its ending is reported."""

    runner: AttemptRunner

    def __init__(
        self,
        *,
        root: Path,
        name: str,
        private: Path,
        equipment: Equipment,
        containers: Containers,
        storage: StorageAccess,
        slots: int,
        listener: NodeListener,
        clock: Clock,
    ) -> None:
        self._root = str(root)
        self._private = private
        self._equipment = equipment
        self._containers = containers
        self._storage = storage
        self._listener = listener
        self._clock = clock
        self._log = NodeLog(private)
        self._log.say(clock.now(), "opened")
        self._lock = Lock()
        self._closed = False
        self._attempts: dict[TaskKey, Attempt] = {}
        self._queue: SimpleQueue[Attempt | None] = SimpleQueue()
        self._name = name
        self._slots = slots
        self._threads: list[Thread] = []
        self._others: list[Thread] = []

    def set_up(self, setup: NodeSetup) -> None:
        """See ``Node``."""
        self._begin("setup", lambda: self.report(SetupEnding(at=self._clock.now(), failure=self._set_up(setup))))

    def upload_log(self, request: LogRequest) -> int:
        """See ``Node``."""
        files = [file for file in log_files(self._private) if file.overlaps(request.since, request.until)]
        self._begin("logs", lambda: self._upload(files, request))
        return len(files)

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
        for thread in (*self._threads, *self._others):
            thread.join()
        self._equipment.close()
        self.runner.close()
        self._log.close()

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
            self.report(ending)

    def _run(self, attempt: Attempt) -> TaskEnding:
        try:
            return self.runner.run(attempt)
        except Exception as error:
            logger.exception("%s could not be run", attempt.launch.key)
            unknown = failure("Unknown", Reason=type(error).__name__)
            outcome = Outcome(stage=attempt.stage, exit_code=attempt.exit_code, failure=unknown)
            return self.runner.ending(attempt, outcome)

    def report(self, event: NodeEvent) -> None:
        if self._closed:
            return
        self._log.tell(event)
        try:
            self._listener(event)
        except Exception:  # the listener's fault must not end the slot's thread
            logger.exception("the listener of node events failed")

    def _begin(self, what: str, work: Callable[[], None]) -> None:
        thread = Thread(target=work, name=f"{self._name} {what}", daemon=True)
        thread.start()
        self._others = [*(other for other in self._others if other.is_alive()), thread]

    def _keep_going(self) -> None:
        if self._closed:
            raise _Interrupted

    def _set_up(self, setup: NodeSetup) -> TaskFailure | None:
        try:
            self._equipment.set_up(
                setup, lambda pool: self._containers.pull_all(pool, self._keep_going), self._keep_going
            )
        except FailureReported as error:
            return error.failure
        except _Interrupted:
            return failure("Unknown", Reason="the node was closed")
        except Exception as error:
            logger.exception("node %s could not be set up", self._name)
            return failure("Unknown", Reason=type(error).__name__)
        return None

    def _upload(self, files: list[LogFile], request: LogRequest) -> None:
        for file in files:
            url = blob_url(request.container_url, f"{request.folder}/{file.path.name}")
            try:
                self._storage.upload(file.path, url, uses_identity=request.uses_identity, keep_going=self._keep_going)
            except _Interrupted:
                return
            except (BlobError, OSError) as error:
                logger.warning("the log of node %s could not be uploaded: %s", self._name, error)
                self._log.say(self._clock.now(), f"log not uploaded: {error}")

    def _remove_folder(self, key: TaskKey) -> None:
        folder = task_folder(self._root, key)
        try:
            check_in_place(Path(self._root), Path(folder).parent)
            remove_task_folder(folder)
        except (OSError, FileOutside):
            logger.warning("the folder of %s could not be removed", key, exc_info=True)
