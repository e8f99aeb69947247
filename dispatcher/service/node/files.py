"""Looking at a node's files without leaving its folder.

A path that a request names is relative to a root. ``..``, an absolute path and a symbolic link that points out of the
root are all refused alike.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


class FileOutside(Exception):  # noqa: N818 - it says where the file is
    """A path that leaves the folder it is relative to."""

    def __init__(self, relative: str) -> None:
        super().__init__(f"{relative!r} leads out of the folder")
        self.relative = relative


@dataclass(frozen=True, kw_only=True, slots=True)
class FileEntry:
    """A file or folder."""

    name: str
    """Relative to the root of the listing, with ``/`` between its parts."""
    is_directory: bool
    size: int
    """Bytes; 0 for a folder."""
    created: datetime
    """When its inode last changed: Linux tells Python no birth time."""
    modified: datetime
    mode: str
    """Octal as Batch has it, the type bits included: ``0o100644``."""


def resolve(root: Path, relative: str) -> Path:
    """Return where a path leads, links followed; it need not exist.

    Raises:
        FileOutside: it leads out of the root, or round in a circle of links.
    """
    if "\0" in relative or Path(relative).is_absolute() or ".." in Path(relative).parts:
        raise FileOutside(relative)
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, relative))
    if real != real_root and not real.startswith(real_root.rstrip("/") + "/"):
        raise FileOutside(relative)
    if (found := Path(real)).is_symlink():
        raise FileOutside(relative)
    return found


def read_entry(root: Path, relative: str) -> FileEntry:
    """Return what there is to know about one file or folder.

    Raises:
        FileOutside: it leads out of the root.
        FileNotFoundError: it does not exist.
    """
    return _entry(Path(relative).as_posix(), resolve(root, relative).stat())


def list_files(root: Path, relative: str = "", recursive: bool = False) -> Iterator[FileEntry]:
    """Yield the entries of a folder ordered by name; with ``recursive`` each folder is followed by what is in it.

    Links that lead out of the root or nowhere, what cannot be read, what vanishes meanwhile and what is neither file
    nor folder are left out. A linked folder is named, but not entered.

    Raises:
        FileOutside: the folder leads out of the root.
        FileNotFoundError: it does not exist.
        NotADirectoryError: it is a file.
    """
    return _entries(root, relative, os.listdir(resolve(root, relative)), recursive)


def _entries(root: Path, relative: str, names: list[str], recursive: bool) -> Iterator[FileEntry]:
    for name in sorted(names):
        path = os.path.join(relative, name)
        try:
            found = resolve(root, path)
            entry = _entry(path, found.stat())
            enter = recursive and entry.is_directory and not (Path(root) / path).is_symlink()
            below = os.listdir(found) if enter else []
        except (FileOutside, OSError):
            continue
        if entry.is_directory or found.is_file():
            yield entry
            yield from _entries(root, path, below, recursive)


def _entry(name: str, status: os.stat_result) -> FileEntry:
    is_directory = stat.S_ISDIR(status.st_mode)
    return FileEntry(
        name=name,
        is_directory=is_directory,
        size=0 if is_directory else status.st_size,
        created=datetime.fromtimestamp(status.st_ctime, UTC),
        modified=datetime.fromtimestamp(status.st_mtime, UTC),
        mode=oct(status.st_mode),
    )
