"""Moves many files, or large ones, between this machine and Blob Storage, and between storage accounts: in parallel,
taken up again where it was interrupted, and verified.

``BatchClientFactory.create_transfer(settings)`` makes the ``BlobStore`` of an account.
"""

from batch_manager.transfer.outcome import Failure, Progress, TransferError, TransferResult, UploadResult
from batch_manager.transfer.seam import BlobInfo, BlobSource, BlobStore
from batch_manager.transfer.uploading import upload_files

__all__ = [
    "BlobInfo",
    "BlobSource",
    "BlobStore",
    "Failure",
    "Progress",
    "TransferError",
    "TransferResult",
    "UploadResult",
    "upload_files",
]
