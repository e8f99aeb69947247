"""The seam to files that are still on nodes: a task's standard output while it runs, a start task's log.

Implementation: ``_azure.node_files``. The module is light.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFile:
    """A file on a node, as it is now."""

    size: int
    """Bytes."""
    last_modified: datetime


class NodeFiles(Protocol):
    """Files on nodes. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def task_file(self, job_id: str, task_id: str, path: str) -> NodeFile:
        """A task's file, such as ``stdout.txt`` or ``wd/result.csv``. ``NotFoundError`` or ``ConflictError`` if the
        task has not begun, the node is gone, or there is no such file."""
        ...

    def read_task_file(self, job_id: str, task_id: str, path: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to before ``end`` of a task's file, of which there must be at least one; fewer where the
        file ends earlier."""
        ...

    def read_node_file(self, pool_id: str, node_id: str, path: str, *, at_most: int | None = None) -> bytes:
        """A file of a node, such as ``startup/stderr.txt``: all of it, or its last ``at_most`` bytes."""
        ...
