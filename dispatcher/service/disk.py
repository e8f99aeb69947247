"""What a disk refuses that others are not to blame for: it is full, read-only, or broken."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_FREE_SPACE: Final = "free space there"
_REMEDIES: Final = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: "raise the limit of a file's size",
    errno.EROFS: "make its file system writable",
    errno.EIO: "see to its disk",
}
"""What helps, by number of the error."""


class DiskFailed(Exception):  # noqa: N818 - it says what happened
    """The disk under the service's folder cannot be used; the message says where, why and what to do."""


def disk_failure(error: OSError, path: Path) -> DiskFailed | None:
    """Return what an error says of the disk below a path; None where it says nothing of it."""
    remedy = _REMEDIES.get(error.errno or 0)
    if remedy is None:
        return None
    return DiskFailed(f"cannot write below {path}: {error.strerror}: {remedy}, then start the service again")


@contextmanager
def disk_failures(path: Path) -> Iterator[None]:
    """Let an error of the disk below a path be a `DiskFailed`.

    Raises:
        DiskFailed: the disk is full, read-only or broken.
    """
    try:
        yield
    except OSError as error:
        raise disk_failure(error, path) or error from None
