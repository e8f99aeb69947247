"""A storage account in memory for transfers, whose requests can fail before or after they took effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

from batch_manager.errors import BusyError, NotFoundError, PreconditionError, ServiceError
from batch_manager.patience import Patience
from batch_manager.transfer import BlobInfo

IMPATIENT = Patience(limit=0)


class BlobsInMemory:
    """A ``BlobStore`` in dictionaries.

    Attributes:
        asked: what was asked for: the method and the blob.
        before: called with both before a request takes effect; raises what the request is to fail with.
        after: likewise afterwards, as where a reply is lost.
    """

    def __init__(self, *containers: str, account_url: str = "https://test.example", patience: Patience = IMPATIENT):
        self.account_url = account_url
        self.patience = patience
        self.asked: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda method, blob: None
        self.after: Callable[[str, str], None] = lambda method, blob: None
        self.blobs: dict[str, dict[str, tuple[BlobInfo, bytes]]] = {name: {} for name in containers}
        self.staged: dict[tuple[str, str], dict[str, bytes]] = {}
        self.others: dict[str, BlobsInMemory] = {account_url: self}
        self._etags = count(1)

    def add(self, container: str, name: str, content: bytes, *, md5: bytes | None = b"") -> None:
        """Put a blob there; with its MD5 unless told otherwise."""
        self._write(container, name, content, hashlib.md5(content).digest() if md5 == b"" else md5, "a/b", {})

    def content(self, container: str, name: str) -> bytes:
        """What a blob holds."""
        return self.blobs[container][name][1]

    def count(self, method: str) -> int:
        """How often this was asked for."""
        return sum(asked == method for asked, _ in self.asked)

    def create_container(self, container: str) -> None:
        """See ``BlobStore``."""
        self.blobs.setdefault(container, {})

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """See ``BlobStore``."""
        self._ask("list", prefix)
        found = sorted(self.blobs[container].items())
        return iter([info for name, (info, _) in found if name.startswith(prefix)])

    def describe(self, container: str, blob: str) -> BlobInfo:
        """See ``BlobStore``."""
        self._ask("describe", blob)
        return self._found(container, blob)[0]

    def put(
        self,
        container: str,
        blob: str,
        content: bytes,
        md5: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """See ``BlobStore``."""
        self._ask("put", blob)
        _check(content, md5)
        self._write(container, blob, content, md5, content_type, metadata or {})
        self.after("put", blob)

    def put_block(self, container: str, blob: str, block_id: str, content: bytes, md5: bytes) -> None:
        """See ``BlobStore``."""
        self._ask("put_block", blob)
        _check(content, md5)
        self.staged.setdefault((container, blob), {})[block_id] = content
        self.after("put_block", blob)

    def staged_blocks(self, container: str, blob: str) -> Mapping[str, int]:
        """See ``BlobStore``."""
        self._ask("staged_blocks", blob)
        return {name: len(content) for name, content in self.staged.get((container, blob), {}).items()}

    def commit(
        self,
        container: str,
        blob: str,
        block_ids: Sequence[str],
        *,
        md5: bytes | None,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """See ``BlobStore``."""
        self._ask("commit", blob)
        staged = self.staged.pop((container, blob), {})
        if any(block not in staged for block in block_ids):
            raise ServiceError("commit", operation="commit", status=400, code="InvalidBlockList")
        content = b"".join(staged[block] for block in block_ids)
        self._write(container, blob, content, md5, content_type, metadata or {})
        self.after("commit", blob)

    def get(self, container: str, blob: str, offset: int, length: int, etag: str) -> bytes:
        """See ``BlobStore``."""
        self._ask("get", blob)
        info, content = self._found(container, blob)
        if info.etag != etag:
            raise PreconditionError("changed", operation="get", status=412)
        return content[offset : offset + length]

    def share(self, container: str) -> SharedInMemory:
        """See ``BlobStore``."""
        return SharedInMemory(f"{self.account_url}/{container}")

    def copy(self, container: str, blob: str, source: str, info: BlobInfo) -> None:
        """See ``BlobStore``."""
        self._ask("copy", blob)
        found, content = self._of(source, info)
        self._write(container, blob, content, found.md5, found.content_type or "", found.metadata)

    def put_block_from(
        self, container: str, blob: str, block_id: str, source: str, info: BlobInfo, offset: int, length: int
    ) -> None:
        """See ``BlobStore``."""
        self._ask("put_block_from", blob)
        content = self._of(source, info)[1][offset : offset + length]
        self.staged.setdefault((container, blob), {})[block_id] = content

    def _of(self, source: str, info: BlobInfo) -> tuple[BlobInfo, bytes]:
        account, _, path = source.removeprefix("https://").partition("/")
        container, _, blob = path.partition("/")
        found = self.others[f"https://{account}"]._found(container, blob)
        if found[0].etag != info.etag:
            raise PreconditionError("changed", operation="copy", status=412)
        return found

    def _ask(self, method: str, blob: str) -> None:
        self.asked.append((method, blob))
        self.before(method, blob)

    def _found(self, container: str, blob: str) -> tuple[BlobInfo, bytes]:
        try:
            return self.blobs[container][blob]
        except KeyError:
            raise NotFoundError(f"no blob {blob!r}", operation="find", status=404, code="BlobNotFound") from None

    def _write(
        self, container: str, blob: str, content: bytes, md5: bytes | None, kind: str, metadata: Mapping[str, str]
    ) -> None:
        info = BlobInfo(
            name=blob,
            size=len(content),
            md5=md5,
            etag=f'"{next(self._etags)}"',
            last_modified=datetime(2026, 1, 1, tzinfo=UTC),
            content_type=kind,
            metadata=dict(metadata),
        )
        self.blobs[container][blob] = (info, content)


class SharedInMemory:
    """A ``BlobSource``."""

    def __init__(self, container_url: str) -> None:
        self._url = container_url

    def url(self, blob: str) -> str:
        """See ``BlobSource``."""
        return f"{self._url}/{blob}"


def failing(method: str, times: int, error: Exception | None = None) -> Callable[[str, str], None]:
    """A fault: the first so many requests of this kind fail, as where the account is out of reach."""
    left = [times]

    def fail(asked: str, blob: str) -> None:
        if asked == method and left[0]:
            left[0] -= 1
            raise error or BusyError(f"{method} of {blob}: busy", operation=method, status=503)

    return fail


def _check(content: bytes, md5: bytes) -> None:
    if hashlib.md5(content).digest() != md5:
        raise ServiceError("Md5Mismatch", operation="put", status=400, code="Md5Mismatch")
