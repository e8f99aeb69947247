"""How a file of an older schema becomes one of this: a step from each version to the next, in a transaction of its own.

Whoever changes the schema adds a step here, in the same commit as the new version (docs/durability.md); a test compares
what the steps make with what a new file holds. A step reads nothing but the file: it must do the same in ten years.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from dispatcher.service.store.schema import SCHEMA_VERSION

OLDEST: Final = 2
"""The first version that was kept by anybody."""

STEPS: Final[Mapping[int, str]] = {
    2: """
CREATE TABLE unwanted_blobs (
    container TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (container, blob)
) WITHOUT ROWID;

CREATE TABLE waits (
    task_key INTEGER PRIMARY KEY,
    unmet INTEGER NOT NULL
);
INSERT INTO waits SELECT key, unmet FROM tasks WHERE unmet > 0;
UPDATE tasks SET unmet = 1 WHERE unmet > 1;
CREATE INDEX waits_over ON waits (task_key) WHERE unmet = 0;
CREATE TRIGGER waits_go AFTER DELETE ON tasks WHEN OLD.unmet > 0
    BEGIN DELETE FROM waits WHERE task_key = OLD.key; END;

CREATE TABLE range_children (
    range_key INTEGER NOT NULL,
    child_key INTEGER NOT NULL,
    PRIMARY KEY (range_key, child_key)
) WITHOUT ROWID;
INSERT INTO range_children SELECT key, child_key FROM ranges;
ALTER TABLE ranges DROP COLUMN child_key;
CREATE TRIGGER range_children_go AFTER DELETE ON ranges
    BEGIN DELETE FROM range_children WHERE range_key = OLD.key; END;

CREATE INDEX subtasks_running ON subtasks (task_key) WHERE state = 'running';
""",
}
"""The statements that make the version after."""


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of a version, `OLDEST` or later, to the present one. Killed anywhere, it goes on at the next start.

    Raises:
        sqlite3.Error: a step could not be stored; those before it are.
    """
    for step in range(version, SCHEMA_VERSION):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {STEPS[step]} PRAGMA user_version = {step + 1}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
