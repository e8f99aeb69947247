"""Blob containers as folders of a node: copies that are kept in step, not file systems.

A copy is brought when the node is set up and again before each task; what tasks wrote to it is written back after each
task, every few seconds while they run, and when the node is closed. So what one task wrote is there for the next one on
any node, but not yet for one that runs at the same time. Deleting a file here deletes no blob. A copy for reading has
no write permission; what a task changes there all the same is not written back, and is brought anew.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from threading import Event, Lock, Thread

from dispatcher.service.node.blob_urls import BlobItem, blob_url
from dispatcher.service.node.blobs import BlobError, StorageAccess, StorageLink
from dispatcher.service.node.failures import FailureReported, failure
from dispatcher.service.node.files import FileOutside, check_in_place, is_text, resolve
from dispatcher.service.node.launch import BlobMount
from dispatcher.service.node.private import write_private

logger = logging.getLogger(__name__)

WRITE_BACK_SECONDS = 5.0
_DRAFT = ".download-"
_READ_ONLY_FILE, _READ_ONLY_FOLDER, _FOLDER = 0o444, 0o555, 0o755

Seen = tuple[int, int]
"""A file's size and its last change, in nanoseconds."""
InStep = tuple[int, int, int]
"""The same of a file that is as its blob is, and the blob's last change, in seconds."""


class MountFailed(FailureReported):
    """A container's blobs could not be brought."""


