"""Where further packages of a workload lie."""

import json
from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.packaging.place import find_include


def _package(folder: Path) -> Path:
    (folder / "helpers").mkdir(parents=True)
    return folder


def test_package_beside_the_workload_is_found(tmp_path: Path) -> None:
    """In the workload's repository, or where there is none."""
    root = _package(tmp_path / "src")
    assert find_include("helpers", tmp_path, [str(root)]) == root
    assert find_include("helpers", None, [str(root)]) == root


@pytest.mark.parametrize("folder", ["lib/site-packages", "lib/dist-packages"])
def test_installed_package_is_no_include(tmp_path: Path, folder: str) -> None:
    """It is a dependency."""
    root = _package(tmp_path / folder)
    with pytest.raises(InputError, match="to the project's dependencies"):
        find_include("helpers", None, [str(root)])


def test_package_of_python_itself_is_no_include() -> None:
    """Every node's Python has it."""
    with pytest.raises(InputError, match="leave it out if it is Python's own"):
        find_include("json", None, [str(Path(json.__file__).parents[1])])


def test_package_of_another_repository_is_told(tmp_path: Path) -> None:
    """Git would know nothing of its changes."""
    root = _package(tmp_path / "other")
    with pytest.raises(InputError, match="put it beside the workload"):
        find_include("helpers", tmp_path / "mine", [str(root)])
