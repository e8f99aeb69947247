"""Files and folders that their owner alone may read; a file is whole or not there, whenever the process dies."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from dispatcher.service.disk import disk_failure


class PrivacyError(Exception):
    """A folder cannot be made private or is another user's; the message says which."""


def make_private_folder(folder: Path, *, is_ours: bool = False) -> None:
    """Make a folder for this user alone, with its parents; one that is there is closed to others.

    Args:
        folder: the folder.
        is_ours: whether it lies in a private folder. Any other is closed only while it is empty: it may be a home.

    Raises:
        PrivacyError: it cannot be made or written to, it belongs to another user, or others can read what is in it.
        DiskFailed: the disk is full, read-only or broken.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_own(folder)
        if folder.stat().st_mode & 0o077:
            if not is_ours and any(folder.iterdir()):
                raise PrivacyError(f"others can use the folder {folder}: use another, or close it with chmod 700")
            folder.chmod(0o700)
        if os.statvfs(folder).f_flag & os.ST_RDONLY:  # nothing was written yet that would have shown it
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
    except OSError as error:
        raise disk_failure(error, folder) or PrivacyError(f"cannot use the folder {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PrivacyError(f"cannot use the folder {folder}: Permission denied")


def require_own(folder: Path) -> None:
    """Return if a folder belongs to this user.

    Raises:
        PrivacyError: it does not.
    """
    if (owner := folder.stat().st_uid) != os.getuid():
        raise PrivacyError(f"the folder {folder} belongs to another user (id {owner})")


def write_private(path: Path, content: bytes) -> None:
    """Write a file for this user alone, in the place of any that is there."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".")  # mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError:  # the disk is full: leave no more on it
        Path(draft).unlink(missing_ok=True)
        raise


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return a file's content; where there is none, it is made first."""
    if not path.exists():
        write_private(path, make())
    return path.read_bytes()