class Mount:
    """One container's copy; safe to share between threads."""

    def __init__(self, mount: BlobMount, *, folder: Path, memory: Path, storage: StorageAccess) -> None:
        """Describe it.

        Args:
            mount: what is mounted.
            folder: where.
            memory: the file that remembers which files are as in the container.
            storage: how to reach blobs.
        """
        self.mount = mount
        self.folder = folder
        self._memory = memory
        self._lock = Lock()
        self._in_step = _read_memory(memory)
        self._own_storage = None if mount.account_key is None else StorageAccess(self._own_link)
        self._linked_storage = storage

    def bring(self, keep_going: Callable[[], None] = lambda: None) -> None:
        """Bring what the container has and the folder has not; what was changed here and is not written back stays.

        Raises:
            MountFailed: it could not be brought.
        """
        with self._lock:
            try:
                self._drop_link()
                check_in_place(self._root, self.folder)
                self.folder.mkdir(parents=True, exist_ok=True)
                self._bring_all(keep_going)
            except BlobError as error:
                raise _failed(str(error)) from error
            except FileOutside as error:
                raise _failed(f"a blob's name leads out of the folder: {error.relative}") from error
            except OSError as error:
                raise _failed(f"{self.mount.folder}: {error.strerror}") from error
            finally:
                self._remember()

    def write_back(self, keep_going: Callable[[], None] = lambda: None) -> None:
        """Upload what is new or changed; a file that cannot be is logged, and tried again the next time."""
        if self.mount.read_only or not self._is_in_place():
            return
        with self._lock:
            changed = [(name, seen) for name, seen in _files(self.folder) if self._in_step.get(name, ())[:2] != seen]
            for name, seen in changed:
                keep_going()
                if not self._upload(name, seen, keep_going):
                    break
            if changed:
                self._remember()

    def close(self) -> None:
        """Write back for the last time, and let the folder be removed."""
        self.write_back()
        if self.mount.read_only and self._is_in_place():
            for folder in self._folders():
                folder.chmod(_FOLDER)
        self.release()

    def release(self) -> None:
        """Close its connections; the folder stays as it is."""
        if self._own_storage is not None:
            self._own_storage.close()

    @property
    def _root(self) -> Path:
        """The node's, from which on no part of the folder's path may be a link."""
        depth = len(PurePosixPath(self.mount.folder).parts)
        return self.folder.parents[depth]

    def _is_in_place(self) -> bool:
        try:
            check_in_place(self._root, self.folder)
        except FileOutside:
            logger.warning("mount %s was replaced by a link: nothing is written back from it", self.mount.folder)
            return False
        return True

    def _drop_link(self) -> None:
        """Remove a link that a task put in the folder's place; what it leads to stays."""
        if self.folder.is_symlink():
            self.folder.unlink()

    @property
    def _storage(self) -> StorageAccess:
        return self._own_storage or self._linked_storage

    @property
    def _uses_identity(self) -> bool:
        return self.mount.sas is None

    @property
    def _url(self) -> str:
        """Of the container; the linked account may move when the service starts again."""
        url = f"{self._endpoint()}/{self.mount.container}"
        return url if self.mount.sas is None else f"{url}?{self.mount.sas}"

    def _endpoint(self) -> str:
        link = self._linked_storage.link()
        if link is not None and link.account == self.mount.account:
            return link.endpoint.rstrip("/")
        return f"https://{self.mount.account}.blob.core.windows.net"

    def _own_link(self) -> StorageLink:
        return StorageLink(account=self.mount.account, endpoint=self._endpoint(), key=self.mount.account_key or "")

    def _upload(self, name: str, seen: Seen, keep_going: Callable[[], None]) -> bool:
        """Write one file back; return whether to try others now, as where storage answers."""
        source, url = self.folder / name, blob_url(self._url, name)
        try:
            written = self._storage.upload(source, url, uses_identity=self._uses_identity, keep_going=keep_going)
        except FileNotFoundError:  # gone meanwhile
            return True
        except (BlobError, OSError) as error:
            logger.warning("%s of mount %s could not be written back: %s", name, self.mount.folder, error)
            return not (isinstance(error, BlobError) and error.status is None)
        self._in_step[name] = (*seen, 0 if written is None else _seconds(written))
        return True

    def _bring_all(self, keep_going: Callable[[], None]) -> None:
        items = list(self._storage.list_blobs(self._url, "", uses_identity=self._uses_identity))
        stale = [item for item in items if not self._is_current(item)]
        if not self.mount.read_only:
            self._bring(stale, keep_going)
            return
        for folder in self._folders():
            folder.chmod(_FOLDER)
        try:
            for name in {name for name, _ in _files(self.folder)} - {item.name for item in items}:
                (self.folder / name).unlink()
            self._bring(stale, keep_going)
        finally:
            for folder in self._folders():
                folder.chmod(_READ_ONLY_FOLDER)

    def _bring(self, items: list[BlobItem], keep_going: Callable[[], None]) -> None:
        for item in items:
            keep_going()
            target = resolve(self.folder, item.name.rstrip("/"))
            if item.name.endswith("/"):  # stands for an empty folder
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            url = blob_url(self._url, item.name)
            self._storage.download(url, target, uses_identity=self._uses_identity, keep_going=keep_going)
            target.chmod(_READ_ONLY_FILE if self.mount.read_only else 0o644)
            self._in_step[item.name] = (*_seen(target), _seconds(item.last_modified))

    def _is_current(self, item: BlobItem) -> bool:
        """Say whether a blob need not be brought: it is here, or what is here is newer and to be written back."""
        try:
            here = _seen(resolve(self.folder, item.name))
        except FileNotFoundError:
            return False
        blob = (item.size, _seconds(item.last_modified))
        known = self._in_step.get(item.name)
        if known is not None and known[:2] == here:
            return (here[0], known[2]) == blob
        if (here[0], here[1] // 10**9) == blob:  # brought by a service that was killed before it said so
            self._in_step[item.name] = (*here, blob[1])
            return True
        return not self.mount.read_only

    def _folders(self) -> list[Path]:
        return [Path(place) for place, _, _ in os.walk(self.folder)]

    def _remember(self) -> None:
        write_private(self._memory, json.dumps(self._in_step))


class Mounts:
    """The mounts of one node, with the thread that writes back while tasks run."""

    def __init__(self) -> None:
        """Begin with none."""
        self._mounts: tuple[Mount, ...] = ()
        self._closing = Event()
        self._thread: Thread | None = None

    @property
    def are_there(self) -> bool:
        """Whether there is any."""
        return bool(self._mounts)

    def replace(self, mounts: tuple[Mount, ...]) -> None:
        """Keep these mounts in step from now on, and no others."""
        for mount in self._mounts:
            mount.release()
        self._mounts = mounts
        if self._thread is None and any(not mount.mount.read_only for mount in mounts):
            self._thread = Thread(target=self._write_back_often, name="mounts", daemon=True)
            self._thread.start()

    def bring(self, keep_going: Callable[[], None]) -> None:
        """Bring what is new in the containers.

        Raises:
            MountFailed: it could not be brought.
        """
        for mount in self._mounts:
            mount.bring(keep_going)

    def write_back(self) -> None:
        """Upload what tasks wrote."""
        for mount in self._mounts:
            mount.write_back()

    def close(self) -> None:
        """Write back for the last time."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        for mount in self._mounts:
            mount.close()

    def _write_back_often(self) -> None:
        while not self._closing.wait(WRITE_BACK_SECONDS):
            try:
                self.write_back()
            except Exception:  # the outermost line of this thread: the next round tries again
                logger.exception("mounts could not be written back")


def _failed(reason: str) -> MountFailed:
    return MountFailed(failure("MountConfigurationError", Message=reason))


def _files(folder: Path) -> Iterator[tuple[str, Seen]]:
    """Yield the regular files below a folder, relative to it; links, drafts and names that are no text are left out."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if not name.startswith(_DRAFT) and is_text(str(path)) and path.is_file() and not path.is_symlink():
                try:
                    yield path.relative_to(folder).as_posix(), _seen(path)
                except FileNotFoundError:
                    continue


def _seen(path: Path) -> Seen:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _seconds(time: datetime) -> int:
    return int(time.timestamp())


def _read_memory(memory: Path) -> dict[str, InStep]:
    try:
        kept = json.loads(memory.read_text("utf-8"))
        return {name: (size, changed, of_blob) for name, (size, changed, of_blob) in kept.items()}
    except (OSError, ValueError):
        return {}
