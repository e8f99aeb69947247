"""Files of this machine to blobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from batch_manager.transfer.outcome import Progress, TransferResult
from batch_manager.transfer.seam import BlobStore


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
    raise NotImplementedError
