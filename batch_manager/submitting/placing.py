"""Uploads a job's input files: several at once, going on where it was interrupted, skipping what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from batch_manager.client import BlobStorage
from batch_manager.submit import PlaceFiles
from batch_manager.transfer import BlobStore, Progress, TransferResult, upload_files


def place_in_parallel(
    store: BlobStore, progress: Callable[[], AbstractContextManager[Progress]], results: list[TransferResult]
) -> PlaceFiles:
    """What ``submit_job`` uploads the files with.

    Args:
        store: the blobs of the job's storage account.
        progress: shows bytes, once there are some to upload.
        results: how it went is added to it.
    """

    def place(storage: BlobStorage, container: str, files: Mapping[str, Path]) -> None:
        if not files:
            return
        with progress() as shown:
            result = upload_files(store, container, files, shown)
        result.raise_for_failures()
        results.append(result)

    return place
