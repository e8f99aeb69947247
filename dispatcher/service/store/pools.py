"""Pools and their nodes in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from dispatcher.service.documents.pools import PoolSpec, ResizeSpec
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.records import Deallocation, NodeRecord, PoolRecord, ResizeError
from dispatcher.service.states import (
    ALLOCATION,
    POOL,
    AllocationEvent,
    AllocationState,
    PoolEvent,
    PoolState,
)
from dispatcher.service.store.database import Database
from dispatcher.service.store.rows import NODE_COLUMNS, POOL_COLUMNS, node_record, node_row, pool_record
from dispatcher.service.wire import from_micros, to_micros


class PoolStore:
    """Every read and change of pools and nodes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, spec: PoolSpec, now: datetime, *, allocated_from: datetime) -> PoolRecord:
        """Add a pool that is to grow to its targets, from the time at which its nodes are there.

        Raises:
            BatchError: PoolExists, or PoolBeingDeleted for an id that is not free yet.
        """
        time = to_micros(now)
        marks = ", ".join("?" * 17)
        with self._database.transaction():
            added = self._database.run(
                f"INSERT INTO pools ({POOL_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                (
                    spec.id,
                    spec.document,
                    self._database.next_version(now),
                    PoolState.ACTIVE,
                    time,
                    AllocationState.RESIZING,
                    time,
                    time,
                    time,
                    spec.target_dedicated,
                    spec.target_low_priority,
                    spec.slots,
                    spec.fill,
                    Deallocation.REQUEUE,
                    to_micros(allocated_from),
                    to_micros(now + spec.resize_timeout),
                    None,
                ),
            )
            pool = self.get(spec.id)
            if not added:
                deleting = pool.state is PoolState.DELETING
                raise BatchError(Refusal.POOL_BEING_DELETED if deleting else Refusal.POOL_EXISTS)
            return pool

    def find(self, pool_id: str) -> PoolRecord | None:
        """Return a pool, or None."""
        row = self._database.first(f"SELECT {POOL_COLUMNS} FROM pools WHERE id = ?", (pool_id,))
        return None if row is None else pool_record(row)

    def get(self, pool_id: str) -> PoolRecord:
        """Return a pool.

        Raises:
            BatchError: PoolNotFound.
        """
        pool = self.find(pool_id)
        if pool is None:
            raise BatchError(Refusal.POOL_NOT_FOUND)
        return pool

    def scan(self, after: str = "") -> Iterator[PoolRecord]:
        """Return the pools whose id comes after ``after``, in the order of ids."""
        rows = self._database.each(f"SELECT {POOL_COLUMNS} FROM pools WHERE id > ? ORDER BY id", (after,))
        return map(pool_record, rows)

    def resize(self, pool: PoolRecord, spec: ResizeSpec, now: datetime, *, allocated_from: datetime) -> None:
        """Set new targets; the pool is resizing after it, and has no errors of an earlier resize.

        Raises:
            TransitionError: it is stopping.
        """
        state = ALLOCATION.after(pool.allocation_state, AllocationEvent.RESIZE)
        dedicated = pool.target_dedicated if spec.target_dedicated is None else spec.target_dedicated
        low = pool.target_low_priority if spec.target_low_priority is None else spec.target_low_priority
        self._retarget(pool, state, dedicated, low, spec.deallocation, now)
        self._database.run(
            "UPDATE pools SET allocated_from = ?, resize_deadline = ?, resize_errors = NULL WHERE id = ?",
            (to_micros(allocated_from), to_micros(now + spec.timeout), pool.id),
        )

    def stop_resize(self, pool: PoolRecord, dedicated: int, low_priority: int, now: datetime) -> None:
        """Make the nodes there are the targets.

        Raises:
            TransitionError: it is not resizing.
        """
        state = ALLOCATION.after(pool.allocation_state, AllocationEvent.STOP)
        self._retarget(pool, state, dedicated, low_priority, pool.deallocation, now)

    def settle(self, pool: PoolRecord, now: datetime) -> None:
        """Mark a pool as steady.

        Raises:
            TransitionError: it is steady.
        """
        state = ALLOCATION.after(pool.allocation_state, AllocationEvent.SETTLE)
        self._database.run(
            "UPDATE pools SET allocation_state = ?, allocation_time = ? WHERE id = ?", (state, to_micros(now), pool.id)
        )

    def fail_resize(self, pool: PoolRecord, error: ResizeError) -> None:
        """Keep why the pool will not reach its targets."""
        errors = [{"code": known.code, "message": known.message} for known in (*pool.resize_errors, error)]
        self._database.run("UPDATE pools SET resize_errors = ? WHERE id = ?", (json.dumps(errors), pool.id))

    def replace_document(self, pool: PoolRecord, spec: PoolSpec, now: datetime) -> None:
        """Give a pool what a changed document says, except for targets."""
        self._database.run(
            "UPDATE pools SET document = ?, slots = ?, fill = ?, version = ?, modified = ? WHERE id = ?",
            (spec.document, spec.slots, spec.fill, self._database.next_version(now), to_micros(now), pool.id),
        )

    def touch(self, pool: PoolRecord, now: datetime) -> None:
        """Give a pool a new ETag, since what another table says of it has changed."""
        self._database.run(
            "UPDATE pools SET version = ?, modified = ? WHERE id = ?",
            (self._database.next_version(now), to_micros(now), pool.id),
        )

    def begin_delete(self, pool: PoolRecord, now: datetime) -> None:
        """Mark a pool as being deleted.

        Raises:
            TransitionError: it is already.
        """
        state = POOL.after(pool.state, PoolEvent.DELETE)
        time = to_micros(now)
        self._database.run(
            "UPDATE pools SET state = ?, state_time = ?, modified = ?, version = ? WHERE id = ?",
            (state, time, time, self._database.next_version(now), pool.id),
        )

    def remove(self, pool_id: str) -> None:
        """Forget a pool that has no nodes."""
        self._database.run("DELETE FROM pools WHERE id = ?", (pool_id,))

    def add_nodes(self, nodes: Sequence[NodeRecord]) -> None:
        """Add nodes."""
        self._database.run_many(
            f"INSERT INTO nodes ({NODE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [node_row(node) for node in nodes],
        )

    def nodes(self) -> list[NodeRecord]:
        """Return every node of every pool."""
        return [node_record(row) for row in self._database.all(f"SELECT {NODE_COLUMNS} FROM nodes")]

    def save_node(self, node: NodeRecord) -> None:
        """Store what has changed of a node."""
        pool_id, node_id, _, state, state_time, _, booted, until, start, errors = node_row(node)
        self._database.run(
            "UPDATE nodes SET state = ?, state_time = ?, booted = ?, until = ?, start = ?, errors = ? "
            "WHERE pool_id = ? AND id = ?",
            (state, state_time, booted, until, start, errors, pool_id, node_id),
        )

    def retained_until(self, pool_id: str, node_id: str) -> datetime | None:
        """Return until when the files of completed tasks are to be kept on a node; None where there are none."""
        row = self._database.first(
            "SELECT max(expires) FROM tasks WHERE expires IS NOT NULL AND pool_id = ? AND node_id = ?",
            (pool_id, node_id),
        )
        return None if row is None or row[0] is None else from_micros(int(row[0]))

    def count(self) -> int:
        """Return how many pools there are, with those that are being deleted."""
        row = self._database.first("SELECT count(*) FROM pools")
        return 0 if row is None else int(row[0] or 0)

    def remove_node(self, pool_id: str, node_id: str, now: datetime) -> None:
        """Forget a node; how long it was there is kept for the statistics."""
        self._database.run("DELETE FROM nodes WHERE pool_id = ? AND id = ?", (pool_id, node_id))
        self._database.run(
            "UPDATE node_times SET went = ? WHERE pool_id = ? AND node_id = ?", (to_micros(now), pool_id, node_id)
        )

    def _retarget(
        self,
        pool: PoolRecord,
        state: AllocationState,
        dedicated: int,
        low: int,
        deallocation: Deallocation,
        now: datetime,
    ) -> None:
        time = to_micros(now)
        self._database.run(
            "UPDATE pools SET allocation_state = ?, allocation_time = ?, target_dedicated = ?, "
            "target_low_priority = ?, deallocation = ?, modified = ?, version = ? WHERE id = ?",
            (state, time, dedicated, low, deallocation, time, self._database.next_version(now), pool.id),
        )
