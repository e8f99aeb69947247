"""Who holds a node's slots, and who waits for them.

The service gives a node whose tasks are very short a few more attempts than it has slots, so that the next one starts
without asking. Those wait here, in order, and go back to the service when whatever holds the slots turns out to last.
"""

from __future__ import annotations

from collections import deque

from dispatcher.service.node.attempt import Attempt


class Slots:
    """The slots of one node. Used under the node's lock."""

    def __init__(self, count: int) -> None:
        """Begin with free slots."""
        self._free = count
        self._waiting: deque[Attempt] = deque()
        self._holding = 0
        self._lasting: set[int] = set()
        """Which of those that hold slots have run for long, by identity."""

    @property
    def has_waiting(self) -> bool:
        """Whether an attempt waits."""
        return bool(self._waiting)

    def take(self, attempt: Attempt) -> bool:
        """Give an attempt its slots, or let it wait for them; say whether it may run now."""
        if attempt.launch.slots and (self._waiting or attempt.launch.slots > self._free):
            self._waiting.append(attempt)
            return False
        self._hold(attempt)
        return True

    def give_back(self, attempt: Attempt) -> list[Attempt]:
        """Free the slots of an attempt; return those that may run now."""
        self.drop(attempt)
        admitted = []
        while self._waiting and self._waiting[0].launch.slots <= self._free:
            self._hold(self._waiting[0])
            admitted.append(self._waiting.popleft())
        return admitted

    def drop(self, attempt: Attempt) -> None:
        """Free the slots of an attempt, for whoever comes next."""
        if attempt.launch.slots:
            self._free += attempt.launch.slots
            self._holding -= 1
            self._lasting.discard(id(attempt))

    def last(self, attempt: Attempt) -> None:
        """Note that an attempt that holds slots has run for long."""
        if attempt.launch.slots:
            self._lasting.add(id(attempt))

    def withdraw(self, attempt: Attempt) -> bool:
        """Let an attempt wait no more; say whether it did."""
        if attempt in self._waiting:
            self._waiting.remove(attempt)
            return True
        return False

    def give_up(self) -> list[Attempt]:
        """Return those that wait, which then wait no more, if everything that holds slots lasts; else none."""
        if len(self._lasting) < self._holding:
            return []
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _hold(self, attempt: Attempt) -> None:
        if attempt.launch.slots:
            self._free -= attempt.launch.slots
            self._holding += 1
