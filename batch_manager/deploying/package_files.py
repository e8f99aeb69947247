"""A package on this machine: what it is, and what its bytes are."""

from __future__ import annotations

import hashlib
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from batch_manager.account_management import PackageContent
from batch_manager.errors import InputError
from batch_manager.packaging.manifest import MANIFEST_FILE, Manifest, read_manifest
from batch_manager.packaging.names import check_application, check_version


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A zip file that can be deployed.

    Attributes:
        path: where it is.
        application: the application's id.
        version: its version.
        content: its size and hash.
    """

    path: Path
    application: str
    version: str
    content: PackageContent


def read_package(path: Path, *, application: str | None = None, version: str | None = None) -> PackageFile:
    """Read what a zip file is.

    Args:
        path: the file.
        application: the application's id, needed where the zip does not say it.
        version: its version; likewise.

    Raises:
        InputError: it is no zip, is damaged, would unpack outside of its folder, does not say what it is while nothing
            is given, or says something else.
    """
    has_manifest = _has_manifest(path)
    _check_entries(path)
    manifest = _manifest(path, is_named=None not in (application, version)) if has_manifest else None
    if manifest is not None:
        named = (manifest.application, manifest.version)
        _compare(path, "--application", application, named[0])
        _compare(path, "--app-version", version, named[1])
    elif application is None or version is None:
        raise InputError(
            f"{str(path)!r} has no {MANIFEST_FILE} that says what it is: make one with 'batch-manager package', or "
            "give --application and --app-version"
        )
    else:
        named = (check_application(application), check_version(version))
    return PackageFile(path=path, application=named[0], version=named[1], content=measure(path))


def measure(path: Path, origin: str | None = None) -> PackageContent:
    """The size and hash of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return PackageContent(size=file.tell(), sha256=digest, origin=origin)
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error}") from None


def parse_reference(text: str) -> tuple[str, str | None]:
    """``APP`` or ``APP:VERSION`` as its parts.

    Raises:
        InputError: the id or the version is none that this project makes.
    """
    application, colon, version = text.partition(":")
    return check_application(application), check_version(version) if colon else None


def _has_manifest(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST_FILE in archive.namelist()
    except FileNotFoundError:
        raise InputError(f"there is no file {str(path)!r}: make it with 'batch-manager package'") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{str(path)!r} cannot be read as a zip: {error}") from None


def _manifest(path: Path, *, is_named: bool) -> Manifest | None:
    """What a zip says of itself; None for another tool's file of that name, where the user says what the zip is."""
    try:
        return read_manifest(path)
    except InputError:
        if is_named:
            return None
        raise


def _check_entries(path: Path) -> None:
    """What is in a zip can be unpacked, and within its folder: a version that was deployed never changes.

    Raises:
        InputError: it cannot.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            outside = next((name for name in archive.namelist() if _is_outside(name)), None)
            broken = archive.testzip() if outside is None else None
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{str(path)!r} cannot be unpacked: {error}; make it again") from None
    if outside is not None:
        raise InputError(f"{str(path)!r} has {outside!r} in it, which lies outside of its folder: make it without that")
    if broken is not None:
        raise InputError(f"{str(path)!r} is damaged: {broken!r} in it is not what it was; make it again")


def _is_outside(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return not parts[0] or ".." in parts or parts[0][1:2] == ":"


def _compare(path: Path, option: str, given: str | None, found: str) -> None:
    if given is not None and given != found:
        raise InputError(f"{option} is {given!r}, but {str(path)!r} says {found!r}: leave the option out")
