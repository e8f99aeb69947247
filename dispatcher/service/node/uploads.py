"""Output files: what is brought from a task's folder to Blob Storage once its command has ended.

Two logs are written beside ``stdout.txt``, as Azure's agent writes them: ``fileuploadout.txt`` says what was done and
``fileuploaderr.txt`` holds a line of JSON for each error.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dispatcher.service.node.blob_urls import blob_url, path_of
from dispatcher.service.node.blobs import BlobError
from dispatcher.service.node.failures import failure
from dispatcher.service.node.files import FileOutside
from dispatcher.service.node.launch import ErrorCategory, OutputFile, TaskFailure, UploadCondition
from dispatcher.service.node.layout import UPLOAD_ERRORS, UPLOAD_LOG, WORKING_FOLDER
from dispatcher.service.node.patterns import find_files, read_pattern
from dispatcher.service.node.transfers import Transfers

_BLOB_SPELLING = {
    f"content-{what}": f"x-ms-blob-content-{what}" for what in ("type", "encoding", "language", "disposition", "md5")
} | {"cache-control": "x-ms-blob-cache-control"}
_OWN_HEADERS = {
    "authorization",
    "content-length",
    "date",
    "host",
    "transfer-encoding",
    "x-ms-blob-type",
    "x-ms-date",
    "x-ms-version",
}


def applies(condition: UploadCondition, *, succeeded: bool) -> bool:
    """Say whether files with a condition are uploaded after a command that succeeded or did not."""
    if condition is UploadCondition.TASK_COMPLETION:
        return True
    return succeeded is (condition is UploadCondition.TASK_SUCCESS)


def stage_out(
    files: Iterable[OutputFile],
    folder: Path,
    environment: Mapping[str, str],
    storage: Transfers,
    keep_going: Callable[[], None],
) -> TaskFailure | None:
    """Upload files; an error with one does not keep the others from it.

    A pattern that matches nothing uploads nothing and is no failure, with or without a wildcard: "may match zero files"
    (azure-docs, ``batch-task-output-files.md``). That this holds for a plain name too is taken from the uploader that
    Microsoft published with azure-batch-cli-extensions; it was not seen on a node.

    Args:
        files: what to upload, chosen by their conditions already.
        folder: the task's folder; nothing outside it is uploaded.
        environment: the task's, for variables in patterns.
        storage: how to reach blobs.
        keep_going: called between files and pieces of files; it raises to break off.

    Returns:
        The failure that the first error makes of the task, None if all went well.
    """
    with _fresh(folder / UPLOAD_LOG) as log, _fresh(folder / UPLOAD_ERRORS) as errors:
        upload = _Upload(
            folder=folder, environment=environment, storage=storage, keep_going=keep_going, log=log, errors=errors
        )
        failures = [found for file in files for found in upload.of_pattern(file)]
        upload.say("Done")
    return failures[0] if failures else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Upload:
    folder: Path
    environment: Mapping[str, str]
    storage: Transfers
    keep_going: Callable[[], None]
    log: TextIO
    errors: TextIO

    def say(self, line: str) -> None:
        print(line, file=self.log, flush=True)

    def of_pattern(self, file: OutputFile) -> list[TaskFailure]:
        pattern = read_pattern(file.file_pattern, str(self.folder / WORKING_FOLDER), self.environment)
        self.say(f"Uploading all files matching pattern {file.file_pattern} to {path_of(file.container_url)}")
        try:
            found = list(find_files(pattern, self.folder))
        except FileOutside:
            reason = "the pattern leads out of the task's folder"
            return [self._report(file, file.file_pattern, "FileUploadMiscError", reason)]
        except OSError as error:  # a folder that the task made unreadable
            return [
                self._report(file, file.file_pattern, "FileUploadMiscError", error.strerror or type(error).__name__)
            ]
        failures = []
        for relative in found:
            self.keep_going()
            name = pattern.blob_name(relative, file.path)
            if (failed := self._one(file, Path(pattern.base) / relative, name)) is not None:
                failures.append(failed)
        self.say(f"{len(found) - len(failures)} of {len(found)} uploaded")
        return failures

    def _one(self, file: OutputFile, source: Path, name: str) -> TaskFailure | None:
        self.say(f"{source} -> {name}")
        url = blob_url(file.container_url, name)
        try:
            self.storage.upload(
                source,
                url,
                uses_identity=file.uses_identity,
                headers=blob_headers(file.headers),
                keep_going=self.keep_going,
            )
        except BlobError as error:
            return self._report(file, str(source), _failure_code(error), error.code)
        except OSError as error:
            return self._report(file, str(source), "FileUploadMiscError", error.strerror or type(error).__name__)
        return None

    def _report(self, file: OutputFile, path: str, code: str, reason: str) -> TaskFailure:
        container = path_of(file.container_url)
        made = failure(code, FilePath=path, Container=container, Reason=reason)
        entry = {
            "code": reason,
            "user_error": made.category is ErrorCategory.USER_ERROR,
            "pattern": file.file_pattern,
            "file": path,
            "destination": container,
        }
        print(json.dumps(entry), file=self.errors, flush=True)
        return made


def blob_headers(wanted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers a blob is written with: both of Put Blob and of Put Block List in their common spelling.

    ``Content-Type`` and its kin describe the blob itself in a Put Blob but the list in a Put Block List; as
    ``x-ms-blob-content-type`` they describe the blob in both. What the request itself needs is left out.
    """
    headers = {}
    for name, value in wanted:
        lower = name.strip().lower()
        if lower not in _OWN_HEADERS:
            headers[_BLOB_SPELLING.get(lower, lower)] = value
    return headers


def _fresh(path: Path) -> TextIO:
    """Open a new file; a link or pipe that the task put there is replaced, not written to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path.open("x")


def _failure_code(error: BlobError) -> str:
    if error.status == 404:
        return "FileUploadContainerNotFound"
    return "FileUploadAccessDenied" if error.status in {401, 403} else "FileUploadMiscError"
