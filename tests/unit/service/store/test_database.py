"""What the store does when the disk fails it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dispatcher.service.store import StoreFailed
from dispatcher.service.store.database import Database
from dispatcher.service.store.failures import storage_failure

LOG_LIMIT = 16 * 2**20
PUT = "INSERT INTO unwanted_blobs VALUES ('box', ?)"


@pytest.fixture
def told() -> list[StoreFailed]:
    """Return what is told of failures."""
    return []


@pytest.fixture
def database(tmp_path: Path, told: list[StoreFailed]) -> Database:
    """Return a store on a file."""
    database = Database(tmp_path / "state")
    database.on_failure(told.append)
    return database


def stored(path: Path) -> list[str]:
    """Return what a file holds."""
    with closing(sqlite3.connect(path / "state")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT blob FROM unwanted_blobs ORDER BY blob")]


def put_together(database: Database, blobs: list[str]) -> None:
    """Store all or nothing."""
    with database.transaction(), database.attempt():
        for blob in blobs:
            database.run(PUT, (blob,))


@pytest.mark.parametrize(
    ("limit", "reason"),
    [("max_page_count = 1", "database or disk is full"), ("query_only = ON", "attempt to write a readonly database")],
)
def test_change_that_the_disk_refuses_is_undone_and_told_once(
    tmp_path: Path, database: Database, told: list[StoreFailed], limit: str, reason: str
) -> None:
    """What was stored before stays; nothing is stored after it, though the disk would take it again."""
    database.run(PUT, ("before",))
    database.run(f"PRAGMA {limit}")
    with pytest.raises(StoreFailed, match=reason):
        put_together(database, [f"during {number}" for number in range(10_000)])
    database._connection.execute("PRAGMA query_only = OFF")
    database._connection.execute("PRAGMA max_page_count = 1000000")
    with pytest.raises(StoreFailed, match=reason):
        database.run(PUT, ("after",))
    with pytest.raises(StoreFailed, match=reason), database.transaction():
        pass
    assert len(told) == 1
    assert str(tmp_path / "state") in str(told[0])
    assert stored(tmp_path) == ["before"]


def test_mistake_in_a_statement_is_no_failure_of_the_disk(database: Database, told: list[StoreFailed]) -> None:
    """It says what it is, and the store goes on."""
    with pytest.raises(sqlite3.IntegrityError):
        put_together(database, ["twice", "twice"])
    database.run(PUT, ("after",))
    assert (told, [row[0] for row in database.all("SELECT blob FROM unwanted_blobs")]) == ([], ["after"])


def test_attempt_that_fails_is_undone_alone(database: Database) -> None:
    """What the transaction did before is stored."""
    with database.transaction():
        database.run(PUT, ("kept",))
        with pytest.raises(sqlite3.IntegrityError):
            put_together(database, ["undone", "undone"])
    assert [row[0] for row in database.all("SELECT blob FROM unwanted_blobs")] == ["kept"]


def test_damage_that_is_read_is_told(tmp_path: Path, database: Database, told: list[StoreFailed]) -> None:
    """A page of the file that became something else while the service ran."""
    database.run_many(PUT, [(json.dumps([number] * 100),) for number in range(2000)])
    database.close()
    damage = (tmp_path / "state").read_bytes()
    (tmp_path / "state").write_bytes(damage[: len(damage) // 2] + b"\x55" * (len(damage) - len(damage) // 2))
    damaged = Database(tmp_path / "state")
    damaged.on_failure(told.append)
    with pytest.raises(StoreFailed, match="put a copy of the whole folder in its place"):
        damaged.all("SELECT blob FROM unwanted_blobs")
    assert len(told) == 1


def test_log_does_not_grow_with_what_is_stored(tmp_path: Path, database: Database) -> None:
    """It is copied into the file now and then, and one that was large once becomes small again."""
    with database.transaction():
        put_together(database, [f"{number:4096}" for number in range(10_000)])
    log = tmp_path / "state-wal"
    assert log.stat().st_size > 2 * LOG_LIMIT
    for number in range(10):
        database.run(PUT, (str(number),))
    assert log.stat().st_size <= LOG_LIMIT


def test_log_that_a_killed_service_left_is_part_of_the_file(tmp_path: Path, database: Database) -> None:
    """Nothing of it was copied into the file yet."""
    put_together(database, ["first", "second"])
    (tmp_path / "killed").mkdir()
    for name in ("state", "state-wal"):
        shutil.copy(tmp_path / name, tmp_path / "killed" / name)
    again = Database(tmp_path / "killed" / "state")
    assert [row[0] for row in again.all("SELECT blob FROM unwanted_blobs ORDER BY blob")] == ["first", "second"]


def test_error_without_a_code_says_nothing_of_the_disk() -> None:
    """As one that Python's own module raises."""
    assert storage_failure(sqlite3.ProgrammingError("closed"), "state") is None
