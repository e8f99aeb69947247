"""Moves many files, or large ones, between this machine and Blob Storage, and between storage accounts: in parallel,
taken up again where it was interrupted, and verified.

``BatchClientFactory.create_transfer(settings)`` makes the ``BlobStore`` of an account.
"""

from batch_manager.transfer.copying import Place, copy_blobs, find_source
from batch_manager.transfer.downloading import download_blobs, select_blobs
from batch_manager.transfer.local_files import LocalFiles, find_files
from batch_manager.transfer.outcome import Failure, Progress, TransferError, TransferResult, UploadResult
from batch_manager.transfer.seam import BlobInfo, BlobSource, BlobStore
from batch_manager.transfer.uploading import upload_files

__all__ = [
    "BlobInfo",
    "BlobSource",
    "BlobStore",
    "Failure",
    "LocalFiles",
    "Place",
    "Progress",
    "TransferError",
    "TransferResult",
    "UploadResult",
    "copy_blobs",
    "download_blobs",
    "find_files",
    "find_source",
    "select_blobs",
    "upload_files",
]
