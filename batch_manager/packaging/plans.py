"""What a package will be, decided before anything is brought or written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batch_manager.errors import InputError
from batch_manager.packaging.files import PackedFile, is_left_out, package_files
from batch_manager.packaging.framework import Framework
from batch_manager.packaging.history import History, commitizen_rules, open_history
from batch_manager.packaging.locks import Target, lock_path
from batch_manager.packaging.manifest import Manifest
from batch_manager.packaging.names import application_id, check_application, check_version
from batch_manager.packaging.place import PROJECT_FILES, WorkloadPlace, find_include, find_place
from batch_manager.packaging.requirements import Requirements, read_requirements
from batch_manager.packaging.versions import FIRST, VersionChoice, latest_tag, next_version

MAX_BYTES = 1_000_000_000
"""The largest package unless the user allows more; every node brings and unpacks it before its first task."""

_PYTHON = re.compile(r"3\.(1[1-9]|[2-9][0-9])")
_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequest:
    """A package to make."""

    module: str
    """The workload's package."""
    folder: Path
    """Where the zip goes."""
    target: Target
    application: str | None = None
    """The application's id; None for the last word of the module."""
    version: str | None = None
    """None for the one that the commits make."""
    allow_dirty: bool = False
    """Whether what is not committed may go in under a version of the commits."""
    relock: bool = False
    """Whether the dependencies are locked anew."""
    extras: tuple[str, ...] = ()
    """Of the project, beside the one of the workload's name."""
    includes: tuple[str, ...] = ()
    """Further packages beside the workload that go in."""
    max_bytes: int = MAX_BYTES
    """Of the zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePlan:
    """What goes into a package."""

    manifest: Manifest
    version: VersionChoice
    required: Requirements
    lines: tuple[str, ...]
    """All that has to be resolved, the framework's needs too."""
    lock: Path
    files: tuple[PackedFile, ...]
    """The workload's own."""
    uncommitted: tuple[str, ...]
    """What of it is in no commit."""
    ignored: tuple[str, ...]
    """What was left out, since git ignores it."""


def plan_package(request: PackageRequest, *, search_path: Iterable[str], framework: Framework) -> PackagePlan:
    """Decide what a package will be. Nothing is written, and nothing of the workload imported.

    Raises:
        InputError: the workload or its project cannot be packed as they are.
        ConfigurationError: commitizen is needed for the version, and missing.
    """
    if not _PYTHON.fullmatch(request.target.python):
        raise InputError(f"--python is {request.target.python!r}: give a version from 3.11 on, such as 3.12")
    folders = list(search_path)
    place = find_place(request.module, folders)
    application = check_application(request.application) if request.application else application_id(request.module)
    required = read_requirements(place.project, request.module, request.extras)
    lock = lock_path(place.project, request.target, required.extras)
    history = open_history(place.folder)
    repository = history.folder if history else None
    included = {name: find_include(name, repository, folders) for name in request.includes}
    roots = {request.module: place.import_root, **included}
    files, ignored = _files(roots, history)
    inputs = _inputs(place, roots)
    uncommitted = history.changed(inputs) if history else ()
    version = _version(request, application, history, [*inputs, lock], uncommitted)
    return PackagePlan(
        manifest=Manifest(
            application=application,
            version=version.version,
            workload=request.module,
            python=request.target.python,
            platform=request.target.platform,
            framework=framework.version,
        ),
        version=version,
        required=required,
        lines=(*framework.requirements(required.framework_extras), *required.lines),
        lock=lock,
        files=files,
        uncommitted=uncommitted,
        ignored=ignored,
    )


def _files(roots: Mapping[str, Path], history: History | None) -> tuple[tuple[PackedFile, ...], tuple[str, ...]]:
    """The packages' files, and the names of those that git ignores."""
    found: dict[str, PackedFile] = {}
    left_out: list[str] = []
    for module, root in roots.items():
        ignored = history.ignored(root.joinpath(*module.split("."))) if history else frozenset()
        names = {path: path.relative_to(root) for path in ignored}
        left_out += [name.as_posix() for name in names.values() if not is_left_out(name)]
        found |= {file.name: file for file in package_files(root, module, ignored)}
    return tuple(found.values()), tuple(sorted(left_out))


def _inputs(place: WorkloadPlace, roots: Mapping[str, Path]) -> list[Path]:
    """What a package is made of but the lock, which its making may write."""
    folders = [root.joinpath(*module.split(".")) for module, root in roots.items()]
    around = [folder for package in folders for folder in package.parents if folder.is_relative_to(place.import_root)]
    beside = [*(folder / "__init__.py" for folder in around), *(place.project / name for name in PROJECT_FILES)]
    return [*folders, *(path for path in beside if path.is_file())]


def _version(
    request: PackageRequest,
    application: str,
    history: History | None,
    paths: Iterable[Path],
    uncommitted: tuple[str, ...],
) -> VersionChoice:
    if request.version is not None:
        return VersionChoice(version=check_version(request.version), why="given")
    if history is None:
        return VersionChoice(version=str(FIRST), why="the first, as no git repository tells another")
    if uncommitted and not request.allow_dirty:
        more = f" and {len(uncommitted) - _TOLD} more" if len(uncommitted) > _TOLD else ""
        raise InputError(
            f"not committed: {', '.join(uncommitted[:_TOLD])}{more}; commit it, so that the version stands for "
            "what is in the package, or give --app-version or --allow-dirty"
        )
    since = latest_tag(application, history.tags())
    messages = history.messages(since[0], paths) if since is not None else []
    if uncommitted:
        messages.append("what is not committed")
    return next_version(since, messages, commitizen_rules())
