"""A workload is found by the name that ``python -m`` takes, or it is said why not."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch_manager.cli.telling import read_secret
from batch_manager.errors import InputError
from batch_manager.found_workload import find_workload, parse_parameters

WORKLOAD = "from batch_manager import WorkloadBase\nclass Mine(WorkloadBase): pass\n"

MakePackage = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePackage]:
    """Makes a package of the given files, importable while the test runs."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(name: str, **files: str) -> str:
        folder = tmp_path.joinpath(*name.split("."))
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(files.pop("init", ""))
        for stem, text in files.items():
            (folder / f"{stem}.py").write_text(text)
        return name

    yield make
    for module in set(sys.modules) - before:
        del sys.modules[module]


def test_workload_is_found_in_the_package_and_in_its_workload_module(package: MakePackage, tmp_path: Path) -> None:
    """Both places are documented; the folder to import from is the one above the outermost package."""
    here = find_workload(package("in_init", init=WORKLOAD, __main__=""))
    there = find_workload(package("outer.inner", workload=WORKLOAD, __main__=""))
    assert (here.workload_type.__name__, there.workload_type.__name__) == ("Mine", "Mine")
    assert (here.import_root, there.import_root) == (tmp_path.resolve(), tmp_path.resolve())


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"workload": WORKLOAD}, "no __main__.py"),
        ({"__main__": ""}, "found: none"),
        ({"__main__": "", "init": WORKLOAD + "class Other(WorkloadBase): pass\n"}, "found: Mine, Other"),
        ({"__main__": "", "init": "import not_there_at_all"}, "needs 'not_there_at_all', which is not installed"),
    ],
)
def test_package_that_is_no_workload_says_what_it_lacks(package: MakePackage, files: dict[str, str], said: str) -> None:
    """The user wrote it and can mend it."""
    name = package(f"lacking_{abs(hash(said))}", **files)
    with pytest.raises(InputError, match=said):
        find_workload(name)


def test_missing_package_says_where_to_run() -> None:
    """The usual cause is the wrong folder."""
    with pytest.raises(InputError, match="run the command in the folder that holds it"):
        find_workload("nowhere.at_all")


def test_module_is_not_a_workload() -> None:
    """``python -m`` runs modules too, nodes do not."""
    with pytest.raises(InputError, match="a module, not a package"):
        find_workload("this")


def test_parameters_are_json_where_they_can_be() -> None:
    """A string needs no quotes."""
    words = ["a=1", "b=Net3", 'c="1"', "d=[1,2]", "e=", "f=x=y", "g=true"]
    assert parse_parameters(words) == {"a": 1, "b": "Net3", "c": "1", "d": [1, 2], "e": "", "f": "x=y", "g": True}


@pytest.mark.parametrize("words", [["a"], ["=1"], ["a=1", "a=2"]])
def test_parameters_of_another_form_are_refused(words: list[str]) -> None:
    """With the word that is wrong."""
    with pytest.raises(InputError, match=r"'a'|'=1'"):
        parse_parameters(words)


def test_secret_is_what_the_file_holds(tmp_path: Path) -> None:
    """Editors end a file with a line end."""
    (tmp_path / "url").write_text("https://example.org/x\n")
    assert read_secret(tmp_path / "url") == "https://example.org/x"


def test_empty_secret_is_refused(tmp_path: Path) -> None:
    """Else the job would end silently."""
    (tmp_path / "url").write_text("\n")
    with pytest.raises(InputError, match="is empty"):
        read_secret(tmp_path / "url")
