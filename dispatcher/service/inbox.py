"""What happened on the nodes, on its way to the worker."""

from __future__ import annotations

from collections import deque

from dispatcher.service.fleet import NodeRenewed
from dispatcher.service.node.launch import CoordinationDone, NodeEvent, NodeLost, SetupEnding, TaskEnding, TaskReturned
from dispatcher.service.records import NodeRecord

Taken = TaskEnding | TaskReturned | SetupEnding | CoordinationDone | NodeLost | NodeRenewed


class Inbox:
    """Events that any thread posts and the worker takes."""

    def __init__(self) -> None:
        self._events: deque[tuple[NodeRecord, Taken]] = deque()
        self._cleared: deque[int] = deque()

    def post(self, record: NodeRecord, event: NodeEvent | NodeRenewed) -> None:
        """Keep an ending. A start needs nothing: a task is running from the moment it was given to its node."""
        if isinstance(event, Taken):
            self._events.append((record, event))

    def is_empty(self) -> bool:
        """Say whether nothing was posted since the last `take`."""
        return not self._events

    def take(self) -> list[tuple[NodeRecord, Taken]]:
        """Return all that was posted, in order, and forget it."""
        return [self._events.popleft() for _ in range(len(self._events))]

    def post_cleared(self, job_key: int) -> None:
        """Keep that the folders of a deleted job are gone."""
        self._cleared.append(job_key)

    def take_cleared(self) -> list[int]:
        """Return the jobs whose folders are gone, and forget them."""
        return [self._cleared.popleft() for _ in range(len(self._cleared))]
