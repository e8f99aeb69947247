"""Where a task's file can be read: on its node while that lives, in the job's container once it was uploaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from batch_manager.client import BlobStorage
from batch_manager.definitions import TaskRecord, TaskState
from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.naming import container_name, log_folder
from batch_manager.node_files import NodeFiles

PART = 1 << 20
"""Bytes that are asked for in one request, and written at once."""

_FIRST_LOOK_BACK = 1 << 16
_MAX_LOOK_BACK = 1 << 25
"""Bytes from the end beyond which nobody looks for the beginning of a line."""

NODE = "node"
STORAGE = "storage"


class Place(Protocol):
    """A file, of which any part can be read."""

    @property
    def where(self) -> str:
        """``node`` or ``storage``."""
        ...

    def size(self) -> int:
        """Bytes that it has now."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """Bytes ``start`` to before ``end``; fewer where the file ends earlier."""
        ...


class NodePlace:
    """A task's file on its node. ``NotFoundError`` or ``ConflictError`` once the node or the file is gone."""

    where = NODE

    def __init__(self, files: NodeFiles, job_id: str, task_id: str, path: str) -> None:
        self._files = files
        self._file = (job_id, task_id, path)

    def size(self) -> int:
        """See ``Place``."""
        return self._files.task_file(*self._file).size

    def read(self, start: int, end: int) -> bytes:
        """See ``Place``."""
        return self._files.read_task_file(*self._file, start, end) if end > start else b""


class CopyPlace:
    """A copy of a blob on this machine."""

    where = STORAGE

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """See ``Place``."""
        return self._path.stat().st_size

    def read(self, start: int, end: int) -> bytes:
        """See ``Place``."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(max(end - start, 0))


@contextmanager
def open_file(files: NodeFiles, storage: BlobStorage, job_id: str, task: TaskRecord, path: str) -> Iterator[Place]:
    """The best place of a task's file: of one that has ended the container, since what lies there stays.

    Args:
        files: the account's nodes.
        storage: the job's storage account.
        job_id: the job.
        task: the task.
        path: below the task's folder: ``stdout.txt``, ``wd/result.csv``.

    Raises:
        NotFoundError: it is nowhere; the message says why.
    """
    if task.state is TaskState.COMPLETED:
        with open_blob(storage, job_id, task.id, path) as blob:
            if blob is not None:
                yield blob
                return
    node = NodePlace(files, job_id, task.id, path)
    try:
        node.size()
    except (NotFoundError, ConflictError) as error:
        raise _missing(job_id, task, path, error) from None
    yield node


@contextmanager
def open_blob(storage: BlobStorage, job_id: str, task_id: str, path: str) -> Iterator[Place | None]:
    """What was uploaded of a task's log, as a copy that is deleted afterwards; None if nothing was."""
    if "/" in path.strip("/"):  # the log's folder has the files beside the working directory alone
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="batch-manager-") as folder:
        copy = Path(folder) / "log"
        try:
            storage.download(container_name(job_id), f"{log_folder(task_id)}/{path.strip('/')}", copy)
        except (NotFoundError, InputError):  # a job that is none of this project's may have any id
            yield None
            return
        yield CopyPlace(copy)


def parts(place: Place, start: int = 0) -> Iterator[bytes]:
    """The file from ``start`` on to the end that it has now, in parts."""
    end = place.size()
    while start < end:
        part = place.read(start, min(start + PART, end))
        if not part:
            return
        yield part
        start += len(part)


def start_of_last_lines(place: Place, lines: int) -> int:
    """Where the last lines of a file begin. Of lines that are longer than anybody reads, somewhere in them."""
    end = place.size()
    back = _FIRST_LOOK_BACK
    while True:
        start = max(0, end - back)
        content = place.read(start, end)
        position = len(content) - 1 if content.endswith(b"\n") else len(content)
        for _ in range(lines):
            position = content.rfind(b"\n", 0, position)
            if position < 0:
                break
        if position >= 0:
            return start + position + 1
        if start == 0 or back >= _MAX_LOOK_BACK:
            return start
        back *= 8


def _missing(job_id: str, task: TaskRecord, path: str, error: NotFoundError | ConflictError) -> NotFoundError:
    said = f"file {path!r} of task {task.id!r} of job {job_id!r}"
    if task.start_time is None and task.state is not TaskState.COMPLETED:
        words = f"{said}: the task is {task.state.value} and has not begun; 'batch-manager why {job_id}' says what for"
    elif task.state is TaskState.COMPLETED and task.exit_code is None:
        why = ": ".join(word for word in (task.failure_code, task.failure_message) if word) or "no reason given"
        words = f"{said}: the task never ran a command, so that there is no log ({why})"
    else:
        gone = isinstance(error, ConflictError)
        why = (
            "its node, or the task's folder there, is gone"
            if gone
            else "the task has written no such file, or its node is gone"
        )
        words = f"{said} is neither in storage nor on a node: {why}"
    return NotFoundError(words, operation=error.operation, status=error.status, code=error.code)
