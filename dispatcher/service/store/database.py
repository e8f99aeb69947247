"""The SQLite file: one connection for one thread, one transaction for each change or batch of changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dispatcher.service.store.failures import SchemaError, StoreFailed, storage_failure
from dispatcher.service.store.opening import last_written, open_state
from dispatcher.service.wire import to_micros

__all__ = ["Database", "Row", "SchemaError", "StoreFailed", "Value"]

Value = int | float | str | None
Row = Sequence[Value]


class Database:
    """A file, or memory where the path is None. What is committed survives the process's death.

    Once the disk fails it, every change raises `StoreFailed`.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the file, or make it.

        Raises:
            SchemaError: it cannot be read by this version of the service, or is damaged; it was not changed.
            StoreFailed: it cannot be read or written.
        """
        self._target = ":memory:" if path is None else str(path)
        self.last_written = last_written(path)
        """When it was last written before it was opened; None where it is new."""
        self._connection = open_state(path)
        self._depth = 0
        self._version = 0
        self._failure: StoreFailed | None = None
        self._failed: Callable[[StoreFailed], None] = lambda _: None

    def on_failure(self, failed: Callable[[StoreFailed], None]) -> None:
        """Have a function called, once, when the disk fails the file."""
        self._failed = failed

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold what is done inside together: all of it is stored at the end, or none where it raises.

        Transactions nest; the outermost one decides.
        """
        if self._depth == 0:
            self.run("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self.run("COMMIT")
        except BaseException:
            if self._depth == 1:
                self._undo("ROLLBACK")
            raise
        finally:
            self._depth -= 1

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Hold what is done inside together as `transaction` does, but where it raises, undo it alone, and raise.

        What the transaction around it did before stays.
        """
        with self.transaction():
            self.run("SAVEPOINT attempt")
            try:
                yield
            except BaseException:
                self._undo("ROLLBACK TO attempt")
                raise
            finally:
                self._undo("RELEASE attempt")

    def run(self, sql: str, values: Row = ()) -> int:
        """Run a statement; return how many rows it changed."""
        if self._failure is not None:
            raise self._failure
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise self._told(error) from None

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of values."""
        if self._failure is not None:
            raise self._failure
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._told(error) from None

    def first(self, sql: str, values: Row = ()) -> Row | None:
        """Return the first row, or None."""
        try:
            row: Row | None = self._connection.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            raise self._told(error) from None
        return row

    def all(self, sql: str, values: Row = ()) -> list[Row]:
        """Return every row."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._told(error) from None

    def each(self, sql: str, values: Row = ()) -> Iterator[Row]:
        """Return the rows one by one; nothing may be written until the last is read or the iterator is dropped."""
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise self._told(error) from None

    def next_version(self, now: datetime) -> int:
        """Return a number greater than all before, for an entity's ETag."""
        self._version = max(self._version + 1, to_micros(now))
        return self._version

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _undo(self, sql: str) -> None:
        """Take something back, unless SQLite did: it ends a transaction itself when the disk fails."""
        if self._connection.in_transaction:
            try:
                self._connection.execute(sql)
            except sqlite3.Error as error:
                raise self._told(error) from None

    def _told(self, error: sqlite3.Error) -> Exception:
        """Return what to raise for an error, and tell of the disk's first failure."""
        failure = storage_failure(error, self._target)
        if failure is None:
            return error
        if self._failure is None:
            self._failure = failure
            self._failed(failure)
        return failure
