"""The SQLite file: one connection for one thread, one transaction for each change or batch of changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dispatcher.service.store.schema import SCHEMA, SCHEMA_VERSION
from dispatcher.service.wire import to_micros

Value = int | float | str | None
Row = Sequence[Value]


class SchemaError(Exception):
    """The file was written by another version of the service, which this one cannot read."""


class Database:
    """A file, or memory where the path is None. What is committed survives the process's death."""

    def __init__(self, path: Path | None) -> None:
        target = ":memory:" if path is None else str(path)
        self._connection = sqlite3.connect(target, isolation_level=None, cached_statements=256)
        self._depth = 0
        self._version = 0
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "temp_store = MEMORY", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._prepare(target)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold what is done inside together: all of it is stored at the end, or none where it raises.

        Transactions nest; the outermost one decides.
        """
        if self._depth == 0:
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Hold what is done inside together as `transaction` does, but where it raises, undo it alone, and raise.

        What the transaction around it did before stays.
        """
        with self.transaction():
            self._connection.execute("SAVEPOINT attempt")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO attempt")
                raise
            finally:
                self._connection.execute("RELEASE attempt")

    def run(self, sql: str, values: Row = ()) -> int:
        """Run a statement; return how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of values."""
        self._connection.executemany(sql, rows)

    def first(self, sql: str, values: Row = ()) -> Row | None:
        """Return the first row, or None."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, values: Row = ()) -> list[Row]:
        """Return every row."""
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """Return the rows one by one; nothing may be written until the last is read or the iterator is dropped."""
        yield from self._connection.execute(sql, values)

    def next_version(self, now: datetime) -> int:
        """Return a number greater than all before, for an entity's ETag."""
        self._version = max(self._version + 1, to_micros(now))
        return self._version

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self, target: str) -> None:
        row = self.first("PRAGMA user_version")
        version = row[0] if row else 0
        if version == 0:
            self._connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise SchemaError(
                f"{target} holds state of schema {version}; this version of the service reads {SCHEMA_VERSION}. "
                "Use another data folder, or the version that wrote it."
            )
