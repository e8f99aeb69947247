"""Where a task goes: the free slots of a pool's nodes while a plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from dispatcher.service.records import FillType


class Bins:
    """The nodes of one pool by their free slots.

    With ``spread`` a task goes to the emptiest node that has room, with ``pack`` to the fullest. A task that needs a
    whole node and finds none holds the emptiest node back, and one that needs several holds back all that are empty, so
    that others cannot keep them waiting for ever.
    """

    def __init__(self, *, pool_id: str, slots: int, fill: FillType, free: Mapping[str, int]) -> None:
        """Begin with the free slots of each node that takes tasks."""
        self.pool_id = pool_id
        self.slots = slots
        self._fill = fill
        self._free = dict(free)
        self._by_free: list[dict[str, None]] = [{} for _ in range(slots + 1)]
        for node_id, count in self._free.items():
            self._by_free[count][node_id] = None

    def take(self, slots: int, preferred: str | None = None, barred: frozenset[str] = frozenset()) -> str | None:
        """Take slots on one node, the preferred one if it has room; return it, or None where none has room.

        Args:
            slots: how many.
            preferred: a node.
            barred: nodes that it may not be.
        """
        if preferred is not None and preferred.lower() not in barred and self._free.get(preferred, 0) >= slots:
            return self._use(preferred, slots)
        counts = range(slots, self.slots + 1)
        for count in counts if self._fill is FillType.PACK else reversed(counts):
            for node_id in _allowed(self._by_free[count], barred):
                return self._use(node_id, slots)
        return None

    def take_whole(self, barred: frozenset[str] = frozenset()) -> str | None:
        """Take an empty node; where there is none, hold the emptiest back for the rest of this plan."""
        for node_id in _allowed(self._by_free[self.slots], barred):
            return self._use(node_id, self.slots)
        for bin_ in reversed(self._by_free[1:]):
            for node_id in _allowed(bin_, barred):
                self._use(node_id, self._free[node_id])
                return None
        return None

    def take_nodes(self, count: int, barred: frozenset[str] = frozenset()) -> tuple[str, ...] | None:
        """Take so many empty nodes; where there are too few, hold the empty ones back for the rest of this plan."""
        nodes = tuple(islice(_allowed(self._by_free[self.slots], barred), count))
        for node_id in nodes:
            self._use(node_id, self.slots)
        return nodes if len(nodes) == count else None

    def _use(self, node_id: str, slots: int) -> str:
        count = self._free[node_id]
        del self._by_free[count][node_id]
        self._free[node_id] = count - slots
        self._by_free[count - slots][node_id] = None
        return node_id


def _allowed(nodes: Iterable[str], barred: frozenset[str]) -> Iterator[str]:
    return iter(nodes) if not barred else (node for node in nodes if node.lower() not in barred)
