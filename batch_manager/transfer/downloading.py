"""Blobs to files of this machine."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from batch_manager.errors import PreconditionError
from batch_manager.exit_codes import ExitCode
from batch_manager.naming import OWN_FOLDER
from batch_manager.transfer.crew import Crew
from batch_manager.transfer.moving import BLOCK_SIZE, Crews, FileError, How, Move
from batch_manager.transfer.names import Pattern, paths_of
from batch_manager.transfer.outcome import Failure, Progress, Silent, TransferResult
from batch_manager.transfer.part_file import PartFile
from batch_manager.transfer.seam import BlobInfo, BlobStore

_TRIES = 3
"""For a blob that is written again while it is read."""


def select_blobs(store: BlobStore, container: str, patterns: Sequence[str] = ()) -> list[BlobInfo]:
    """The blobs that one of the patterns fits (``names.Pattern``); without any, all but this project's own notes on a
    job. Names that stand for a folder, as some tools write them, are left out.

    Raises:
        ServiceError: the container is not there or could not be listed.
    """
    wanted = [Pattern(pattern) for pattern in patterns]
    found: dict[str, BlobInfo] = {}
    crew = Crew(1, store.patience)
    for beginning in _without_longer([pattern.beginning for pattern in wanted] or [""]):
        for blob in crew.iterate(partial(store.list_blobs, container, beginning)):
            fits = any(one.fits(blob.name) for one in wanted) if wanted else not blob.name.startswith(OWN_FOLDER)
            if fits and not (blob.name.endswith("/") and blob.size == 0):
                found[blob.name] = blob
    return [found[name] for name in sorted(found)]


def download_blobs(
    store: BlobStore, container: str, blobs: Collection[BlobInfo], folder: Path, progress: Progress | None = None
) -> TransferResult:
    """Write blobs to files of their names below a folder, which is made: several at once, and the blocks of a large
    one.

    A file that has the blob's content, by its size and Content-MD5, is left as it is. A large one that was interrupted
    goes on where it was, unless the blob is another by now. A file appears whole, and with the blob's MD5 where it has
    one, or not at all; nothing is written outside of the folder. What cannot be downloaded is a failure of the result
    and does not keep the rest.

    Args:
        blobs: of ``select_blobs``.
        progress: takes note of bytes.

    Raises:
        OSError: the folder cannot be made.
    """
    progress = progress or Silent()
    folder.mkdir(parents=True, exist_ok=True)
    paths = paths_of((blob.name for blob in blobs), windows=os.name == "nt", ignores_case=_ignores_case(folder))
    failures = [
        Failure(name=name, reason=reason, exit_code=ExitCode.BAD_INPUT) for name, reason in paths.problems.items()
    ]
    crews = Crews(store.patience)
    place = _Place(folder)
    moves = []
    for blob in blobs:
        if (parts := paths.of.get(blob.name)) is not None:
            download = _Download(store, crews.requests, container, blob, place, parts, progress)
            large = blob.size > BLOCK_SIZE
            moves.append(Move(name=blob.name, size=blob.size, is_large=large, run=download.run))
    return crews.move(moves, progress, failures)


class _Place:
    """The folder that everything goes below."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inside = folder.resolve()
        self._safe: set[Path] = set()

    def target(self, parts: tuple[str, ...]) -> Path:
        """Where a file goes, in a folder that is there.

        Raises:
            FileError: a link leads out of the folder, or a folder is in the way.
        """
        target = self._folder.joinpath(*parts)
        if target.parent not in self._safe:
            self._make(target.parent)
            self._safe.add(target.parent)
        if target.is_dir():
            raise FileError(f"{str(target)!r} is a folder: remove it, or download to another", ExitCode.BAD_INPUT)
        return target

    def _make(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        if not parent.resolve().is_relative_to(self._inside):
            raise FileError(
                f"{str(parent)!r} leads out of {str(self._folder)!r} by a link: remove the link, or download to "
                "another folder",
                ExitCode.BAD_INPUT,
            )


class _Download:
    """One blob."""

    def __init__(
        self,
        store: BlobStore,
        crew: Crew,
        container: str,
        blob: BlobInfo,
        place: _Place,
        parts: tuple[str, ...],
        progress: Progress,
    ) -> None:
        self._store, self._crew, self._container, self._blob = store, crew, container, blob
        self._place, self._parts, self._progress = place, parts, progress

    def run(self) -> How:
        """Fetch it, and once more if it was written again meanwhile."""
        target = self._place.target(self._parts)
        told = self._blob.size
        for rest in reversed(range(_TRIES)):
            try:
                if _has_content(target, self._blob):
                    self._progress.advance(told)
                    return How.SKIPPED
                if self._blob.size > BLOCK_SIZE and told > BLOCK_SIZE:
                    self._large(target)
                else:
                    self._small(target)
                return How.SENT
            except PreconditionError:
                if not rest:
                    raise
            self._blob = self._crew.ask(partial(self._store.describe, self._container, self._blob.name))
        raise AssertionError("the last try returns or raises")

    def _small(self, target: Path) -> None:
        blob = self._blob
        content = b"".join(self._get(offset) for offset in range(0, blob.size, BLOCK_SIZE))
        digest = hashlib.md5(content, usedforsecurity=False).digest() if blob.md5 is not None else None
        if (len(content), digest) != (blob.size, blob.md5):
            raise FileError(
                f"what arrived is {len(content)} bytes with another MD5 than the blob's, which has {blob.size}",
                ExitCode.TRY_AGAIN,
            )
        _write(target, content)
        self._progress.advance(len(content))

    def _large(self, target: Path) -> None:
        with PartFile(target, self._blob) as part:
            self._progress.advance(part.size)
            for content in self._crew.in_order(range(part.size, self._blob.size, BLOCK_SIZE), self._get):
                part.append(content)
                self._progress.advance(len(content))
            part.finish()

    def _get(self, offset: int) -> bytes:
        blob = self._blob
        length = min(BLOCK_SIZE, blob.size - offset)
        return self._crew.ask(partial(self._store.get, self._container, blob.name, offset, length, blob.etag))


def _write(target: Path, content: bytes) -> None:
    """Whole or not at all."""
    part = target.with_name(f".{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _has_content(target: Path, blob: BlobInfo) -> bool:
    if blob.md5 is None or not target.is_file() or target.stat().st_size != blob.size:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).digest() == blob.md5


def _ignores_case(folder: Path) -> bool:
    """Whether the folder's file system takes ``A`` and ``a`` for the same."""
    with tempfile.NamedTemporaryFile(prefix=".aB", dir=folder) as file:
        path = Path(file.name)
        return path.with_name(path.name.swapcase()).exists()


def _without_longer(beginnings: Iterable[str]) -> Iterator[str]:
    """Those that begin with no other one: a list for each has every name once."""
    last = None
    for beginning in sorted(beginnings):
        if last is None or not beginning.startswith(last):
            last = beginning
            yield beginning
