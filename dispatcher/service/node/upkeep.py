"""What a node does beside its attempts: it is set up, sends its log, and removes the folders of forgotten tasks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from dispatcher.service.node.blob_urls import blob_url
from dispatcher.service.node.blobs import BlobError, StorageAccess
from dispatcher.service.node.containers import Containers
from dispatcher.service.node.failures import FailureReported, failure, unforeseen
from dispatcher.service.node.files import FileOutside, check_in_place
from dispatcher.service.node.folders import remove_task_folder
from dispatcher.service.node.launch import LogRequest, NodeSetup, TaskFailure, TaskKey
from dispatcher.service.node.layout import task_folder
from dispatcher.service.node.node_log import LogFile, NodeLog, log_files
from dispatcher.service.node.runner import Clock
from dispatcher.service.node.setup import Equipment
from dispatcher.service.node.trash import Trash

logger = logging.getLogger(__name__)


class _Interrupted(Exception):  # noqa: N818 - a request, not an error
    """The node was closed."""


class Upkeep:
    """Of one node; any thread may call."""

    def __init__(
        self,
        *,
        root: Path,
        name: str,
        private: Path,
        equipment: Equipment,
        containers: Containers,
        storage: StorageAccess,
        log: NodeLog,
        clock: Clock,
    ) -> None:
        """Begin; ``name`` is for the service's log and its threads, ``private`` the folder with the node's own log."""
        self._root = root
        self._name = name
        self._private = private
        self._equipment = equipment
        self._containers = containers
        self._storage = storage
        self._log = log
        self._clock = clock
        self._closed = False
        self._threads: list[Thread] = []

    def set_up(self, setup: NodeSetup, done: Callable[[TaskFailure | None], None]) -> None:
        """Begin what a fresh node needs; ``done`` is told, from another thread, what was in the way.

        Raises:
            RuntimeError: there is no thread left for it.
        """
        self._begin("setup", lambda: done(self._set_up(setup)))

    def upload_log(self, request: LogRequest) -> int:
        """Begin to upload the node's log; return how many files that are.

        Raises:
            RuntimeError: there is no thread left for it.
        """
        files = [file for file in log_files(self._private) if file.overlaps(request.since, request.until)]
        self._begin("logs", lambda: self._upload(files, request))
        return len(files)

    def remove_folder(self, key: TaskKey) -> None:
        """Remove a task's folder; what cannot be removed stays and is logged."""
        folder = task_folder(str(self._root), key)
        try:
            check_in_place(self._root, Path(folder).parent)
            remove_task_folder(folder, Trash(self._root))
        except (OSError, FileOutside):
            logger.warning("the folder of %s could not be removed", key, exc_info=True)

    def interrupt(self) -> None:
        """Ask what was begun to end."""
        self._closed = True

    def close(self) -> None:
        """Wait for what was begun, once it was interrupted."""
        for thread in self._threads:
            thread.join()

    def _begin(self, what: str, work: Callable[[], None]) -> None:
        thread = Thread(target=work, name=f"{self._name} {what}", daemon=True)
        thread.start()
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]

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
            return unforeseen(error)
        return None

    def _upload(self, files: list[LogFile], request: LogRequest) -> None:
        for file in files:
            url = blob_url(request.container_url, f"{request.folder}/{file.path.name}")
            try:
                self._keep_going()
                self._storage.upload(file.path, url, uses_identity=request.uses_identity, keep_going=self._keep_going)
            except _Interrupted:
                return
            except (BlobError, OSError) as error:
                logger.warning("the log of node %s could not be uploaded: %s", self._name, error)
                self._log.say(self._clock.now(), f"log not uploaded: {error}")
