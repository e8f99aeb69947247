"""Removing folders: all of them, nothing else, and nobody waits."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.service.node.folders import make_node_folders, remove_job_folder, remove_task_folder
from dispatcher.service.node.removal import remove_tree
from dispatcher.service.node.trash import Trash

DEPTH = 1500
"""More than the recursion limit, and more than a path may be long."""


def make_deep(folder: Path) -> None:
    """Make a folder with as many in one another, and a file in each."""
    folder.mkdir(parents=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(DEPTH):
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.mkdir("d" * 10, dir_fd=here)
        below = os.open("d" * 10, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def test_folder_of_any_depth_is_removed(tmp_path: Path) -> None:
    """No stack and no length of a path is a limit."""
    make_deep(tmp_path / "deep")
    remove_tree(tmp_path / "deep")
    assert os.listdir(tmp_path) == []


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    """Nor is a folder above it that is not there."""
    remove_tree(tmp_path / "none" / "at all")


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Return files, folders and links, with the folders that they are in."""
    parts = st.lists(st.sampled_from(["a", "b", "\udcff", "é"]), min_size=1, max_size=4)
    paths = draw(st.lists(parts.map("/".join), max_size=12, unique=True))
    return [(path, draw(st.sampled_from(["file", "folder", "sealed", "link", "pipe"]))) for path in paths]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(tree=trees())
def test_links_are_removed_and_what_they_lead_to_stays(tmp_path: Path, tree: list[tuple[str, str]]) -> None:
    """Whatever a task leaves in its folder."""
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    for place in (outside, folder):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    (outside / "kept").touch()
    for path, kind in tree:
        place = folder / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if kind == "link":
                place.symlink_to(outside)
            elif kind == "pipe":
                os.mkfifo(place)
            elif kind == "file":
                place.touch(exist_ok=False)
            else:
                place.mkdir(mode=0o700 if kind == "folder" else 0)
        except OSError:
            continue  # something else is there
    before = sorted(outside.rglob("*"))  # some were made by way of a link
    remove_tree(folder)
    assert not os.path.lexists(folder)
    assert sorted(outside.rglob("*")) == before


def test_task_folder_goes_at_once_and_its_files_later(tmp_path: Path) -> None:
    """Its id is free again before a large folder is removed."""
    folder = tmp_path / "node" / "workitems" / "job" / "job-1" / "task"
    make_deep(folder)
    remove_task_folder(str(folder), Trash(tmp_path / "node"))
    assert not (tmp_path / "node" / "workitems" / "job").exists()
    for future in Trash(tmp_path / "node").empty():
        future.result(30)
    assert os.listdir(tmp_path / ".node" / "trash") == []


def test_opening_a_node_finishes_what_was_being_deleted(tmp_path: Path) -> None:
    """After the service was killed."""
    (tmp_path / ".node" / "trash" / "left" / "over").mkdir(parents=True)
    make_node_folders(tmp_path / "node")
    for future in Trash(tmp_path / "node").empty():
        future.result(30)
    assert os.listdir(tmp_path / ".node" / "trash") == []


def test_folder_that_cannot_be_moved_is_told(tmp_path: Path) -> None:
    """What is not there cannot be thrown away."""
    above = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(FileNotFoundError):
        Trash(tmp_path / "node").throw("none", above)
    os.close(above)


def test_folders_of_a_job_go_at_once_and_its_files_later(tmp_path: Path) -> None:
    """However many tasks it had, neither the next job of its id nor the end of the service waits for them."""
    folder = tmp_path / "node" / "workitems" / "job" / "job-1"
    make_deep(folder / "task")
    for _ in range(2):  # once it is gone that is no error
        remove_job_folder(str(folder), Trash(tmp_path / "node"))
        assert not folder.parent.exists()
    for future in Trash(tmp_path / "node").empty():
        future.result(30)
    assert os.listdir(tmp_path / ".node" / "trash") == []
