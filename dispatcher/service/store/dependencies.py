"""What tasks wait for, kept as counters: a completion touches its dependents and no other task.

An id waits in ``edges`` until the parent of that id, which may not exist yet, satisfies it. A range of ids is one row
with a counter, however wide and however many tasks wait for it; a number counts once, so of "4" and "04" the first to
be satisfied counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.service.documents.tasks import TaskRange, TaskSpec, task_number
from dispatcher.service.store.database import Database


class DependencyStore:
    """Every read and change of what tasks wait for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job_key: int, added: Sequence[tuple[int, TaskSpec]]) -> None:
        """Write down what new tasks, by their keys, wait for; what is already satisfied is not waited for."""
        parents = {parent.lower() for _, spec in added for parent in spec.parents}
        unmet_parents = {parent for parent in parents if not self._is_satisfied(job_key, parent)}
        ranges = {wanted for _, spec in added for wanted in spec.parent_ranges}
        range_keys = {wanted: key for wanted in ranges if (key := self._waiting_range(job_key, wanted)) is not None}
        edges, places, counts = [], [], []
        for child_key, spec in added:
            waits = [parent for parent in spec.parents if parent.lower() in unmet_parents]
            reached = {range_keys[wanted] for wanted in spec.parent_ranges if wanted in range_keys}
            edges += [(job_key, parent, child_key) for parent in waits]
            places += [(range_key, child_key) for range_key in reached]
            if waits or reached:
                counts.append((child_key, len(waits) + len(reached)))
        edges.sort(key=_place)  # as the table lies
        run_many = self._database.run_many
        run_many("INSERT INTO edges (job_key, parent, child_key) VALUES (?, ?, ?)", edges)
        run_many("INSERT INTO range_children (range_key, child_key) VALUES (?, ?)", places)
        run_many("INSERT INTO waits (task_key, unmet) VALUES (?, ?)", counts)
        run_many("UPDATE tasks SET unmet = 1 WHERE key = ?", [(child_key,) for child_key, _ in counts])

    def release(self, job_key: int, task_id: str) -> None:
        """Let go what waits for a task that is now satisfied. A second call for the same id changes nothing."""
        children = "SELECT child_key FROM edges WHERE job_key = ? AND parent = ?"
        self._database.run(f"UPDATE waits SET unmet = unmet - 1 WHERE task_key IN ({children})", (job_key, task_id))
        if self._database.run("DELETE FROM edges WHERE job_key = ? AND parent = ?", (job_key, task_id)):
            self._let_go()
        number = task_number(task_id)
        if number is not None:
            self._meet(job_key, number)

    def hold(self, job_key: int, task_id: str) -> None:
        """Take back that a task was satisfied: what is added from now on waits for it again, and so does a range."""
        number = task_number(task_id)
        if number is None:
            return
        met = "job_key = ? AND number = ? AND gone_at IS NULL"
        if self._database.run(f"DELETE FROM met_numbers WHERE {met}", (job_key, number)):
            self._database.run(
                "UPDATE ranges SET remaining = remaining + 1 WHERE job_key = ? AND low <= ? AND high >= ?",
                (job_key, number, number),
            )

    def forget(self, job_key: int, task_id: str) -> None:
        """Take in that a task is deleted: what is added from now on waits for another of its number.

        What counted it goes on: a parent that was there once is not taken back.
        """
        number = task_number(task_id)
        if number is not None:
            self._database.run(
                "UPDATE met_numbers SET gone_at = "
                "coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'ranges'), 0) "
                "WHERE job_key = ? AND number = ? AND gone_at IS NULL",
                (job_key, number),
            )

    def _is_satisfied(self, job_key: int, task_id: str) -> bool:
        row = self._database.first("SELECT released FROM tasks WHERE job_key = ? AND id = ?", (job_key, task_id))
        return row is not None and row[0] == 1

    def _waiting_range(self, job_key: int, wanted: TaskRange) -> int | None:
        """Return the key of a range that waits for what a new task would wait for; None where all of it is met.

        Of what an older range of the same bounds waits for, a new one misses nothing; so where both wait for as many,
        they wait for the same.
        """
        row = self._database.first(
            "SELECT count(*) FROM met_numbers WHERE job_key = ? AND number BETWEEN ? AND ? AND gone_at IS NULL",
            (job_key, wanted.start, wanted.end),
        )
        met = int(row[0] or 0) if row else 0
        remaining = wanted.end - wanted.start + 1 - met
        if remaining == 0:
            return None
        values = (job_key, wanted.start, wanted.end, remaining)
        row = self._database.first(
            "SELECT max(key) FROM ranges WHERE job_key = ? AND low = ? AND high = ? AND remaining = ?", values
        )
        if row is None or row[0] is None:
            sql = "INSERT INTO ranges (job_key, low, high, remaining) VALUES (?, ?, ?, ?) RETURNING key"
            row = self._database.first(sql, values)
        return int(row[0] or 0) if row else None

    def _meet(self, job_key: int, number: int) -> None:
        values = (job_key, number)
        before = self._database.first("SELECT gone_at FROM met_numbers WHERE job_key = ? AND number = ?", values)
        if before is None:
            self._database.run("INSERT INTO met_numbers (job_key, number) VALUES (?, ?)", values)
        elif before[0] is None:
            return
        else:
            self._database.run("UPDATE met_numbers SET gone_at = NULL WHERE job_key = ? AND number = ?", values)
        around = "job_key = ? AND low <= ? AND high >= ? AND key > ?"
        reached = (job_key, number, number, 0 if before is None else before[0])
        if not self._database.run(f"UPDATE ranges SET remaining = remaining - 1 WHERE {around}", reached):
            return
        met = self._database.all(f"SELECT key FROM ranges WHERE {around} AND remaining = 0", reached)
        waiting = "SELECT child_key FROM range_children WHERE range_key = ?"
        self._database.run_many(f"UPDATE waits SET unmet = unmet - 1 WHERE task_key IN ({waiting})", met)
        self._database.run_many("DELETE FROM ranges WHERE key = ?", met)
        self._let_go()

    def _let_go(self) -> None:
        """Let the tasks start that wait for nothing any more."""
        free = self._database.all("DELETE FROM waits WHERE unmet = 0 RETURNING task_key")
        self._database.run_many("UPDATE tasks SET unmet = 0 WHERE key = ?", free)


def _place(edge: tuple[int, str, int]) -> tuple[str, int]:
    return edge[1].lower(), edge[2]
