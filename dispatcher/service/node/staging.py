"""Resource files: what is brought to a task's working directory before its command starts."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from dispatcher.service.node.blob_urls import blob_url, path_of
from dispatcher.service.node.blobs import BlobError
from dispatcher.service.node.failures import FailureReported, failure
from dispatcher.service.node.files import FileOutside, resolve
from dispatcher.service.node.launch import ResourceFile, TaskFailure
from dispatcher.service.node.transfers import Transfers

DEFAULT_FILE_MODE = 0o770


class StagingFailed(FailureReported):
    """A resource file could not be brought."""


def stage_in(files: Iterable[ResourceFile], working: Path, storage: Transfers, keep_going: Callable[[], None]) -> None:
    """Bring files to a working directory, each whole or not at all, with the mode that it asks for.

    A file that is there already with the blob's size and last-modified time is not brought again.

    Args:
        files: what to bring, in order.
        working: the working directory; no file is written outside it.
        storage: how to reach blobs.
        keep_going: called between files and pieces of files; it raises to break off.

    Raises:
        StagingFailed: a file could not be brought; those before it stay.
    """
    for file in files:
        keep_going()
        if file.http_url is not None:
            _bring_file(file, file.http_url, working, storage, keep_going)
        elif file.container_url is not None:
            _bring_container(file, file.container_url, working, storage, keep_going)


def _bring_file(
    file: ResourceFile, url: str, working: Path, storage: Transfers, keep_going: Callable[[], None]
) -> None:
    relative = file.file_path or path_of(url).rpartition("/")[2]
    target = _target(working, relative)
    try:
        storage.download(
            url,
            target,
            uses_identity=file.uses_identity,
            is_current=lambda size, modified: _is_current(target, size, modified),
            keep_going=keep_going,
        )
        target.chmod(_mode(file))
    except BlobError as error:
        raise StagingFailed(_download_failure(error, relative)) from error
    except OSError as error:
        raise StagingFailed(_local_failure(error, relative)) from error


def _bring_container(
    file: ResourceFile, container: str, working: Path, storage: Transfers, keep_going: Callable[[], None]
) -> None:
    try:
        items = list(storage.list_blobs(container, file.blob_prefix or "", uses_identity=file.uses_identity))
    except BlobError as error:
        raise StagingFailed(_listing_failure(error)) from error
    for item in items:
        keep_going()
        relative = os.path.join(file.file_path or "", item.name)
        if item.name.endswith("/"):  # stands for an empty folder
            _target(working, os.path.join(relative, "."))
        elif not _is_current(_target(working, relative), item.size, item.last_modified):
            one = ResourceFile(file_path=relative, file_mode=file.file_mode, uses_identity=file.uses_identity)
            _bring_file(one, blob_url(container, item.name), working, storage, keep_going)


def _target(working: Path, relative: str) -> Path:
    """Return where a file goes, after making its folder."""
    try:
        target = resolve(working, relative)
        target.parent.mkdir(parents=True, exist_ok=True)
    except FileOutside as error:
        reason = "the path leads out of the working directory"
        raise StagingFailed(failure("ResourceFileCreateFailed", FilePath=relative, Reason=reason)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StagingFailed(failure("ResourceDirectoryCreateFailed", FilePath=relative, Reason=reason)) from error
    return target


def _is_current(target: Path, size: int, modified: datetime) -> bool:
    try:
        status = target.stat()
    except FileNotFoundError:
        return False
    return status.st_size == size and int(status.st_mtime) == int(modified.timestamp())


def _mode(file: ResourceFile) -> int:
    if file.file_mode is None:
        return DEFAULT_FILE_MODE
    return int(file.file_mode, 8) & 0o7777


def _download_failure(error: BlobError, relative: str) -> TaskFailure:
    code = {404: "BlobNotFound", 401: "BlobAccessDenied", 403: "BlobAccessDenied"}.get(error.status or 0)
    return failure(code or "BlobDownloadMiscError", FilePath=relative, Url=error.path, Reason=error.code)


def _listing_failure(error: BlobError) -> TaskFailure:
    denied = "ResourceContainerAccessDenied"
    code = {404: "ResourceContainerNotFound", 401: denied, 403: denied}.get(error.status or 0)
    return failure(code or "ResourceContainerListMiscError", Url=error.path, Reason=error.code)


def _local_failure(error: OSError, relative: str) -> TaskFailure:
    code = "DiskFull" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "ResourceFileWriteFailed"
    return failure(code, FilePath=relative, Reason=error.strerror or type(error).__name__)
