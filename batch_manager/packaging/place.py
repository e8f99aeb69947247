"""Where a workload's package and its project lie, found without importing anything of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batch_manager.errors import InputError

PROJECT_FILES = ("pyproject.toml", "requirements.txt")
_INSTALLED = ("site-packages", "dist-packages")
_PARENTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPlace:
    """A workload on this machine."""

    module: str
    """What ``python -m`` runs."""
    import_root: Path
    """The folder that is on Python's path for it."""
    project: Path
    """The folder of the file that names its dependencies; the import root where there is none."""

    @property
    def folder(self) -> Path:
        """The package's own folder."""
        return self.import_root.joinpath(*self.module.split("."))


def find_place(module: str, search_path: Iterable[str]) -> WorkloadPlace:
    """Find a workload's package.

    Args:
        module: its name with dots.
        search_path: the folders to look in, as ``sys.path`` has them.

    Raises:
        InputError: there is none, it cannot be started with ``python -m``, or it is an installed copy.
    """
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        raise InputError(f"{module!r} is not a package's name: give it with dots, such as workloads.water_network")
    root = find_root(module, search_path)
    if not root.joinpath(*parts, "__main__.py").is_file():
        raise InputError(f"{module!r} has no __main__.py, so that no node can start it with 'python -m {module}'")
    if root.name in _INSTALLED:
        raise InputError(
            f"{module!r} is installed in {str(root)!r}, where its locked dependencies are not known: "
            "run the command in its project's folder"
        )
    return WorkloadPlace(module=module, import_root=root, project=_project(root, root.joinpath(*parts)))


def find_root(module: str, search_path: Iterable[str]) -> Path:
    """The first folder that holds a package.

    Raises:
        InputError: none does.
    """
    parts = module.split(".")
    for entry in search_path:
        root = Path(entry or ".").resolve()
        if root.joinpath(*parts).is_dir():
            return root
    raise InputError(
        f"there is no package {module!r} here; run the command in the folder that holds it, "
        "and give its name with dots, such as workloads.water_network"
    )


def find_include(module: str, repository: Path | None, search_path: Iterable[str]) -> Path:
    """The folder that holds a further package of the user's own.

    Args:
        module: its name with dots.
        repository: the git repository of the workload, if it has one.
        search_path: the folders to look in.

    Raises:
        InputError: there is none, or it is Python's, installed, or of another repository than the workload.
    """
    root = find_root(module, search_path)
    named = f"--include {module!r} is in {str(root)!r}"
    if root.name in _INSTALLED or root.is_relative_to(Path(os.__file__).resolve().parent):
        raise InputError(
            f"{named}, where Python's own and installed packages are: add what provides it to the project's "
            "dependencies, or leave it out if it is Python's own"
        )
    if repository is not None and not root.joinpath(*module.split(".")).is_relative_to(repository):
        raise InputError(
            f"{named}, and the workload in the git repository {str(repository)!r}: put it beside the workload, or "
            "publish a wheel of it and add that to the project's dependencies"
        )
    return root


def _project(root: Path, folder: Path) -> Path:
    """The nearest folder, from the package's own up, that names dependencies; never one outside of its repository."""
    between = [folder, *folder.parents]
    for place in between[: between.index(root) + _PARENTS]:
        if any((place / name).is_file() for name in PROJECT_FILES):
            return place
        if (place / ".git").exists():
            break
    return root
