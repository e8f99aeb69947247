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
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


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


def check_in_place(root: Path, folder: Path) -> None:
    """Refuse a folder that a task replaced by a link, or that has one on the way to it.

    Args:
        root: where the way begins; what leads to the root may be a link.
        folder: the root, or a folder below it; it need not exist.

    Raises:
        FileOutside: what is written or deleted there would be elsewhere.
    """
    relative = os.path.relpath(folder, root)
    if os.path.realpath(folder) != os.path.normpath(os.path.join(os.path.realpath(root), relative)):
        raise FileOutside(relative)


def open_folder(root: Path, folder: Path) -> int:
    """Open the root or a folder below it; the caller closes it.

    Args:
        root: where it has to be.
        folder: as `resolve` returned it. No link is followed on the way from the root, whatever a task does meanwhile.

    Raises:
        OSError: it is not there any more, or has a link on the way.
    """
    real_root = os.path.realpath(root)
    here = os.open(real_root, _FOLDER)
    for part in folder.relative_to(real_root).parts:
        try:
            below = os.open(part, _FOLDER, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def open_file(root: Path, path: Path) -> BinaryIO:
    """Open a file below a root to read it, as `open_folder` does; the caller closes it.

    Raises:
        OSError: it is not there any more, has a link on the way, or is no file.
    """
    folder = open_folder(root, path.parent)
    try:
        found = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise FileNotFoundError(path)
    return os.fdopen(found, "rb")


def read_entry(root: Path, relative: str) -> FileEntry:
    """Return what there is to know about one file or folder.

    Raises:
        FileOutside: it leads out of the root.
        FileNotFoundError: it does not exist.
    """
    return _entry(Path(relative).as_posix(), resolve(root, relative).stat())


def list_files(root: Path, relative: str = "", recursive: bool = False, after: str = "") -> Iterator[FileEntry]:
    """Yield the entries of a folder ordered by name; with ``recursive`` each folder is followed by what is in it.

    Links that lead out of the root or nowhere, what cannot be read, what vanishes meanwhile, what is neither file nor
    folder and names that are no Unicode text are left out. A linked folder is named, but not entered.

    Args:
        root: what the names in the entries are relative to.
        relative: the folder.
        recursive: whether to enter the folders in it.
        after: the name of an entry that was listed; those up to it, which may be gone, are passed over.

    Raises:
        FileOutside: the folder leads out of the root.
        FileNotFoundError: it does not exist.
        NotADirectoryError: it is a file.
    """
    passed = Path(after).parts[len(Path(relative).parts) :]
    real = resolve(root, relative)
    return _entries(root, _Level(relative, real, os.listdir(real), passed), recursive)


class _Level:
    """A folder that is being listed."""

    def __init__(self, path: str, real: Path, names: list[str], passed: tuple[str, ...]) -> None:
        self.path = path
        self.real = real
        """Where it lies; no part of that is a link."""
        first = passed[0] if passed else ""
        self.names = sorted((name for name in names if name >= first and is_text(name)), reverse=True)
        """Those that are left, the next one last."""
        self.passed = passed
        """The parts of a path that was listed already, with all before it."""


def _entries(root: Path, top: _Level, recursive: bool) -> Iterator[FileEntry]:
    levels = [top]
    while levels:
        level = levels[-1]
        if not level.names:
            levels.pop()
            continue
        name = level.names.pop()
        was_listed = level.passed[:1] == (name,)
        path = os.path.join(level.path, name)
        found = level.real / name
        try:
            status = found.lstat()
            if is_link := stat.S_ISLNK(status.st_mode):
                status = resolve(root, path).stat()
            enter = recursive and stat.S_ISDIR(status.st_mode) and not is_link
            below = os.listdir(found) if enter else []
        except (FileOutside, OSError):
            continue
        if not was_listed and (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
            yield _entry(path, status)
        if below:
            levels.append(_Level(path, found, below, level.passed[1:] if was_listed else ()))


def is_text(name: str) -> bool:
    """Say whether a name is Unicode text, as names in URLs and replies must be."""
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return False
    return True


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
