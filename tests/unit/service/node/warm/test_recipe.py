"""Which commands can start warm."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.warm.recipe import Recipe, recipe_of

PYTHON = sys.executable
OWN = ("AZ_BATCH_", "MINE_")


def _recipe(*argv: str, **environment: str) -> Recipe | None:
    return recipe_of(argv, {"PATH": "/usr/bin", **environment}, OWN)


@pytest.mark.parametrize(
    "argv",
    [
        [PYTHON, "-m", "pkg", "task", "-x"],
        [PYTHON, "-m", "pkg.sub"],
        [PYTHON, "-u", "-B", "-m", "pkg"],
        [PYTHON, "/srv/run.py", "a"],
        [PYTHON, "-O", "/srv/run.py"],
    ],
)
def test_modules_and_absolute_scripts_have_a_recipe(argv: list[str]) -> None:
    """With options that a template can be started with as well."""
    recipe = _recipe(*argv)
    assert recipe is not None
    assert list(recipe.words) == argv[: len(recipe.words)]
    assert recipe.target in {"pkg", "pkg.sub", "/srv/run.py"}
    assert recipe.is_module == ("-m" in argv)
    assert recipe.words_before_target[0] == PYTHON
    assert not {"-m", recipe.target} & set(recipe.words_before_target)


@pytest.mark.parametrize(
    "argv",
    [
        ["/bin/true"],
        ["/bin/sh", "-c", "python -m pkg"],
        [PYTHON],
        [PYTHON, "-m"],
        [PYTHON, "-c", "pass"],
        [PYTHON, "-"],
        [PYTHON, "run.py"],
        [PYTHON, "./run.py"],
        [PYTHON, "/srv/run"],
        [PYTHON, "/srv/folder"],
        [PYTHON, "-mpkg"],
        [PYTHON, "-m", "not a module"],
        [PYTHON, "-m", "..pkg"],
        [PYTHON, "-I", "-m", "pkg"],
        [PYTHON, "-E", "-m", "pkg"],
        [PYTHON, "-S", "-m", "pkg"],
        [PYTHON, "-X", "dev", "-m", "pkg"],
        [PYTHON, "-W", "error", "-m", "pkg"],
        [PYTHON, "-i", "-m", "pkg"],
        [PYTHON, "--version"],
        ["/nowhere/python3", "-m", "pkg"],
        ["bin/python3", "-m", "pkg"],
        ["python3.nothing", "-m", "pkg"],
    ],
)
def test_other_commands_start_cold(argv: list[str]) -> None:
    """What a template could not be, or what is found by the task's own folder."""
    assert _recipe(*argv) is None


@pytest.mark.parametrize(
    "name", ["PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "PYTHONMALLOC", "PYTHONOTHER"]
)
def test_unusual_settings_of_python_start_cold(name: str) -> None:
    """They may make a template something else than a waiting interpreter."""
    assert _recipe(PYTHON, "-m", "pkg", **{name: "1"}) is None


@pytest.mark.parametrize("path", ["", "lib", "/srv:lib", "/srv:", "."])
def test_search_path_that_depends_on_the_folder_starts_cold(path: str) -> None:
    """Each task has a folder of its own."""
    assert _recipe(PYTHON, "-m", "pkg", PYTHONPATH=path) is None
    assert _recipe(PYTHON, "-m", "pkg", PYTHONPATH="/srv:/opt") is not None


def test_program_is_looked_up_as_for_any_command(tmp_path: Path) -> None:
    """On the task's own PATH; the first one counts, even if that is a script, which then starts cold."""
    real, script = tmp_path / "real", tmp_path / "script"
    for folder in (real, script):
        folder.mkdir()
    (real / "python3").symlink_to(os.path.realpath(PYTHON))
    (script / "python3").write_text('#!/bin/sh\nexec python3.11 "$@"\n')
    (script / "python3").chmod(0o755)
    found = _recipe("python3", "-m", "pkg", PATH=f"/nowhere:{real}:{script}")
    assert found is not None
    assert found.program == f"{real}/python3"
    assert _recipe("python3", "-m", "pkg", PATH=f"{script}:{real}") is None
    assert _recipe("python3", "-m", "pkg", PATH="/nowhere") is None


@given(st.dictionaries(st.sampled_from(["HOME", "AZ_BATCH_TASK_ID", "AZ_BATCH_X", "MINE_INPUTS"]), st.text()))
def test_variables_that_each_task_has_make_no_difference(own: dict[str, str]) -> None:
    """And no template has them."""
    recipe = _recipe(PYTHON, "-m", "pkg", **own)
    assert recipe == _recipe(PYTHON, "-m", "pkg")
    assert recipe is not None
    assert not set(own) & set(dict(recipe.environment))


@given(st.text(alphabet="ABCXYZ_", min_size=1), st.text())
def test_any_other_variable_makes_a_difference(name: str, value: str) -> None:
    """A library may have looked at it when it was imported."""
    assert _recipe(PYTHON, "-m", "pkg", **{name: value}) != _recipe(PYTHON, "-m", "pkg", **{name: f"{value}."})


@given(st.lists(st.text()))
def test_arguments_make_no_difference(words: list[str]) -> None:
    """Those after the module are the task's own."""
    assert _recipe(PYTHON, "-m", "pkg", *words) == _recipe(PYTHON, "-m", "pkg")
