"""User accounts of compute nodes in the store: recorded, without their passwords."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatcher.service.store.database import Database
from dispatcher.service.wire import to_micros


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeUser:
    """A user account that a client asked for on a node."""

    name: str
    is_admin: bool
    expires: datetime
    ssh_public_key: str | None


class NodeUserStore:
    """Every read and change of node users. They go with their node; one that has expired is as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exists(self, pool_id: str, node_id: str, name: str, now: datetime) -> bool:
        """Say whether there is such a user."""
        sql = "SELECT 1 FROM node_users WHERE pool_id = ? AND node_id = ? AND name = ? AND expires > ?"
        return self._database.first(sql, (pool_id, node_id, name, to_micros(now))) is not None

    def is_admin(self, pool_id: str, node_id: str, name: str) -> bool:
        """Say whether a user is an administrator."""
        sql = "SELECT is_admin FROM node_users WHERE pool_id = ? AND node_id = ? AND name = ?"
        row = self._database.first(sql, (pool_id, node_id, name))
        return row is not None and bool(row[0])

    def put(self, pool_id: str, node_id: str, user: NodeUser) -> None:
        """Add a user, or replace all of it."""
        values = (pool_id, node_id, user.name, user.is_admin, to_micros(user.expires), user.ssh_public_key)
        self._database.run("INSERT OR REPLACE INTO node_users VALUES (?, ?, ?, ?, ?, ?)", values)

    def remove(self, pool_id: str, node_id: str, name: str) -> None:
        """Remove a user."""
        sql = "DELETE FROM node_users WHERE pool_id = ? AND node_id = ? AND name = ?"
        self._database.run(sql, (pool_id, node_id, name))

    def clear(self, pool_id: str, node_id: str) -> None:
        """Remove all users of a node, whose disks are made anew."""
        self._database.run("DELETE FROM node_users WHERE pool_id = ? AND node_id = ?", (pool_id, node_id))
