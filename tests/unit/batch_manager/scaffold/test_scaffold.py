"""A new workload: what it may be called, and what is written."""

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from batch_manager.errors import InputError
from batch_manager.packaging.names import application_id
from batch_manager.scaffold.names import MAX_NAME, check_name
from batch_manager.scaffold.writing import LAYOUT, fill_templates, write_workload


@pytest.mark.parametrize("name", ["pi", "pi_sweep", "a" * MAX_NAME, "x2"])
def test_name_that_python_and_batch_take_is_taken(name: str) -> None:
    """It is an application's id too."""
    assert application_id(check_name(name)) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Pi-Sweep", "such as 'pi_sweep'"),
        ("2pi", "give a letter"),
        ("", "give a letter"),
        ("../x", "such as 'x'"),
        ("a" * (MAX_NAME + 1), "up to"),
        ("class", "word of Python"),
        ("match", "word of Python"),
        ("json", "there already"),
        ("dispatcher", "there already"),
    ],
)
def test_name_that_cannot_be_used_is_refused(name: str, message: str) -> None:
    """With one that can."""
    with pytest.raises(InputError, match=message):
        check_name(name)


def test_name_of_an_installed_package_is_refused(tmp_path: Path) -> None:
    """One would be found in the place of the other."""
    with pytest.raises(InputError, match="'yaml' is a package that is installed"):
        write_workload("yaml", tmp_path, python="3.12")


def test_every_template_is_written() -> None:
    """None is forgotten, and none is missing."""
    found = {path.name for path in (files("batch_manager.scaffold") / "template").iterdir()}
    assert found == {f"{name}.tmpl" for name in LAYOUT}


def test_files_of_a_new_workload_can_be_read() -> None:
    """By those that they are for; nothing is left to fill in."""
    texts = fill_templates("pi_sweep", python="3.12")
    assert not any("{{" in text.replace("${{", "") for text in texts.values())
    assert tomllib.loads(texts["pyproject.toml"])["project"]["name"] == "pi-sweep"
    assert json.loads(texts[".vscode/launch.json"])["configurations"][0]["args"][1] == "pi_sweep"
    assert (
        yaml.safe_load(texts[".github/workflows/ci.yml"])["jobs"]["ci"]["steps"][1]["with"]["python-version"] == "3.12"
    )
    assert yaml.safe_load(texts["pi_sweep/logging.yaml"])["version"] == 1
    for path, text in texts.items():
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_second_time_writes_what_is_missing_and_keeps_the_rest(tmp_path: Path) -> None:
    """So one that was interrupted can be finished."""
    first = write_workload("pi_sweep", tmp_path / "p", python="3.12")
    (tmp_path / "p/pi_sweep/throw.py").unlink()
    second = write_workload("pi_sweep", tmp_path / "p", python="3.12")
    assert len(first.written) == len(LAYOUT)
    assert second.written == ("pi_sweep/throw.py",)
    assert len(second.kept) == len(LAYOUT) - 1


def test_file_that_is_another_is_never_overwritten(tmp_path: Path) -> None:
    """Nothing is written then, not even what is missing."""
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md already.*nothing was written"):
        write_workload("pi_sweep", tmp_path, python="3.12")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
