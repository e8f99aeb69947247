"""Fills the templates in and writes them, all or none."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.resources import files
from pathlib import Path

from batch_manager.errors import DiskError, InputError
from batch_manager.scaffold.names import check_name, project_name

LAYOUT = {
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    "gitignore": ".gitignore",
    "launch.json": ".vscode/launch.json",
    "ci.yml": ".github/workflows/ci.yml",
    "__init__.py": "{{name}}/__init__.py",
    "__main__.py": "{{name}}/__main__.py",
    "average.py": "{{name}}/average.py",
    "job_manager.py": "{{name}}/job_manager.py",
    "layout.py": "{{name}}/layout.py",
    "logging.yaml": "{{name}}/logging.yaml",
    "parameters.py": "{{name}}/parameters.py",
    "throw.py": "{{name}}/throw.py",
    "workload.py": "{{name}}/workload.py",
    "test_job.py": "tests/test_job.py",
    "test_tasks.py": "tests/test_tasks.py",
}
"""The templates, and where each of them goes in the project's folder."""

_SUFFIX = ".tmpl"
_WORD = re.compile(r"\{\{(\w+)\}\}")
_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkload:
    """A workload that was written."""

    name: str
    folder: Path
    """The project's folder."""
    written: tuple[str, ...]
    """The files that were not there before, from the project's folder."""
    kept: tuple[str, ...]
    """Those that were there and were the same."""


def write_workload(name: str, folder: Path, *, python: str) -> NewWorkload:
    """Write a new workload's project.

    Files that are there already and are the same are left as they are, so that doing it again after it was interrupted
    writes the rest.

    Args:
        name: the package's name.
        folder: the project's folder; made if it is missing.
        python: the Python that its CI uses: ``3.12``.

    Raises:
        InputError: the name cannot be used, or a file is there that is another; nothing was written then.
        DiskError: a file cannot be written.
    """
    check_name(name)
    _refuse_installed(name, folder)
    texts = fill_templates(name, python=python)
    kept = tuple(path for path, text in texts.items() if _is_the_same(folder / path, text))
    others = [path for path in texts if path not in kept and os.path.lexists(folder / path)]
    if others:
        more = f" and {len(others) - _TOLD} more" if len(others) > _TOLD else ""
        raise InputError(
            f"{str(folder)!r} has {', '.join(others[:_TOLD])}{more} already, with something else in it; nothing was "
            "written: give another name, or another folder with --to"
        )
    for path, text in texts.items():
        if path not in kept:
            _write(folder / path, text)
    return NewWorkload(name=name, folder=folder, written=tuple(path for path in texts if path not in kept), kept=kept)


def fill_templates(name: str, *, python: str) -> dict[str, str]:
    """The project's files, by their place in its folder."""
    words = {"name": name, "project": project_name(name), "python": python}
    template = files("batch_manager.scaffold") / "template"
    return {
        _filled(path, words): _filled((template / f"{source}{_SUFFIX}").read_text(encoding="utf-8"), words)
        for source, path in LAYOUT.items()
    }


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: words[found[1]], text)


def _refuse_installed(name: str, folder: Path) -> None:
    """A package that is installed would be found in the new one's place, or the other way round."""
    import sys

    own = {Path.cwd().resolve(), folder.resolve()}
    elsewhere = [entry for entry in sys.path if entry and Path(entry).resolve() not in own]
    if PathFinder.find_spec(name, elsewhere) is not None:
        raise InputError(f"{name!r} is a package that is installed here: give another name, such as '{name}_workload'")


def _is_the_same(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    except OSError as error:
        raise DiskError(f"{str(path)!r} cannot be written: {error.strerror}; look at its folder") from None
    finally:
        draft.unlink(missing_ok=True)
