"""What a project says that it depends on."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.packaging.framework import Framework
from batch_manager.packaging.listed import read_listed
from batch_manager.packaging.poetry_versions import poetry_requirement
from batch_manager.packaging.requirements import Requirements, read_requirements


def _read(folder: Path, text: str, *extras: str) -> Requirements:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return read_requirements(folder, "some.water_network", extras)


def test_framework_itself_is_not_resolved(tmp_path: Path) -> None:
    """It is packed as it is installed; its extras that are asked for count."""
    found = _read(tmp_path, '[project]\nname = "x"\ndependencies = ["Azure_Batch.Manager[key-vault]>=0.1", "numpy>=2"]')
    assert found.lines == ("numpy>=2",)
    assert found.framework_extras == ("key-vault",)


def test_extra_of_the_workloads_name_is_taken(tmp_path: Path) -> None:
    """So a workload inside a bigger distribution has what only it needs; others are given."""
    text = '[project]\nname = "x"\n[project.optional-dependencies]\nwater-network = ["a"]\nplot = ["b"]\nother = ["c"]'
    found = _read(tmp_path, text, "plot")
    assert found.lines == ("a", "b")
    assert found.extras == ("water-network", "plot")


def test_unknown_extra_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    """A misspelled one must not be left out in silence."""
    with pytest.raises(InputError, match=r"'plots'.*there is: plot"):
        _read(tmp_path, '[project]\nname = "x"\n[project.optional-dependencies]\nplot = ["b"]', "plots")


def test_poetry_table_is_read(tmp_path: Path) -> None:
    """Python's own entry is none, and an optional one is its extra's."""
    text = (
        '[tool.poetry.dependencies]\npython = "^3.11"\nnumpy = "^2.1"\nazure-batch-manager = "*"\n'
        'b = { version = "~1.4", optional = true }\n[tool.poetry.extras]\nplot = ["b"]'
    )
    assert _read(tmp_path, text).lines == ("numpy>=2.1,<3",)
    assert _read(tmp_path, text, "plot").lines == ("numpy>=2.1,<3", "b>=1.4,<1.5")


def test_requirements_file_counts_where_pyproject_says_nothing(tmp_path: Path) -> None:
    """Or says that they are elsewhere."""
    (tmp_path / "requirements.txt").write_text("azure-batch-manager\nnumpy\n", encoding="utf-8")
    assert _read(tmp_path, "[tool.ruff]\nline-length = 100").lines == ("numpy",)
    assert _read(tmp_path, '[project]\nname = "x"\ndynamic = ["dependencies"]').lines == ("numpy",)


def test_requirements_file_is_read_as_pip_does(tmp_path: Path) -> None:
    """Comments, lines that go on, hashes, and other files; not its own lock, which is made anew."""
    text = "# all\nnumpy>=2  # why\n\nscipy==1.1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n-r more/x.txt\n"
    (tmp_path / "requirements.txt").write_text(text, encoding="utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/x.txt").write_text("pandas ; python_version > '3'\n--requirement=y.txt", encoding="utf-8")
    (tmp_path / "more/y.txt").write_text("-r x.txt\nrich", encoding="utf-8")
    lines = read_listed(tmp_path / "requirements.txt")
    assert lines == ("numpy>=2", "scipy==1.1", "pandas ; python_version > '3'", "rich")


@pytest.mark.parametrize("line", ["-e .", "--index-url https://x", "-c limits.txt", "-r nowhere.txt", "./lib"])
def test_line_of_a_requirements_file_that_cannot_be_locked_is_refused(tmp_path: Path, line: str) -> None:
    """Never left out."""
    (tmp_path / "requirements.txt").write_text(f"numpy\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"(requirements|nowhere)\.txt"):
        read_requirements(tmp_path, "x")


@pytest.mark.parametrize("line", ["x @ file:///home/me/x", "x@ git+https://host/x", "x @ https://host/x.whl"])
def test_dependency_from_a_folder_or_an_address_is_refused(tmp_path: Path, line: str) -> None:
    """A node could not have it, or another the next day."""
    with pytest.raises(InputError, match="cannot be locked"):
        _read(tmp_path, f'[project]\nname = "x"\ndependencies = ["{line}"]')


@pytest.mark.parametrize("text", ["[project", '[project]\nname = "x"\ndependencies = 3', "project = 3"])
def test_pyproject_that_is_none_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """No traceback for a typing mistake."""
    with pytest.raises(InputError, match=r"pyproject\.toml"):
        _read(tmp_path, text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("^1.2.3", "x>=1.2.3,<2"),
        ("^0.2.3", "x>=0.2.3,<0.3"),
        ("^0.0.3", "x>=0.0.3,<0.0.4"),
        ("^0", "x>=0,<1"),
        ("~1.2.3", "x>=1.2.3,<1.3"),
        ("~1", "x>=1,<2"),
        ("~=1.2", "x~=1.2"),
        ("1.2", "x==1.2"),
        (">=1,<3", "x>=1,<3"),
        ("*", "x"),
        ({"version": "^1", "extras": ["a", "b"]}, "x[a,b]>=1,<2"),
        ({"version": "1.*", "markers": "sys_platform == 'linux'"}, "x==1.* ; (sys_platform == 'linux')"),
        ({"python": "<3.12"}, "x ; python_version <'3.12'"),
    ],
)
def test_poetrys_versions_are_those_of_pep_508(value: object, expected: str) -> None:
    """As Poetry's documentation has them."""
    assert poetry_requirement("x", value) == expected


@pytest.mark.parametrize("value", [{"path": "../x"}, {"git": "u"}, "^1 || ^2", [{"version": "1"}], "^x"])
def test_poetry_dependency_that_cannot_be_had_is_refused_by_name(value: object) -> None:
    """Never left out."""
    with pytest.raises(InputError, match="'x'"):
        poetry_requirement("x", value)


def test_framework_needs_are_without_extras_unless_asked_for() -> None:
    """A node needs no local service."""
    requires = ("a (>=1)", 'b ; extra == "local"', "c ; python_version < '3.12' and extra == 'key-vault'")
    framework = Framework(version="1", folder=Path("x"), requires=requires, metadata=())
    assert framework.requirements() == ["a (>=1)"]
    assert framework.requirements(["key-vault"])[1] == "c ; python_version < '3.12' and python_version >= \"3\""
