"""Application packages on a node: each version laid out once, in a folder that all tasks share.

::

    <root>/applications/<id><version><last change of the zip, YYYY-MM-DD-HH-MM>/

This is the form of the folders that AZ_BATCH_APP_PACKAGE_* name on Azure's nodes. A zip that is replaced has another
time, and so a folder of its own: tasks that run keep the one they were told of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from dispatcher.service.node.blobs import BlobError, StorageAccess
from dispatcher.service.node.failures import FailureReported, failure
from dispatcher.service.node.launch import ApplicationPackage, TaskFailure
from dispatcher.service.node.removal import remove_tree
from dispatcher.service.node.zips import BadZip, unpack

_PREFIX = "AZ_BATCH_APP_PACKAGE_"
_FLATTENED = re.compile(r"[.\-#]")
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,64}")
_POLL_SECONDS = 0.1


class PackageFailed(FailureReported):
    """A package could not be laid out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A package that is laid out."""

    package: ApplicationPackage
    folder: str


def package_environment(installed: Iterable[Installed]) -> dict[str, str]:
    """Return the variables that name packages' folders, in Linux spelling: ``.``, ``-`` and ``#`` become ``_``.

    Letters keep their case. Of two versions that are spelled alike (``1.0``, ``1_0``) the later in order counts. One
    that was asked for as the default has a variable without a version too, as nodes of Azure were seen to have.
    """
    variables = {}
    for one in installed:
        application = one.package.application_id
        variables[_variable(f"{application}_{one.package.version}")] = one.folder
        if one.package.is_default:
            variables[_variable(application)] = one.folder
    return variables


def for_pool(failed: TaskFailure) -> TaskFailure:
    """Return a package's failure in the words it has on a node instead of a task."""
    return replace(failed, message=failed.message.replace("for the task", "for the pool"))


class PackageStore:
    """Lays packages out on one node; safe to share between threads."""

    def __init__(self, *, applications: Path, drafts: Path, storage: StorageAccess) -> None:
        """Describe it.

        Args:
            applications: where folders go.
            drafts: a folder on the same file system, for what is not whole yet.
            storage: how to reach the zips.
        """
        self._applications = applications
        self._drafts = drafts
        self._storage = storage
        self._lock = Lock()
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def install(self, package: ApplicationPackage, keep_going: Callable[[], None]) -> Installed:
        """Lay a package out, unless it is there and its zip has not changed since.

        Its folder appears whole or not at all, also if the service is killed meanwhile.

        Raises:
            PackageFailed: it cannot be brought or unpacked.
        """
        name = _name(package)
        with self._lock:
            lock = self._locks[name.lower()]
        while not lock.acquire(timeout=_POLL_SECONDS):  # another task is laying it out
            keep_going()
        try:
            return Installed(package=package, folder=str(self._bring(package, name, keep_going)))
        except BlobError as error:
            raise PackageFailed(_failure(package, "Resource download failed", f"{error.path}: {error.code}")) from error
        except BadZip as error:
            raise PackageFailed(_failure(package, "Resource Unzip failed", str(error))) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise PackageFailed(_failure(package, "Resource Unzip failed", reason)) from error
        finally:
            lock.release()

    def _bring(self, package: ApplicationPackage, name: str, keep_going: Callable[[], None]) -> Path:
        found: list[Path] = []

        def is_current(_: int, modified: datetime) -> bool:
            folder = self._folder(name, modified)
            if _is_folder(folder):
                found.append(folder)
            return bool(found)

        if self._applications.is_symlink():  # a task put it in the folder's place
            self._applications.unlink()
        for place in (self._applications, self._drafts):
            place.mkdir(parents=True, exist_ok=True)
        archive, draft = self._drafts / f"{name}.zip", self._drafts / f"{name}.d"
        try:
            self._storage.download(
                package.url,
                archive,
                uses_identity=not _is_signed(package.url),
                is_current=is_current,
                keep_going=keep_going,
            )
            if found:
                return found[0]
            remove_tree(draft)
            draft.mkdir()
            unpack(archive, draft, keep_going)
            target = self._folder(name, datetime.fromtimestamp(archive.stat().st_mtime, UTC))
            if not _is_folder(target):
                remove_tree(target)
                draft.rename(target)
            return target
        finally:
            remove_tree(archive)
            remove_tree(draft)

    def _folder(self, name: str, modified: datetime) -> Path:
        return self._applications / f"{name}{modified.astimezone(UTC):%Y-%m-%d-%H-%M}"


def _is_folder(path: Path) -> bool:
    """Say whether a folder is there, and not a link that a task put in its place."""
    return path.is_dir() and not path.is_symlink()


def _name(package: ApplicationPackage) -> str:
    for part in (package.application_id, package.version):
        if _NAME.fullmatch(part) is None:
            raise PackageFailed(_failure(package, "Resource download failed", f"{part!r} is no name of a package"))
    return f"{package.application_id}{package.version}"


def _failure(package: ApplicationPackage, message: str, reason: str) -> TaskFailure:
    reference = f"{package.application_id}:{None if package.is_default else package.version}"
    return failure("ApplicationPackageError", ApplicationPackageReference=reference, Message=message, Reason=reason)


def _is_signed(url: str) -> bool:
    return "sig" in parse_qs(urlsplit(url).query)


def _variable(name: str) -> str:
    return _PREFIX + _FLATTENED.sub("_", name)
