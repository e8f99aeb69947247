"""A package on this machine: what it is, and what its bytes are."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from batch_manager.account_management import PackageContent
from batch_manager.errors import InputError
from batch_manager.packaging.manifest import MANIFEST_FILE, read_manifest
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
        InputError: it is no zip, does not say what it is while nothing is given, or says something else.
    """
    if not _has_manifest(path):
        if application is None or version is None:
            raise InputError(
                f"{str(path)!r} has no {MANIFEST_FILE} that says what it is: make one with 'batch-manager package', or "
                "give --application and --app-version"
            )
        named = (check_application(application), check_version(version))
    else:
        manifest = read_manifest(path)
        named = (manifest.application, manifest.version)
        _compare(path, "--application", application, named[0])
        _compare(path, "--app-version", version, named[1])
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


def _compare(path: Path, option: str, given: str | None, found: str) -> None:
    if given is not None and given != found:
        raise InputError(f"{option} is {given!r}, but {str(path)!r} says {found!r}: leave the option out")
