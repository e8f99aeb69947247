"""Brings a job's blobs to this disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from batch_manager import BlobStorage
from batch_manager.naming import CALLBACK_BLOB

PARALLEL_DOWNLOADS = 8
"""Blobs that travel at the same time; Azurite is one process and gives no more beyond."""


def fetch_results(storage: BlobStorage, container: str, folder: Path) -> None:
    """Download every blob of a container under its own path, but for the callback URL, which is a secret."""
    folder.mkdir(parents=True, exist_ok=True)
    blobs = [blob for blob in storage.list_blobs(container) if blob != CALLBACK_BLOB]
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        for future in [pool.submit(storage.download, container, blob, folder / blob) for blob in blobs]:
            future.result()
