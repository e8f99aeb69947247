"""Which files go into a package, and which must not."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.packaging.files import package_files
from batch_manager.packaging.imports import missing_imports
from batch_manager.packaging.node_names import windows_problems
from batch_manager.packaging.place import find_place


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a workload ``group.pi``."""
    (tmp_path / "group" / "pi" / "data").mkdir(parents=True)
    for name in ("group/__init__.py", "group/other.py", "group/pi/__init__.py", "group/pi/__main__.py"):
        (tmp_path / name).touch()
    (tmp_path / "group/pi/data/net.inp").write_text("x", encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def test_package_has_its_data_files_and_the_packages_round_it(root: Path) -> None:
    """Not its neighbours, nor what tools leave."""
    (root / "group/pi/__pycache__").mkdir()
    (root / "group/pi/__pycache__/x.cpython-311.pyc").touch()
    names = [file.name for file in package_files(root, "group.pi")]
    assert names == [
        "site/group/__init__.py",
        "site/group/pi/__init__.py",
        "site/group/pi/__main__.py",
        "site/group/pi/data/net.inp",
    ]


def test_ignored_files_are_left_out(root: Path) -> None:
    """Even one that would be refused."""
    (root / "group/pi/.env").touch()
    names = [file.name for file in package_files(root, "group.pi", frozenset({root / "group/pi/.env"}))]
    assert "site/group/pi/.env" not in names


@pytest.mark.parametrize("name", [".env", ".env.prod", "server.pem", "ID_RSA", "x.key", "local.settings.json"])
def test_file_that_looks_like_a_secret_is_refused_by_name(root: Path, name: str) -> None:
    """Everybody who may read the package would have it."""
    (root / "group/pi" / name).touch()
    with pytest.raises(InputError, match=f"group/pi/{name}: looks like a secret"):
        package_files(root, "group.pi")


@pytest.mark.parametrize("target", ["data", "data/net.inp", "nowhere"])
def test_link_is_refused(root: Path, target: str) -> None:
    """To a file, to a folder, to nothing."""
    (root / "group/pi/link").symlink_to(target)
    with pytest.raises(InputError, match="group/pi/link: a link"):
        package_files(root, "group.pi")


def test_name_beyond_ascii_is_refused(root: Path) -> None:
    """Unzip programs disagree on it."""
    (root / "group/pi/data/größe.csv").touch()
    with pytest.raises(InputError, match="other characters than ASCII"):
        package_files(root, "group.pi")


def test_all_problems_are_told_at_once(root: Path) -> None:
    """Up to ten of them."""
    for number in range(12):
        (root / f"group/pi/{number}.pem").touch()
    with pytest.raises(InputError, match="and 2 more"):
        package_files(root, "group.pi")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("site/a/NUL.txt", "device"),
        ("site/com1/x.py", "device"),
        ("site/a/b:c", "cannot be a name"),
        ("site/a./x", "cannot be a name"),
        ("site/" + "d" * 203, "208 characters, where 207 are left"),
    ],
)
def test_name_that_windows_cannot_have_is_told(name: str, problem: str) -> None:
    """With what to do."""
    (told,) = windows_problems([name], "pi", "1.0.0")
    assert problem in told


def test_names_that_differ_in_case_alone_are_told() -> None:
    """One of the files would be lost on Windows."""
    (told,) = windows_problems(["site/Net.py", "site/net.py", "site/other.py"], "pi", "1.0.0")
    assert told.startswith("site/net.py and site/Net.py: one file on Windows")


def test_longest_name_that_fits_is_taken() -> None:
    """259 characters with the folder on the node."""
    assert list(windows_problems(["site/" + "d" * 202], "pi", "1.0.0")) == []


def test_import_of_what_is_not_packed_is_found(root: Path) -> None:
    """One that may fail, or is for type checkers, is not."""
    (root / "group/pi/__init__.py").write_text(
        "import json, numpy.linalg\nfrom . import x\nfrom group.pi import y\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import pandas\ntry:\n    import cupy\nexcept ImportError:\n    cupy = None\n"
        "def run():\n    from scipy import stats\n    import yaml\n",
        encoding="utf-8",
    )
    own = package_files(root, "group.pi")
    (root / "yaml.py").touch()
    everything = [*own, *package_files(root, "group")]
    assert missing_imports(own, everything) == {
        "numpy": "group/pi/__init__.py",
        "scipy": "group/pi/__init__.py",
        "yaml": "group/pi/__init__.py",
    }


def test_place_is_found_without_importing(root: Path) -> None:
    """With the project that names its dependencies."""
    (root / "group/__init__.py").write_text("raise RuntimeError", encoding="utf-8")
    place = find_place("group.pi", ["/nowhere", str(root)])
    assert (place.import_root, place.project, place.folder) == (root, root, root / "group/pi")


@pytest.mark.parametrize(
    ("module", "message"), [("group.rho", "no package"), ("group", "no __main__"), ("group/pi", "not a package's name")]
)
def test_place_that_is_none_is_refused(root: Path, module: str, message: str) -> None:
    """With what to do."""
    with pytest.raises(InputError, match=message):
        find_place(module, [str(root)])


def test_project_of_another_repository_is_not_taken(root: Path) -> None:
    """The search ends at the root of the workload's own."""
    (root / "group/.git").mkdir()
    inner = root / "group"
    assert find_place("pi", [str(inner)]).project == inner
