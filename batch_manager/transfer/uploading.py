"""Files of this machine to blobs."""

from __future__ import annotations

import hashlib
import mimetypes
import os
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from batch_manager.errors import ServiceError
from batch_manager.exit_codes import ExitCode
from batch_manager.transfer.crew import Crew
from batch_manager.transfer.moving import BLOCK_SIZE, Crews, FileError, How, Move, block_id, block_size, failure
from batch_manager.transfer.outcome import Failure, Progress, Silent, TransferResult
from batch_manager.transfer.seam import BlobInfo, BlobStore

OCTETS = "application/octet-stream"


def upload_files(
    store: BlobStore, container: str, files: Mapping[str, Path], progress: Progress | None = None
) -> TransferResult:
    """Write files to blobs of a container that exists: several at once, and the blocks of a large one.

    A file whose content is there already, by its size and Content-MD5, is skipped. An upload that was interrupted goes
    on with the blocks that are there. A blob appears whole, with its Content-MD5, or not at all. What cannot be
    uploaded is a failure of the result and does not keep the rest.

    Args:
        files: by the names of their blobs.
        progress: takes note of bytes.

    Raises:
        ServiceError: the container could not be listed.
    """
    progress = progress or Silent()
    crews = Crews(store.patience)
    listing = partial(store.list_blobs, container, common_beginning(files))
    there = {blob.name: blob for blob in crews.requests.iterate(listing)} if files else {}
    moves: list[Move] = []
    failures: list[Failure] = []
    for name, path in files.items():
        try:
            size = path.stat().st_size
        except OSError as error:
            failures.append(failure(name, error))
            continue
        upload = _Upload(store, crews.requests, container, name, path, there.get(name), progress)
        large = size > BLOCK_SIZE
        moves.append(Move(name=name, size=size, is_large=large, run=upload.large if large else upload.small))
    return crews.move(moves, progress, failures)


class _Upload:
    """One file."""

    def __init__(
        self,
        store: BlobStore,
        crew: Crew,
        container: str,
        name: str,
        path: Path,
        there: BlobInfo | None,
        progress: Progress,
    ) -> None:
        self._store, self._crew, self._container, self._name = store, crew, container, name
        self._path, self._there, self._progress = path, there, progress
        self._content_type = mimetypes.guess_type(name)[0] or OCTETS

    def small(self) -> How:
        """In one request."""
        with self._path.open("rb") as file:
            before = _mark(file)
            content = file.read()
            self._check(file, before, len(content))
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        how = How.SKIPPED
        if not self._is_there(len(content), md5):
            put = partial(self._store.put, self._container, self._name, content, md5, self._content_type)
            self._crew.ask(put)
            how = How.SENT
        self._progress.advance(len(content))
        return how

    def large(self) -> How:
        """Block by block, going on with the blocks that are there."""
        with self._path.open("rb") as file:
            before = _mark(file)
            size = before[0]
            if self._there is not None and self._there.size == size and self._there.md5 is not None:
                if hashlib.file_digest(file, _md5).digest() == self._there.md5:
                    self._check(file, before, size)
                    self._progress.advance(size)
                    return How.SKIPPED
                file.seek(0)
            self._staged = self._crew.ask(partial(self._store.staged_blocks, self._container, self._name))
            self._refuse_others()
            whole = _md5()
            blocks = enumerate(_blocks(file, block_size(size), whole))
            ids = list(self._crew.in_order(blocks, self._send))
            self._check(file, before, size)
            md5 = whole.digest()
        self._commit(ids, md5, size)
        return How.SENT

    def _send(self, block: tuple[int, bytes]) -> str:
        """Its id says what is in it, so that a block that is there need not be sent again."""
        number, content = block
        digest = hashlib.md5(content, usedforsecurity=False)
        identity = block_id(number, digest.hexdigest())
        if self._staged.get(identity) != len(content):
            put = partial(self._store.put_block, self._container, self._name, identity, content, digest.digest())
            self._crew.ask(put)
        self._progress.advance(len(content))
        return identity

    def _commit(self, ids: list[str], md5: bytes, size: int) -> None:
        commit = partial(self._store.commit, self._container, self._name, ids, md5=md5, content_type=self._content_type)
        try:
            self._crew.ask(commit)
        except ServiceError as error:
            if error.code != "InvalidBlockList":
                raise
            raise FileError(
                "its blocks were gone when they were to be put together: somebody else wrote the blob meanwhile",
                ExitCode.TRY_AGAIN,
            ) from error
        arrived = self._crew.ask(partial(self._store.describe, self._container, self._name))
        if (arrived.size, arrived.md5) != (size, md5):
            raise FileError(f"the blob has {arrived.size} bytes and another MD5 than the file with its {size}")

    def _is_there(self, size: int, md5: bytes) -> bool:
        return self._there is not None and (self._there.size, self._there.md5) == (size, md5)

    def _check(self, file: BinaryIO, before: tuple[int, int], read: int) -> None:
        if _mark(file) != before or read != before[0]:
            raise FileError(
                f"the file {str(self._path)!r} changed while it was read; nothing was written", ExitCode.TRY_AGAIN
            )

    def _refuse_others(self) -> None:
        length = len(block_id(0, "0" * 32))
        if any(len(identity) != length for identity in self._staged):
            raise FileError(
                "another tool began to upload this blob and left blocks that do not fit ours: delete the blob, or wait "
                "for a week, after which Azure forgets them",
                ExitCode.BAD_INPUT,
            )


def common_beginning(names: Collection[str]) -> str:
    """What all these names begin with."""
    first, last = min(names, default=""), max(names, default="")
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def _blocks(file: BinaryIO, size: int, whole: hashlib._Hash) -> Iterator[bytes]:
    while content := file.read(size):
        whole.update(content)
        yield content


def _mark(file: BinaryIO) -> tuple[int, int]:
    """What changes with a file's content."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
