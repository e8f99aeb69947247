"""The failures a node reports, in Batch's codes, categories and messages.

Sources: the task error codes of "Batch status and error codes" (Microsoft's REST reference) and of the .NET client's
``TaskSchedulingErrorCodes``; "Persist output data" (azure-docs, ``batch-task-output-files.md``) for output files;
learn.microsoft.com's "Access denied when executing Azure Batch jobs" for containers. What has no source says so.
"""

from __future__ import annotations

import errno
import os

from dispatcher.service.node.launch import ErrorCategory, TaskFailure

_USER = ErrorCategory.USER_ERROR
_SERVER = ErrorCategory.SERVER_ERROR

MESSAGES: dict[str, tuple[ErrorCategory, str]] = {
    "BlobNotFound": (_USER, "One of the specified Azure Blob(s) is not found"),
    "BlobAccessDenied": (_USER, "Access for one of the specified Azure Blob(s) is denied"),
    "BlobDownloadMiscError": (
        _SERVER,
        "Miscellaneous error encountered while downloading one of the specified Azure Blob(s)",
    ),
    # Assumed by analogy: only the other two codes for containers are documented.
    "ResourceContainerNotFound": (_USER, "One of the specified Azure Blob container(s) is not found"),
    "ResourceContainerAccessDenied": (_USER, "Access for one of the specified Azure Blob container(s) is denied"),
    "ResourceContainerListMiscError": (
        _SERVER,
        "Miscellaneous error encountered while listing one of the specified Azure Blob container(s)",
    ),
    # Seen in Azure/Batch#9; on a node the words are "for the pool".
    "ApplicationPackageError": (_SERVER, "One or more application packages specified for the task are invalid"),
    # The codes are those of the .NET client's ``TaskFailureInformationCodes``, with messages of our own but the first.
    "ContainerPoolNotSupported": (_USER, "The specified pool does not support container tasks."),
    "ContainerInvalidImage": (_USER, "The container image was invalid"),
    "ContainerInvalidSettings": (_USER, "At least one value of the specified container settings is invalid"),
    "ContainerMiscError": (_SERVER, "A miscellaneous error was encountered while running the task in a container"),
    # The code is chosen: Azure's is not documented.
    "MountConfigurationError": (_USER, "One or more of the pool's mount configurations could not be mounted"),
    "ResourceDirectoryCreateFailed": (_SERVER, "Failure encountered creating resource directory for the task"),
    "ResourceFileCreateFailed": (_SERVER, "Failure encountered creating resource file"),
    "ResourceFileWriteFailed": (_SERVER, "Failure encountered writing resource file"),
    "DiskFull": (_SERVER, "There is not enough disk space on the node that was selected to run the task"),
    "CommandProgramNotFound": (_USER, "The specified command program is not found"),
    "CommandLaunchFailed": (_USER, "Failed to launch the specified command line"),
    "FailureExitCode": (_USER, "The task exited with an exit code representing a failure"),
    "TaskEnded": (_USER, "Task Was Ended by User Request"),
    "FileUploadContainerNotFound": (
        _USER,
        "One of the specified Azure container(s) was not found while attempting to upload an output file",
    ),
    # Both messages assumed; the codes are known.
    "FileUploadAccessDenied": (
        _USER,
        "Access was denied to one of the specified Azure container(s) while attempting to upload an output file",
    ),
    "FileUploadMiscError": (_USER, "A miscellaneous error was encountered while uploading one of the output files"),
    "Unknown": (_SERVER, "An unknown error was encountered on the node"),
}

WALL_CLOCK_DETAIL = "The maximum execution time configured on the task was exceeded"


class FailureReported(Exception):  # noqa: N818 - it carries the failure
    """Something that a node was to do failed; ``failure`` is what Batch reports of it."""

    def __init__(self, failure: TaskFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def unforeseen(error: Exception) -> TaskFailure:
    """Return the failure that an error of the node itself is."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return failure("DiskFull", Reason=os.strerror(error.errno))
    return failure("Unknown", Reason=type(error).__name__)


def failure(code: str, **details: str) -> TaskFailure:
    """Return the failure with this code; ``details`` become its details, in order."""
    category, message = MESSAGES[code]
    return TaskFailure(category=category, code=code, message=message, details=tuple(details.items()))
