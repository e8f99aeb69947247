"""Brings a job's blobs to this disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from batch_manager import BlobStorage
from batch_manager.errors import InputError
from batch_manager.naming import CALLBACK_BLOB

PARALLEL_DOWNLOADS = 8
"""Blobs that travel at the same time; Azurite is one process and gives no more beyond."""


def fetch_results(storage: BlobStorage, container: str, folder: Path) -> tuple[str, ...]:
    """Download every blob of a container under its own path, but for the callback URL, which is a secret.

    Returns:
        What could not be written, a sentence each: a blob whose name leads out of the folder, or is also a folder of
        other blobs, has no place on a disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    blobs = [blob for blob in storage.list_blobs(container) if blob != CALLBACK_BLOB]
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        outcomes = pool.map(lambda blob: _fetch(storage, container, blob, folder), blobs)
        return tuple(problem for problem in outcomes if problem is not None)


def keep_fault_log(run_folder: Path, results: Path) -> Path | None:
    """Copy the log of faults of a service whose files are about to go; return the copy, None if there is no log."""
    log = run_folder / "batch" / "faults.jsonl"
    if not log.exists():
        return None
    results.mkdir(parents=True, exist_ok=True)
    kept = results / log.name
    kept.write_bytes(log.read_bytes())
    return kept


def empty_folder(folder: Path) -> Path:
    """The same folder, which nothing is in yet: what lies there would be taken for results of this run.

    Raises:
        InputError: something is.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"the results folder {str(folder)!r} is not an empty folder; choose another, or remove it")
    return folder


def place(folder: Path, blob: str) -> Path:
    """Where a blob's content goes in a folder.

    Raises:
        InputError: its name leads out of the folder.
    """
    target = (folder / blob).resolve()
    if not target.is_relative_to(folder.resolve()) or target == folder.resolve():
        raise InputError(f"the blob {blob!r} has a name that leads out of the folder {str(folder)!r}")
    return target


def _fetch(storage: BlobStorage, container: str, blob: str, folder: Path) -> str | None:
    try:
        storage.download(container, blob, place(folder, blob))
    except InputError as error:
        return str(error)
    except OSError as error:
        return f"the blob {blob!r} cannot be written to {str(folder)!r}: {error.strerror}"
    return None
