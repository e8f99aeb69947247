"""A file that is on its way here: it lies under another name until it is whole, and says which blob it is a part of."""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from batch_manager.exit_codes import ExitCode
from batch_manager.transfer.moving import FileError
from batch_manager.transfer.seam import BlobInfo

_READ_SIZE = 1 << 20
_HASHED_LATER = 2
"""Pieces that are written and wait for their turn in the MD5."""


class PartFile:
    """The first bytes of a blob, in a hidden file beside where they go; use it as a context manager.

    Beside it lies a small file that names the version of the blob, by its ETag. What an earlier process left is gone on
    with if it is of that version, and begun anew if not.

    Args:
        target: where the whole file goes.
        info: the blob.
    """

    def __init__(self, target: Path, info: BlobInfo) -> None:
        key = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
        self._target, self._info = target, info
        self._path = target.with_name(f".{key}.part")
        self._state = target.with_name(f".{key}.part.json")
        self._file: BinaryIO
        self._lock: BinaryIO
        self._md5 = _FollowingMd5()
        self.size = 0

    def __enter__(self) -> Self:
        """Open it, and find out what is there already."""
        self._lock = _opened_alone(self._state)
        try:
            version = json.dumps({"etag": self._info.etag, "size": self._info.size}).encode()
            self._lock.seek(0)
            if self._lock.read() != version:
                self._path.unlink(missing_ok=True)  # before the state: a part is never of another version than it says
                self._lock.truncate(0)
                self._lock.write(version)
                self._lock.flush()
            self._file = self._path.open("a+b")
        except BaseException:
            self._lock.close()
            raise
        self._hash_what_is_there()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._md5.close()
        self._file.close()
        self._lock.close()

    def append(self, content: bytes) -> None:
        """Write the next bytes."""
        self._file.write(content)
        self._file.flush()
        self._add(content)

    def finish(self) -> None:
        """Let the file appear where it goes.

        Raises:
            FileError: it is not what the blob was said to be; it is thrown away.
        """
        self._file.close()
        whole = self.size == self._info.size and self._info.md5 in (None, self._md5.digest())
        if whole:
            self._path.replace(self._target)
        else:
            self._path.unlink(missing_ok=True)
        self._forget_state()
        if not whole:
            raise FileError(
                f"what arrived is {self.size} bytes with another MD5 than the blob's, which has {self._info.size}; "
                "it was thrown away",
                ExitCode.TRY_AGAIN,
            )

    def _forget_state(self) -> None:
        """While it is locked, so that it cannot be another process's by then; Windows removes no file that is open."""
        if os.name == "nt":
            self._lock.close()
        self._state.unlink(missing_ok=True)
        self._lock.close()

    def _hash_what_is_there(self) -> None:
        self._file.seek(0)
        while content := self._file.read(_READ_SIZE):
            self._add(content)

    def _add(self, content: bytes) -> None:
        self.size += len(content)
        if self._info.md5 is not None:
            self._md5.update(content)


class _FollowingMd5:
    """The MD5 of pieces, taken in their order by a thread of its own while the next ones are written: of all that is
    done to a piece it takes longest, and ``hashlib`` keeps no other thread waiting."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[None]] = deque()

    def update(self, content: bytes) -> None:
        """Add a piece, which must stay as it is; waits while too many do."""
        self._waiting.append(self._thread.submit(self._md5.update, content))
        self._settle(_HASHED_LATER)

    def digest(self) -> bytes:
        """That of all of them."""
        self._settle(0)
        return self._md5.digest()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _settle(self, rest: int) -> None:
        while len(self._waiting) > rest:
            self._waiting.popleft().result()


def _opened_alone(path: Path) -> BinaryIO:
    """Open a file, and keep other processes off it until it is closed; the system sees to it however this one ends."""
    while True:
        file = path.open("a+b")
        try:
            _lock(file)
            if _is_at(file, path):
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # another process has finished and removed it between the two


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(file: BinaryIO) -> None:
    try:
        import fcntl
    except ImportError:  # Windows, where an open file cannot be replaced or removed by another process anyway
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileError("another process is downloading it to the same place", ExitCode.TRY_AGAIN) from None
