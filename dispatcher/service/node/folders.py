"""Makes and removes the folders of a node and of its tasks."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from dispatcher.service.node.layout import NODE_FOLDERS, working_folder
from dispatcher.service.node.removal import remove_tree
from dispatcher.service.node.trash import Trash


def make_node_folders(root: Path) -> None:
    """Make a node's root with its folders; what is there stays, but for what was being deleted."""
    Trash(root).empty()
    for name in NODE_FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)


def make_task_folder(folder: str, *, keep: bool) -> None:
    """Make a task's folder and working directory.

    Args:
        folder: the task's folder.
        keep: keep what an earlier attempt left there; otherwise it is removed first.
    """
    try:
        os.mkdir(folder)  # noqa: PTH102 - for every attempt; a Path costs a third of the call
        os.mkdir(working_folder(folder))  # noqa: PTH102
    except (FileNotFoundError, FileExistsError):
        _make_anew(folder, keep=keep)


def _make_anew(folder: str, *, keep: bool) -> None:
    """Make a task's folder where its job's is missing or where there is one already."""
    place = Path(folder)
    while True:
        try:
            place.mkdir()
            break
        except FileNotFoundError:  # the first task of its job, or the job's last folder was just removed
            with suppress(FileNotFoundError):
                place.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            if keep:
                break
            remove_tree(folder)
    with suppress(FileExistsError):
        Path(working_folder(folder)).mkdir()


def remove_task_folder(folder: str, trash: Trash | None = None) -> None:
    """Remove a task's folder, and its job's if it was the last; one that is not there is no error.

    Args:
        folder: the task's folder.
        trash: where it goes at once, to be removed in the background; without one this returns when it is removed.

    Raises:
        OSError: something in it cannot be removed.
    """
    if trash is None:
        remove_tree(folder)
    else:
        _throw(folder, trash)
    with suppress(OSError):  # another task's folder is there
        Path(folder).parent.rmdir()
        Path(folder).parent.parent.rmdir()


def _throw(folder: str, trash: Trash) -> None:
    with suppress(FileNotFoundError):
        above = os.open(Path(folder).parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            trash.throw(Path(folder).name, above)
        finally:
            os.close(above)


def remove_job_folder(folder: str, trash: Trash) -> None:
    """Throw the folder away that holds those of a job's tasks, of which there may be many; it is gone at once.

    One that is not there is no error.

    Raises:
        OSError: it cannot be moved, and something in it cannot be removed.
    """
    _throw(folder, trash)
    with suppress(OSError):  # another job of its schedule has a folder, or there is none
        Path(folder).parent.rmdir()
