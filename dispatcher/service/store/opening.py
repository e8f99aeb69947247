"""Opens a state file: a new one is whole or not there, an older one is migrated, any other is refused unchanged."""

from __future__ import annotations

import logging
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from dispatcher.service.store.failures import SchemaError, damaged, storage_failure
from dispatcher.service.store.migrations import OLDEST, migrate
from dispatcher.service.store.schema import SCHEMA, SCHEMA_VERSION

logger = logging.getLogger(__name__)

_NOT_OURS = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file."""
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "journal_size_limit = 16777216",  # what a large transaction needed once is given back to the disk
    "temp_store = MEMORY",
    "cache_size = -65536",
)
_CREATE = f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"


def open_state(path: Path | None) -> sqlite3.Connection:
    """Return a connection to a file of the present schema, or to memory where the path is None.

    Raises:
        SchemaError: the file is of a version that this one cannot read, or damaged; it was not changed.
        StoreFailed: it cannot be read or written.
    """
    if path is None:
        connection = _connect(":memory:")
        connection.executescript(_CREATE)
        return connection
    try:
        return _open(path)
    except sqlite3.Error as error:
        raise storage_failure(error, str(path)) or error from None


def last_written(path: Path | None) -> datetime | None:
    """Return when a file that nobody has open was last written; None where there is none."""
    if path is None:
        return None
    files = [file for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()]
    return max((datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files), default=None)


def _open(path: Path) -> sqlite3.Connection:
    if path.exists():
        version = _version(path)
    else:
        _make(path)
        version = SCHEMA_VERSION
    connection = _connect(str(path))
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if version < SCHEMA_VERSION:
            logger.warning("%s is of schema %d and becomes one of %d", path, version, SCHEMA_VERSION)
            migrate(connection, version)
    except BaseException:
        connection.close()
        raise
    return connection


def _version(path: Path) -> int:
    """Return the schema's version of a file, of which nothing is changed.

    Raises:
        SchemaError: it is none that can be read or migrated.
    """
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty")
    reader = _connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    try:
        version = int(reader.execute("PRAGMA user_version").fetchone()[0])
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _NOT_OURS:
            raise damaged(path, str(error)) from None
        raise
    finally:
        reader.close()
    if not OLDEST <= version <= SCHEMA_VERSION:
        raise SchemaError(
            f"{path} holds state of schema {version}; this version of the service reads {SCHEMA_VERSION}, and migrates "
            f"{OLDEST} and later to it. It was not changed: use another data folder, or the version that wrote it."
        )
    return version


def _make(path: Path) -> None:
    """Make a file beside its place and put it there, so that one that is there is whole."""
    draft = path.with_name(f"{path.name}.new")
    for name in (draft.name, *(f"{of.name}{end}" for of in (draft, path) for end in _BESIDE)):
        path.with_name(name).unlink(missing_ok=True)  # of one that was killed here, or of a file that was taken away
    connection = _connect(str(draft))
    try:
        connection.executescript(_CREATE)
    finally:
        connection.close()
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _connect(target: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(target, uri=uri, isolation_level=None, cached_statements=256)
