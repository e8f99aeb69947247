"""What a workload's project says that it depends on: ``pyproject.toml`` (PEP 621 or Poetry) or ``requirements.txt``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batch_manager.errors import InputError
from batch_manager.packaging.framework import DISTRIBUTION
from batch_manager.packaging.listed import read_listed
from batch_manager.packaging.poetry_versions import poetry_requirement

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")
_DIRECT = re.compile(r"@\s*\S+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What has to be resolved for a package."""

    source: str = "none"
    """The file's name, with the extras, for people."""
    lines: tuple[str, ...] = ()
    """In the form of PEP 508, without the framework itself."""
    extras: tuple[str, ...] = ()
    """The project's extras that were taken."""
    framework_extras: tuple[str, ...] = ()
    """Extras of the framework that the project asks for."""


def read_requirements(project: Path, module: str, extras: Iterable[str] = ()) -> Requirements:
    """What a workload's project depends on.

    Args:
        project: the folder of the file.
        module: the workload; an extra of its name (``water-network`` for ``workloads.water_network``) is taken too.
        extras: further extras.

    Raises:
        InputError: the file cannot be read, an extra is not there, or a dependency is none that an index can serve.
    """
    wanted = tuple(dict.fromkeys(_normal(extra) for extra in extras))
    pyproject, listed = project / "pyproject.toml", project / "requirements.txt"
    found = _from_pyproject(pyproject, _normal(module.rpartition(".")[2]), wanted) if pyproject.is_file() else None
    if found is None:
        if wanted:
            raise InputError(f"there is no extra {wanted[0]!r}: {str(project)!r} has no pyproject.toml that names it")
        found = Requirements(source=listed.name, lines=read_listed(listed)) if listed.is_file() else Requirements()
    return _without_framework(found)


def _from_pyproject(path: Path, own: str, wanted: tuple[str, ...]) -> Requirements | None:
    """None if the file says nothing of dependencies."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{str(path)!r} cannot be read: {error}") from None
    try:
        project: Mapping[str, Any] = document.get("project", {})
        poetry: Mapping[str, Any] = document.get("tool", {}).get("poetry", {})
        declared = "dependencies" in project or ("dependencies" not in project.get("dynamic", ()) and "name" in project)
        if not declared and "dependencies" not in poetry:
            return None
        optional = {_normal(name): list(lines) for name, lines in project.get("optional-dependencies", {}).items()}
        if not declared:
            for name, members in poetry.get("extras", {}).items():
                optional[_normal(name)] = [
                    poetry_requirement(member, poetry["dependencies"][member], in_extra=True) for member in members
                ]
        taken = _taken(path, optional, own, wanted)
        lines = list(project.get("dependencies", ())) if declared else _poetry_lines(poetry["dependencies"])
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{str(path)!r} is not in the form of PEP 621 or Poetry: {error!r}") from None
    lines += [line for extra in taken for line in optional[extra]]
    source = f"{path.name}{' with extra ' if taken else ''}{', '.join(taken)}"
    return Requirements(source=source, lines=tuple(lines), extras=taken)


def _taken(path: Path, optional: Mapping[str, list[str]], own: str, wanted: tuple[str, ...]) -> tuple[str, ...]:
    for extra in wanted:
        if extra not in optional:
            known = ", ".join(sorted(optional)) or "none"
            raise InputError(f"there is no extra {extra!r} in {str(path)!r}; there is: {known}")
    return tuple(dict.fromkeys([*((own,) if own in optional else ()), *wanted]))


def _poetry_lines(dependencies: Mapping[str, Any]) -> list[str]:
    lines = (poetry_requirement(name, value) for name, value in dependencies.items() if name != "python")
    return [line for line in lines if line]


def _without_framework(found: Requirements) -> Requirements:
    kept, extras = [], []
    for line in found.lines:
        named = _NAME.match(line)
        if named is None:
            raise InputError(
                f"the dependency {line!r} of {found.source} is not in the form of PEP 508, such as numpy>=2"
            )
        if _normal(named[1]) == DISTRIBUTION:
            extras += [_normal(extra) for extra in (named[2] or "").split(",") if extra.strip()]
            continue
        if _DIRECT.search(line.partition(";")[0]):
            raise InputError(
                f"the dependency {line!r} is a folder or an address, which cannot be locked for a node: "
                "publish a wheel of it on your index, or give --include for a package beside the workload"
            )
        kept.append(line)
    return replace(found, lines=tuple(kept), framework_extras=tuple(dict.fromkeys(extras)))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
