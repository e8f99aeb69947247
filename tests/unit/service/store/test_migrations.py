"""Files of older schemas, and those that cannot be read."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dispatcher.service.store import SchemaError, Store
from dispatcher.service.store.migrations import OLDEST, STEPS
from dispatcher.service.store.schema import SCHEMA_VERSION
from dispatcher.service.testing import Bench

HERE = Path(__file__).parent

DIGESTS = {3: "1a0db6853c2dd364"}
"""Of what a new file holds, by the schema's version."""


def shape(path: Path) -> list[tuple[str, str]]:
    """Return the tables, indices and triggers of a file: the name and the words of each."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    return [(str(name), " ".join(str(sql).split())) for name, sql in rows]


def older(path: Path, version: int) -> Path:
    """Make a file of an older schema, as the service left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((HERE / f"schema_{version}.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def version_of(path: Path) -> int:
    """Return the version that a file says it is of."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_schema_that_changed_has_a_new_version(tmp_path: Path) -> None:
    """If this fails: raise SCHEMA_VERSION, add a step to STEPS and a stored file of the version before, then this."""
    Store(tmp_path / "state").close()
    digest = hashlib.sha256(repr(shape(tmp_path / "state")).encode()).hexdigest()
    assert {SCHEMA_VERSION: digest[:16]} == DIGESTS


@pytest.mark.parametrize("version", range(OLDEST, SCHEMA_VERSION))
def test_older_file_becomes_what_a_new_one_is(tmp_path: Path, version: int) -> None:
    """In every table, index and trigger."""
    Store(older(tmp_path / "old", version)).close()
    Store(tmp_path / "new").close()
    assert shape(tmp_path / "old") == shape(tmp_path / "new")
    assert version_of(tmp_path / "old") == SCHEMA_VERSION


@pytest.mark.parametrize("version", range(OLDEST, SCHEMA_VERSION))
def test_account_of_an_older_file_goes_on(tmp_path: Path, version: int) -> None:
    """What had ended stays so, what ran is requeued and runs again, what waited follows."""
    bench = Bench(Store(older(tmp_path / "old", version)))
    bench.service.worker.recover()
    bench.settle()
    assert (bench.state("done"), bench.execution("failed")["exitCode"]) == ("completed", 3)
    assert bench.execution("ran")["requeueCount"] == 1
    bench.finish("ran")
    assert (bench.running(), bench.state("waits-too")) == (["waits"], "active")


def test_migration_that_fails_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is stored with its version, or nothing of it is."""
    path = older(tmp_path / "old", OLDEST)
    before = shape(path)
    steps = {**STEPS, OLDEST: f"{STEPS[OLDEST]} INSERT INTO nowhere VALUES (1);"}
    monkeypatch.setattr("dispatcher.service.store.migrations.STEPS", steps)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        Store(path)
    assert (shape(path), version_of(path)) == (before, OLDEST)


@pytest.mark.parametrize("version", [0, OLDEST - 1, SCHEMA_VERSION + 1])
def test_file_of_a_version_that_cannot_be_read_is_refused_unchanged(tmp_path: Path, version: int) -> None:
    """A newer service may read it yet."""
    path = older(tmp_path / "state", OLDEST)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(SchemaError, match=f"holds state of schema {version}; this version of the service reads"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kept", [0, 50, 5000, 8192])
def test_truncated_file_is_refused_unchanged(tmp_path: Path, kept: int) -> None:
    """An empty one too, in whose place a new account would hide the loss."""
    path = older(tmp_path / "state", OLDEST)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SchemaError, match="is damaged"):
        Store(path)
    assert path.stat().st_size == kept


def test_file_of_something_else_is_refused_unchanged(tmp_path: Path) -> None:
    """Whatever it is."""
    path = tmp_path / "state"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(SchemaError, match="is damaged: file is not a database"):
        Store(path)
    assert path.read_bytes() == b"no database " * 1000


def test_file_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    """The service was killed at its first start; logs of a file that was taken away are not taken for the new one's."""
    (tmp_path / "state.new").write_bytes(b"half")
    (tmp_path / "state-wal").write_bytes(b"another's")
    Store(tmp_path / "state").close()
    assert version_of(tmp_path / "state") == SCHEMA_VERSION
    assert not (tmp_path / "state.new").exists()
