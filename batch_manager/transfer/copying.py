"""Blobs to blobs: of another container, or of another account."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from batch_manager.errors import InputError, ServiceError
from batch_manager.transfer.crew import Crew
from batch_manager.transfer.moving import BLOCK_SIZE, MIB, Crews, How, Move, block_id, block_size
from batch_manager.transfer.outcome import Failure, Progress, Silent, TransferResult
from batch_manager.transfer.seam import BlobInfo, BlobSource, BlobStore
from batch_manager.transfer.uploading import OCTETS, common_beginning

MAX_COPY = 256 * MIB
"""Bytes of the largest blob that an account copies in one request (REST reference, "Copy Blob From URL")."""
COPY_BLOCK = 64 * MIB
"""Bytes of each block of a larger one, which an account fetches in one request."""

_CANNOT = ("CannotVerifyCopySource", "NotImplemented", "CopyAcrossAccountsNotSupported", "UnsupportedHeader")
"""Error codes of an account that cannot read the source, though this machine may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A blob, or those below a virtual folder, or a whole container.

    Attributes:
        store: the account.
        container: the container.
        path: the name of a blob or of a virtual folder; empty for the whole container.
    """

    store: BlobStore
    container: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.store.account_url}/{self.container}/{self.path}"


def find_source(source: Place, target: Place) -> Mapping[str, BlobInfo]:
    """The blobs of a source, by the names that they get at the target.

    A blob goes to the target's path, or below it where that is empty or ends with ``/``. What is below a virtual
    folder keeps its path below the target's.

    Raises:
        InputError: source and target are the same.
        ServiceError: the source's container is not there or could not be listed.
    """
    crew = Crew(1, source.store.patience)
    folder = target.path if not target.path or target.path.endswith("/") else f"{target.path}/"
    found: dict[str, BlobInfo] = {}
    for blob in crew.iterate(partial(source.store.list_blobs, source.container, source.path)):
        if blob.name == source.path:
            name = blob.name.rpartition("/")[2]
            return _checked({f"{folder}{name}" if folder == target.path else target.path: blob}, source, target)
        below = source.path if not source.path or source.path.endswith("/") else f"{source.path}/"
        if blob.name.startswith(below) and blob.name != below:
            found[folder + blob.name.removeprefix(below)] = blob
    return _checked(found, source, target)


def copy_blobs(
    source: Place, target: Place, blobs: Mapping[str, BlobInfo], progress: Progress | None = None
) -> TransferResult:
    """Copy blobs to a container that exists, with their content types and metadata; their bytes do not pass through
    this machine unless the target's account cannot read the source.

    A blob whose content is there already, by size and Content-MD5, is skipped. A large one that was interrupted goes on
    with the blocks that are there. Every copy is looked at afterwards: it has the source's size, and its Content-MD5
    where it has one. What cannot be copied is a failure of the result and does not keep the rest.

    Args:
        source: their account and container.
        target: the account and container that they go to.
        blobs: of ``find_source``.
        progress: takes note of bytes.

    Raises:
        ServiceError: the target's container could not be listed.
    """
    progress = progress or Silent()
    crews = Crews(target.store.patience)
    there = _listed(target, blobs, crews.requests)
    shared = source.store.share(source.container)
    moves = [
        Move(
            name=name,
            size=blob.size,
            is_large=is_large(blob.size),
            run=_Copy(source, target, shared, crews.requests, name, blob, there.get(name), progress).run,
        )
        for name, blob in blobs.items()
    ]
    return _verified(crews.move(moves, progress), blobs, _listed(target, blobs, Crew(1, target.store.patience)))


class _Copy:
    """One blob."""

    def __init__(
        self,
        source: Place,
        target: Place,
        shared: BlobSource,
        crew: Crew,
        name: str,
        blob: BlobInfo,
        there: BlobInfo | None,
        progress: Progress,
    ) -> None:
        self._source, self._target, self._shared, self._crew = source, target, shared, crew
        self._name, self._blob, self._there, self._progress = name, blob, there, progress

    def run(self) -> How:
        """Have the account fetch it, or fetch and send it."""
        if self._there is not None and _is_same(self._there, self._blob):
            self._progress.advance(self._blob.size)
            return How.SKIPPED
        try:
            self._by_the_account()
        except ServiceError as error:
            if error.status != 501 and error.code not in _CANNOT:
                raise
            self._through_this_machine()
            return How.THROUGH_THIS_MACHINE
        return How.SENT

    def _by_the_account(self) -> None:
        store, blob = self._target.store, self._blob
        if blob.size > MAX_COPY:
            self._in_blocks(COPY_BLOCK, self._have_fetched)
            return
        self._crew.ask(lambda: store.copy(self._target.container, self._name, self._shared.url(blob.name), blob))
        self._progress.advance(blob.size)

    def _through_this_machine(self) -> None:
        if self._blob.size > BLOCK_SIZE:
            self._in_blocks(BLOCK_SIZE, self._fetch_and_send)
            return
        content = self._read(0, self._blob.size) if self._blob.size else b""
        info = self._described()
        put = partial(self._target.store.put, self._target.container, self._name, content, _md5(content))
        self._crew.ask(partial(put, info.content_type or OCTETS, info.metadata))
        self._progress.advance(len(content))

    def _in_blocks(self, smallest: int, send: Callable[[_Block], None]) -> None:
        """Side by side for a blob that has a thread of its own to wait in, one after the other for the rest."""
        store, size = self._target.store, self._blob.size
        staged = self._crew.ask(partial(store.staged_blocks, self._target.container, self._name))
        blocks = _blocks(self._blob, block_size(size, smallest))

        def done(block: _Block) -> None:
            if staged.get(block.id) != block.length:
                send(block)
            self._progress.advance(block.length)

        for _ in self._crew.in_order(blocks, done) if is_large(size) else map(done, blocks):
            pass
        info = self._described()
        commit = partial(store.commit, self._target.container, self._name, [block.id for block in blocks])
        self._crew.ask(
            partial(commit, md5=self._blob.md5, content_type=info.content_type or OCTETS, metadata=info.metadata)
        )

    def _have_fetched(self, block: _Block) -> None:
        store, container, blob = self._target.store, self._target.container, self._blob
        self._crew.ask(
            lambda: store.put_block_from(
                container, self._name, block.id, self._shared.url(blob.name), blob, block.offset, block.length
            )
        )

    def _fetch_and_send(self, block: _Block) -> None:
        content = self._read(block.offset, block.length)
        put = partial(self._target.store.put_block, self._target.container, self._name, block.id)
        self._crew.ask(partial(put, content, _md5(content)))

    def _read(self, offset: int, length: int) -> bytes:
        blob = self._blob
        get = partial(self._source.store.get, self._source.container, blob.name)
        return self._crew.ask(partial(get, offset, length, blob.etag))

    def _described(self) -> BlobInfo:
        return self._crew.ask(partial(self._source.store.describe, self._source.container, self._blob.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    id: str
    offset: int
    length: int


def is_large(size: int) -> bool:
    """Whether a blob is copied in blocks by the account."""
    return size > MAX_COPY


def _blocks(blob: BlobInfo, length: int) -> list[_Block]:
    """Ids that say which part of which version of which size of blob is in a block, so that one that is there need not
    be copied again."""
    return [
        _Block(
            id=block_id(number, _md5(f"{blob.etag} {blob.size} {offset}".encode()).hex()),
            offset=offset,
            length=min(length, blob.size - offset),
        )
        for number, offset in enumerate(range(0, blob.size, length))
    ]


def _listed(place: Place, names: Collection[str], crew: Crew) -> Mapping[str, BlobInfo]:
    listing = partial(place.store.list_blobs, place.container, common_beginning(names))
    return {blob.name: blob for blob in crew.iterate(listing)} if names else {}


def _is_same(one: BlobInfo, other: BlobInfo) -> bool:
    return one.size == other.size and one.md5 is not None and one.md5 == other.md5


def _verified(result: TransferResult, blobs: Mapping[str, BlobInfo], there: Mapping[str, BlobInfo]) -> TransferResult:
    """The result with the copies that are not what they were made of as failures."""
    wrong = tuple(
        Failure(name=name, reason="the copy is not what the source is: another size, or another MD5")
        for name in result.sent
        if (copy := there.get(name)) is None
        or copy.size != blobs[name].size
        or (blobs[name].md5 is not None and copy.md5 != blobs[name].md5)
    )
    names = {failure.name for failure in wrong}
    return replace(
        result,
        sent=tuple(name for name in result.sent if name not in names),
        through_this_machine=tuple(name for name in result.through_this_machine if name not in names),
        failures=result.failures + wrong,
        sent_bytes=result.sent_bytes - sum(blobs[name].size for name in names),
    )


def _checked(found: dict[str, BlobInfo], source: Place, target: Place) -> dict[str, BlobInfo]:
    same = source.store.account_url == target.store.account_url and source.container == target.container
    if same and any(name == blob.name for name, blob in found.items()):
        raise InputError(f"source and target are the same, {source}: give another container or path")
    return found


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()
