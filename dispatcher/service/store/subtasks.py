"""Subtasks of multi-instance tasks in the store: those of each task's latest run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dispatcher.service.node.launch import TaskEnding
from dispatcher.service.records import SubtaskRecord
from dispatcher.service.states import TaskState
from dispatcher.service.store.database import Database
from dispatcher.service.store.rows import failure_of, failure_text
from dispatcher.service.wire import from_micros, to_micros


class SubtaskStore:
    """Every read and change of subtasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, task_key: int, pool_id: str, node_ids: Sequence[str], now: datetime) -> None:
        """Add the running subtasks of a task's new run, numbered from 1; those of the run before are forgotten."""
        self._database.run("DELETE FROM subtasks WHERE task_key = ?", (task_key,))
        self._database.run_many(
            "INSERT INTO subtasks (task_key, number, pool_id, node_id, state, started) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (task_key, number, pool_id, node_id, TaskState.RUNNING, to_micros(now))
                for number, node_id in enumerate(node_ids, start=1)
            ],
        )

    def finish(self, task_key: int, node_id: str, ending: TaskEnding) -> None:
        """Complete the subtask on a node."""
        self._database.run(
            "UPDATE subtasks SET state = ?, ended = ?, exit_code = ?, failure = ? WHERE task_key = ? AND node_id = ?",
            (
                TaskState.COMPLETED,
                to_micros(ending.at),
                ending.exit_code,
                failure_text(ending.failure),
                task_key,
                node_id,
            ),
        )

    def of_task(self, task_key: int) -> list[SubtaskRecord]:
        """Return a task's subtasks, by number."""
        rows = self._database.all(
            "SELECT number, pool_id, node_id, state, started, ended, exit_code, failure FROM subtasks "
            "WHERE task_key = ? ORDER BY number",
            (task_key,),
        )
        return [
            SubtaskRecord(
                number=int(number or 0),
                pool_id=str(pool_id),
                node_id=str(node_id),
                state=TaskState(str(state)),
                started=from_micros(int(started or 0)),
                ended=None if ended is None else from_micros(int(ended)),
                exit_code=None if exit_code is None else int(exit_code),
                failure=failure_of(None if failure is None else str(failure)),
            )
            for number, pool_id, node_id, state, started, ended, exit_code, failure in rows
        ]

    def places_of_task(self, task_key: int) -> list[tuple[str, str]]:
        """Return the pools and nodes of a task's subtasks."""
        rows = self._database.all("SELECT pool_id, node_id FROM subtasks WHERE task_key = ?", (task_key,))
        return [(str(pool_id), str(node_id)) for pool_id, node_id in rows]

    def forget_running(self) -> None:
        """Forget the subtasks that ran when the service last ended; their tasks run again."""
        self._database.run("DELETE FROM subtasks WHERE state = 'running'")
