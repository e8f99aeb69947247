"""Makes a package: locks and brings what the workload needs, checks all of it, and writes the zip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from batch_manager.errors import DiskError
from batch_manager.packaging.files import PackedFile, refuse
from batch_manager.packaging.framework import Framework
from batch_manager.packaging.imports import missing_imports
from batch_manager.packaging.launcher import START_LINUX, START_WINDOWS
from batch_manager.packaging.locks import Target, count_pinned, inputs_digest, is_current, write_lock
from batch_manager.packaging.manifest import MANIFEST_FILE, Manifest, Platform
from batch_manager.packaging.names import zip_name
from batch_manager.packaging.node_names import windows_problems
from batch_manager.packaging.plans import PackagePlan, PackageRequest, plan_package
from batch_manager.packaging.resolver import Resolver
from batch_manager.packaging.site_folder import site_files
from batch_manager.packaging.start_scripts import linux_script, windows_script
from batch_manager.packaging.zips import Written, ZipTime, write_zip, zip_time

Tell = Callable[[str], None]
"""Told of each step that may take time, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A package that was made."""

    plan: PackagePlan
    written: Written
    locked_now: bool
    """Whether the lock was made by this."""
    distributions: int
    """How many dependencies are in it."""
    missing: Mapping[str, str]
    """What the workload imports and the package does not hold, with the file that does so."""


def make_package(
    request: PackageRequest,
    *,
    search_path: Iterable[str],
    environ: Mapping[str, str],
    framework: Framework,
    find_resolver: Callable[[], Resolver],
    tell: Tell,
) -> Made:
    """Make a package. Doing it again with the same files makes the same zip.

    Args:
        request: what to make.
        search_path: the folders to look for the workload in.
        environ: ``SOURCE_DATE_EPOCH`` is read of it.
        framework: what goes in beside the workload.
        find_resolver: finds what brings the dependencies; asked if there are any.
        tell: is told how far it is.

    Raises:
        InputError: the workload or its project cannot be packed as they are.
        ConfigurationError: a tool that is needed is missing.
        DependencyError: the dependencies cannot be resolved or brought.
        DiskError: a file cannot be read or written.
    """
    when = zip_time(environ)
    try:
        return _make(request, list(search_path), when, framework, find_resolver, tell)
    except OSError as error:
        where = f"{error.filename!r}" if error.filename else "a file"
        raise DiskError(f"{where} cannot be read or written: {error.strerror or error}; look at its folder") from error


def _make(
    request: PackageRequest,
    search_path: list[str],
    when: ZipTime,
    framework: Framework,
    find_resolver: Callable[[], Resolver],
    tell: Tell,
) -> Made:
    plan = plan_package(request, search_path=search_path, framework=framework)
    manifest, target = plan.manifest, request.target
    with TemporaryDirectory(prefix="batch-manager-") as scratch:
        site = Path(scratch, "site")
        locked_now, distributions = False, 0
        if plan.lines:
            resolver = find_resolver()
            locked_now = _lock(plan, target, resolver, tell, relock=request.relock)
            distributions = count_pinned(plan.lock)
        if distributions:
            tell(f"bringing {distributions} distributions for {target.platform.value} and Python {target.python}")
            resolver.install(plan.lock, target, site)
        files = [*plan.files, *framework.files(), *site_files(site), *_root_files(manifest)]
        if target.platform is Platform.WINDOWS:
            names = sorted(file.name for file in files)
            refuse(windows_problems(names, manifest.application, manifest.version))
        tell(f"packing {len(files)} files")
        name = zip_name(manifest.application, manifest.version, target.platform.value)
        written = write_zip(request.folder / name, files, when=when, max_bytes=request.max_bytes)
        missing = missing_imports(plan.files, files)
    return Made(plan=plan, written=written, locked_now=locked_now, distributions=distributions, missing=missing)


def _lock(plan: PackagePlan, target: Target, resolver: Resolver, tell: Tell, *, relock: bool) -> bool:
    """Have the dependencies locked; whether that was done now."""
    digest = inputs_digest(target, plan.lines)
    if not relock and is_current(plan.lock, digest):
        return False
    tell(f"locking what {plan.manifest.workload} needs for {target.platform.value} and Python {target.python}")
    pinned = resolver.lock(plan.lines, target, plan.lock.parent)
    write_lock(plan.lock, target, digest, pinned)
    return True


def _root_files(manifest: Manifest) -> list[PackedFile]:
    return [
        PackedFile(name=START_LINUX, content=linux_script(manifest.python).encode(), executable=True),
        PackedFile(name=START_WINDOWS, content=windows_script(manifest.python).encode()),
        PackedFile(name=MANIFEST_FILE, content=manifest.to_json().encode()),
    ]
