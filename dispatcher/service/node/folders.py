"""Makes and removes the folders of a node and of its tasks."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from dispatcher.service.node.layout import NODE_FOLDERS, working_folder


def make_node_folders(root: Path) -> None:
    """Make a node's root with its folders; what is there stays."""
    for name in NODE_FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)


def make_task_folder(folder: str, *, keep: bool) -> None:
    """Make a task's folder and working directory.

    Args:
        folder: the task's folder.
        keep: keep what an earlier attempt left there; otherwise it is removed first.
    """
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
            _remove_tree(folder)
    with suppress(FileExistsError):
        Path(working_folder(folder)).mkdir()


def remove_task_folder(folder: str) -> None:
    """Remove a task's folder, and its job's if it was the last; one that is not there is no error.

    Raises:
        OSError: something in it cannot be removed.
    """
    _remove_tree(folder)
    with suppress(OSError):  # another task's folder is there
        Path(folder).parent.rmdir()
        Path(folder).parent.parent.rmdir()


def remove_job_folder(folder: str) -> None:
    """Remove the folder that holds those of a job's tasks; one that is not there is no error.

    Raises:
        OSError: something in it cannot be removed.
    """
    _remove_tree(folder)
    with suppress(OSError):  # another job of its schedule has a folder, or there is none
        Path(folder).parent.rmdir()


def _remove_tree(folder: str) -> None:
    """Remove a folder; of a link that a task put in its place only the link."""
    with suppress(FileNotFoundError):
        if Path(folder).is_symlink():
            Path(folder).unlink()
            return
        try:
            shutil.rmtree(folder)
        except PermissionError:
            _unseal(Path(folder))
            shutil.rmtree(folder)


def _unseal(folder: Path) -> None:
    """Give back to folders the permissions that some programs take from those they made."""
    folder.chmod(0o700)
    for place, names, _ in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o700)  # before the walk enters it
