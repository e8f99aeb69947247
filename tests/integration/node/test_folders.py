"""Making and removing the folders of tasks."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.service.node.folders import make_task_folder, remove_task_folder

NOBODY = 65534


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Be a user whom permissions stop, also where tests run as root."""
    if (own := os.geteuid()) != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(own)


@pytest.fixture
def root(ordinary_user: None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


def test_sealed_folders_are_removed(root: Path) -> None:
    """As module caches leave them; what a link leads to keeps its permissions."""
    (root / "other").mkdir(mode=0o500)
    task = root / "job" / "job-1" / "task"
    make_task_folder(str(task), keep=False)
    (task / "wd" / "outer" / "inner").mkdir(parents=True)
    (task / "wd" / "outer" / "inner" / "file").touch()
    (task / "wd" / "link").symlink_to(root / "other")
    for sealed in (task / "wd" / "outer" / "inner", task / "wd" / "outer", task / "wd"):
        sealed.chmod(0)
    remove_task_folder(str(task))
    assert [path.name for path in root.iterdir()] == ["other"]
    assert (root / "other").stat().st_mode & 0o777 == 0o500


def test_folder_of_another_task_stays(root: Path) -> None:
    """With the job's folder; removing what is not there is no error."""
    for task in ("one", "two"):
        make_task_folder(str(root / "job" / "job-1" / task), keep=False)
    for _ in range(2):
        remove_task_folder(str(root / "job" / "job-1" / "one"))
    assert [path.name for path in (root / "job" / "job-1").iterdir()] == ["two"]
