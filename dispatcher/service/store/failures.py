"""What keeps a state file from being used: what it is, or what becomes of the disk that it lies on."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from dispatcher.service.disk import DiskFailed

_PRIMARY_CODE = 0xFF
"""Of SQLite's extended result codes; the rest says more."""

_FREE_SPACE: Final = "free space there"
_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: _FREE_SPACE,
    sqlite3.SQLITE_READONLY: "make it and its file system writable",
    sqlite3.SQLITE_IOERR: "see to its disk, and to the space and the quota that are left there",
    sqlite3.SQLITE_CANTOPEN: "see to its folder, and to the space that is left there",
    sqlite3.SQLITE_CORRUPT: "put a copy of the whole folder in its place",
    sqlite3.SQLITE_NOTADB: "put a copy of the whole folder in its place",
    sqlite3.SQLITE_NOMEM: "free memory",
}
"""What helps, by SQLite's result code. Others are not the disk's fault."""


class SchemaError(Exception):
    """The file does not hold state that this version of the service reads; it was not changed."""


class StoreFailed(DiskFailed):
    """The state can no longer be written, or read. Nothing is stored after it, so that memory and store cannot differ.

    What was stored before is whole; the message says what to do.
    """


def storage_failure(error: sqlite3.Error, file: str) -> StoreFailed | None:
    """Return what an error of SQLite's says of the file's disk; None where it says nothing of it."""
    code = getattr(error, "sqlite_errorcode", None)
    remedy = None if code is None else _REMEDIES.get(code & _PRIMARY_CODE)
    if remedy is None:
        return None
    return StoreFailed(
        f"the state in {file} cannot be kept: {error}. Stopped, so that nothing is lost: {remedy}, "
        "then start the service again on the same folder."
    )


def damaged(path: Path, reason: str) -> SchemaError:
    """Return the refusal of a file that is no state, or not all of it."""
    return SchemaError(
        f"{path} is damaged: {reason}. It was not changed: put a copy of the whole folder in its place, "
        "or use another data folder."
    )
