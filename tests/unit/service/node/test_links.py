"""Tests of links that a task puts in the place of what the node writes to, reads or deletes."""

from pathlib import Path

import pytest

from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.files import FileOutside, check_in_place
from dispatcher.service.node.folders import make_task_folder, remove_task_folder
from dispatcher.service.node.launch import BlobMount, OutputFile, UploadCondition
from dispatcher.service.node.mounts import Mount
from dispatcher.service.node.patterns import find_files, read_pattern
from dispatcher.service.node.uploads import stage_out


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder with a file that is none of a node's."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept")
    return folder


def _kept(outside: Path) -> bool:
    return (outside / "kept.txt").read_text() == "kept"


def test_task_folder_that_is_a_link_is_removed_without_what_it_leads_to(tmp_path: Path, outside: Path) -> None:
    """Only the link goes, for a retry and for a deletion."""
    folder = tmp_path / "task"
    folder.symlink_to(outside)
    make_task_folder(str(folder), keep=False)
    assert not folder.is_symlink()
    remove_task_folder(str(folder))
    assert _kept(outside)


def test_folder_behind_a_link_is_not_in_place(tmp_path: Path, outside: Path) -> None:
    """A link on the way counts like one at the end; one before the root does not."""
    root = tmp_path / "node"
    root.mkdir()
    (root / "workitems").symlink_to(outside)
    with pytest.raises(FileOutside):
        check_in_place(root, root / "workitems" / "job")
    (tmp_path / "alias").symlink_to(root)
    check_in_place(tmp_path / "alias", tmp_path / "alias" / "shared")


def test_pattern_in_a_task_folder_that_is_a_link_leads_outside(tmp_path: Path, outside: Path) -> None:
    """Nothing of it is uploaded."""
    folder = tmp_path / "task"
    folder.symlink_to(outside)
    with pytest.raises(FileOutside):
        list(find_files(read_pattern("../*.txt", str(folder / "wd"), {}), folder))


def test_log_of_uploads_replaces_a_link(tmp_path: Path, outside: Path) -> None:
    """What the link leads to is not written to."""
    (tmp_path / "wd").mkdir()
    (tmp_path / "fileuploadout.txt").symlink_to(outside / "kept.txt")
    file = OutputFile(
        file_pattern="none", container_url="http://127.0.0.1:1/c", condition=UploadCondition.TASK_COMPLETION
    )
    assert stage_out([file], tmp_path, {}, StorageAccess(lambda: None), lambda: None) is None
    assert _kept(outside)


@pytest.mark.parametrize("read_only", [False, True])
def test_mount_that_is_a_link_is_not_entered(tmp_path: Path, outside: Path, read_only: bool) -> None:
    """Closing it neither uploads nor changes what the link leads to."""
    place = tmp_path / "node" / "fsmounts" / "data"
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    outside.chmod(0o711)
    mount = BlobMount(folder="data", account="a", container="c", read_only=read_only, sas=None, account_key=None)
    Mount(mount, folder=place, memory=tmp_path / "memory", storage=StorageAccess(lambda: None)).close()
    assert outside.stat().st_mode & 0o777 == 0o711
    assert _kept(outside)
