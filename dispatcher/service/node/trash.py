"""What was deleted and still takes space: it is moved away at once and removed in the background; nobody waits for it.

What a killed service had not removed yet is removed when the node is opened again.
"""

from __future__ import annotations

import logging
import os
import secrets
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread

from dispatcher.service.node.private import private_folder
from dispatcher.service.node.removal import remove_entry, remove_tree

logger = logging.getLogger(__name__)

_FOLDER = "trash"


class _Remover:
    """One thread of the process that removes; the process does not wait for it when it ends."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Path, Future[None]]] = SimpleQueue()
        self._lock = Lock()
        self._is_running = False

    def submit(self, path: Path) -> Future[None]:
        future: Future[None] = Future()
        with self._lock:
            if not self._is_running:
                Thread(target=self._run, name="trash", daemon=True).start()
                self._is_running = True
        self._queue.put((path, future))
        return future

    def _run(self) -> None:
        while True:
            path, future = self._queue.get()
            try:
                remove_tree(path)
            except OSError as error:
                logger.warning("could not delete all of %s: %s", path, error.strerror)
            future.set_result(None)


_REMOVER = _Remover()


class Trash:
    """The trash of one node."""

    def __init__(self, root: Path) -> None:
        """Use a private folder of the node with a root; it is made when it is needed."""
        self._folder = private_folder(root) / _FOLDER

    def throw(self, name: str, above: int) -> Future[None]:
        """Take what has a name in an open folder away at once; the future tells when it is removed.

        Raises:
            OSError: it cannot be moved, and not removed either.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._folder / secrets.token_hex(8)
        try:
            os.rename(name, kept, src_dir_fd=above)
        except PermissionError:  # a sealed folder
            remove_entry(name, above)
        return _REMOVER.submit(kept)

    def empty(self) -> list[Future[None]]:
        """Remove what an earlier process left; the futures tell when it is."""
        if not self._folder.is_dir():
            return []
        return [_REMOVER.submit(path) for path in self._folder.iterdir()]
