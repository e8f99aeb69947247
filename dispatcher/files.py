"""Brings a task's files in and out by its definition, through the official client, for tasks of this process."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from urllib.parse import unquote

from batch_manager import BlobStorage, UploadCondition
from batch_manager.compilation import REPORTS, STANDARD_STREAMS
from batch_manager.definitions import OutputFile, TaskDefinition
from batch_manager.errors import InputError
from dispatcher.results import place
from dispatcher.service.node.files import FileOutside
from dispatcher.service.node.patterns import find_files, read_pattern

_log = logging.getLogger(__name__)


def stage_in(storage: BlobStorage, task: TaskDefinition, folder: Path) -> None:
    """Download a task's resource files into its working directory.

    Raises:
        InputError: a file is in another storage account, which the client cannot reach here.
        NotFoundError: a blob or container is missing.
    """
    for file in task.resource_files:
        if file.http_url is not None:
            container, blob = _split(storage, file.http_url)
            storage.download(container, blob, place(folder, file.file_path or blob))
        elif file.container_url is not None:
            container, _ = _split(storage, file.container_url)
            for blob in storage.list_blobs(container, file.blob_prefix or ""):
                storage.download(container, blob, place(folder, f"{file.file_path or '.'}/{blob}"))


def stage_out(storage: BlobStorage, task: TaskDefinition, folder: Path, *, succeeded: bool) -> None:
    """Upload a task's output files as far as its outcome asks for them; its standard streams were not captured.

    Raises:
        InputError: a file lies outside the task's folder, or its container is in another account.
    """
    wanted = {UploadCondition.TASK_COMPLETION, _condition(succeeded)}
    for file in task.output_files:
        if file.upload_condition in wanted and file.file_pattern != STANDARD_STREAMS:
            _upload(storage, file, folder)


def _upload(storage: BlobStorage, file: OutputFile, folder: Path) -> None:
    container, _ = _split(storage, file.container_url)
    pattern = read_pattern(file.file_pattern, str(folder), os.environ)
    try:
        found = list(find_files(pattern, folder.parent))
    except FileOutside:
        raise InputError(f"the output file {file.file_pattern!r} lies outside the task's folder") from None
    if not found and file.file_pattern != REPORTS:  # there is one if an attempt failed
        _log.warning("no file of the task matches its output %r", file.file_pattern)
    for relative in found:
        storage.upload(container, pattern.blob_name(relative, file.path), Path(pattern.base) / relative)


def _condition(succeeded: bool) -> UploadCondition:
    return UploadCondition.TASK_SUCCESS if succeeded else UploadCondition.TASK_FAILURE


def _split(storage: BlobStorage, url: str) -> tuple[str, str]:
    prefix = f"{storage.account_url}/"
    if not url.startswith(prefix):
        raise InputError(f"{url!r} is not in the local storage account; debugging reaches no other")
    container, _, blob = unquote(url.removeprefix(prefix)).partition("/")
    return container, blob
