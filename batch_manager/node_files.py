"""The seam to files that are still on nodes: a task's standard output while it runs, a start task's log.

Implementation: ``_azure.node_files``. The module is light.
"""

from __future__ import annotations

from typing import Protocol


class NodeFiles(Protocol):
    """Files on nodes. Every method raises a ``ServiceError`` of the fitting kind when Batch says no."""

    def task_file_size(self, job_id: str, task_id: str, path: str) -> int:
        """Bytes that a task's file has now. ``NotFoundError`` or ``ConflictError`` (``code`` says which) if the task
        has not begun, the node is gone, or there is no such file."""
        ...

    def read_task_file(self, job_id: str, task_id: str, path: str, start: int, end: int) -> bytes:
        """Bytes ``start`` to before ``end`` of a task's file, such as ``stdout.txt``."""
        ...

    def read_node_file(self, pool_id: str, node_id: str, path: str) -> bytes:
        """A whole file of a node, such as ``startup/stderr.txt``."""
        ...
