"""Removing a folder with all that is in it, however deep: no link is followed and no stack grows.

What is removed is named relative to an open folder, so that a link which a task puts in the way leads nowhere.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_OWNER = 0o700
_PATIENCE = 5
"""How often a folder is looked through again because something in it was not there before."""


def remove_tree(path: str | Path) -> None:
    """Remove a folder, or whatever else has the name; what is not there is no error, and of a link only it goes.

    Folders that some program sealed are opened first.

    Raises:
        OSError: something cannot be removed, or new files keep coming.
    """
    parent, name = os.path.split(os.path.abspath(path))
    with suppress(FileNotFoundError), _opened(parent) as above:
        remove_entry(name, above)


def remove_entry(name: str, above: int) -> None:
    """Remove what has a name in an open folder, as `remove_tree` does.

    Raises:
        OSError: something cannot be removed, or new files keep coming.
    """
    if _is_removed(name, above):
        return
    for _ in range(_PATIENCE):
        top = _open_unsealed(name, above)
        if top is not None:
            try:
                _empty(top)
            finally:
                os.close(top)
        if _is_removed(name, above):
            return
    os.rmdir(name, dir_fd=above)


def _empty(top: int) -> None:
    """Remove what is in an open folder, going down and up again by way of open folders; something may be left."""
    here, levels = os.dup(top), [_Level(name="", identity=_identity(top), names=os.listdir(top))]
    try:
        while True:
            level = levels[-1]
            while level.names and _is_removed(level.names[-1], here):
                level.names.pop()
            if level.names:
                name = level.names.pop()
                below = _open_unsealed(name, here)
                if below is not None:
                    os.close(here)
                    here = below
                    levels.append(_Level(name=name, identity=_identity(here), names=os.listdir(here)))
            elif len(levels) == 1:
                return
            else:
                here = _go_up(here, levels)
    finally:
        os.close(here)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Level:
    """A folder on the way down."""

    name: str
    identity: tuple[int, int]
    names: list[str]
    """Of what is in it and has not been looked at."""


def _go_up(here: int, levels: list[_Level]) -> int:
    """Leave an emptied folder for the one above, and remove it there."""
    done = levels.pop()
    above = os.open("..", _FOLDER, dir_fd=here)
    os.close(here)
    if _identity(above) != levels[-1].identity:
        os.close(above)
        raise OSError(errno.EBUSY, "a folder was moved while it was removed")
    _is_removed(done.name, above)
    return above


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


def _is_removed(name: str, above: int) -> bool:
    """Remove a file, a link or an empty folder; say whether nothing has the name any more."""
    try:
        os.unlink(name, dir_fd=above)
    except FileNotFoundError:
        return True
    except (IsADirectoryError, PermissionError):
        try:
            os.rmdir(name, dir_fd=above)
        except FileNotFoundError:
            return True
        except OSError:
            return False
    return True


def _open_unsealed(name: str, above: int) -> int | None:
    """Open a folder that this user may read, write and enter from now on; None if it is no folder any more."""
    try:
        place = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if os.fstat(place).st_mode & _OWNER != _OWNER:
            Path(f"/proc/self/fd/{place}").chmod(_OWNER)
        return os.open(".", _FOLDER, dir_fd=place)
    finally:
        os.close(place)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield folder
    finally:
        os.close(folder)
