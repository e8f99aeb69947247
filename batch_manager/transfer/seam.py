"""The seam to the blobs of a storage account, as whole files and as blocks, for moving many or large ones.

Implementation: ``_azure.transfers``. The module is light.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from batch_manager.patience import Patience


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    """A blob as its account describes it.

    Attributes:
        name: its name in its container.
        size: bytes.
        md5: what its Content-MD5 says, 16 bytes; None if nobody said it, as of most blobs that were put together from
            blocks.
        etag: changes with every change of the blob.
        last_modified: when it was written.
        content_type: its media type; None if it was not asked for.
        metadata: its metadata; empty if it was not asked for.
    """

    name: str
    size: int
    md5: bytes | None
    etag: str
    last_modified: datetime
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


class BlobSource(Protocol):
    """Blobs of one container that another account may read for as long as it is asked to copy them.

    Its ``repr`` holds no secret.
    """

    def url(self, blob: str) -> str:
        """The URL that the other account reads the blob by; it holds a secret and is not to be shown."""
        ...


class BlobStore(Protocol):
    """The blobs of a storage account.

    Every method makes one request (a list: one for each page) and may be called again after any error: the same
    bytes are written to the same place. Every one raises a ``ServiceError`` of the fitting kind when Azure Storage says
    no; ``BusyError`` where another try may succeed. All may be called from several threads at once.
    """

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end and without a query."""
        ...

    @property
    def patience(self) -> Patience:
        """How long those who call it are to repeat a request that ends in a ``BusyError``."""
        ...

    def create_container(self, container: str) -> None:
        """Create a container; success if it exists."""
        ...

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """The blobs whose names begin with ``prefix``, in the order of their names. ``next`` may be called again after
        an error, and goes on with the same page."""
        ...

    def describe(self, container: str, blob: str) -> BlobInfo:
        """A blob with its content type and metadata. ``NotFoundError`` if there is none."""
        ...

    def put(
        self,
        container: str,
        blob: str,
        content: bytes,
        md5: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a whole blob, over what was there; the account checks the MD5 and keeps it."""
        ...

    def put_block(self, container: str, blob: str, block_id: str, content: bytes, md5: bytes) -> None:
        """Stage a block; the account checks the MD5. The id is base64, as long as those of the blob's other blocks."""
        ...

    def staged_blocks(self, container: str, blob: str) -> Mapping[str, int]:
        """The blocks that were staged and not committed, with their sizes; empty if there are none."""
        ...

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
        """Make a blob of staged blocks, over what was there. The account keeps the MD5 and does not check it."""
        ...

    def get(self, container: str, blob: str, offset: int, length: int, etag: str) -> bytes:
        """Read a part of a blob. ``PreconditionError`` if the blob is not of that ETag any more."""
        ...

    def share(self, container: str) -> BlobSource:
        """Let another account read the container's blobs: by a user delegation SAS where this account is asked with a
        token, by one of the account's key where that is all there is; for reading alone and for a short time, after
        which ``BlobSource.url`` makes another. No request is made yet."""
        ...

    def copy(self, container: str, blob: str, source: str, info: BlobInfo) -> None:
        """Make a small blob of another account's, whose bytes do not pass through this machine: of the URL ``source``,
        if it is still as ``info`` says."""
        ...

    def put_block_from(
        self, container: str, blob: str, block_id: str, source: str, info: BlobInfo, offset: int, length: int
    ) -> None:
        """Stage a part of another account's blob as a block, likewise."""
        ...
