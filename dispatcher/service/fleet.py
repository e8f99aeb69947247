"""The nodes that are there now, and what runs on them.

This is memory, not state: after a restart nothing runs, and the nodes are opened again from the store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from dispatcher.service.absent_nodes import AbsentNode
from dispatcher.service.addresses import Addresses
from dispatcher.service.clock import Clock
from dispatcher.service.live_nodes import Attempt, LiveNode
from dispatcher.service.node.launch import (
    Node,
    NodeEvent,
    NodeListener,
    TaskKey,
)
from dispatcher.service.planning.nodes import Phase
from dispatcher.service.records import NodeRecord

__all__ = ["Attempt", "Fleet", "LiveNode", "NodeMaker", "NodeRenewed", "Posted"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeRenewed:
    """A node that was switched off is there again."""

    error: str | None = None
    """Why this machine cannot carry it; None where it can."""


Posted = Callable[[NodeRecord, NodeEvent | NodeRenewed], None]
"""Told, from any thread, what happened on a node."""


class NodeMaker(Protocol):
    """Makes nodes and clears up after them."""

    def open(self, record: NodeRecord, slots: int, listener: NodeListener) -> Node:
        """Return a running node; its folder is made if missing."""
        ...

    def root(self, record: NodeRecord) -> Path:
        """Return the node's folder."""
        ...

    def containers_problem(self) -> str | None:
        """Return what this machine lacks to run containers; None where it lacks nothing."""
        ...

    def storage_url(self, path: str) -> str:
        """Return a URL below the linked storage account's; one that leads nowhere where none is linked."""
        ...

    def forget_job(self, record: NodeRecord, job_id: str) -> None:
        """Delete the folders of a job's tasks on a node, where there are any.

        Raises:
            OSError: something in them cannot be removed.
        """
        ...

    def leftovers(self, records: Iterable[NodeRecord]) -> tuple[Path, ...]:
        """Return the folders of nodes that are not among these."""
        ...

    def sweep(self, folders: Iterable[Path]) -> None:
        """Delete what `leftovers` returned."""
        ...

    def discard(self, record: NodeRecord) -> None:
        """Delete the folder of a closed node."""
        ...

    def flush(self) -> None:
        """Let nodes begin what they were told to launch since the last time; they may have waited for this."""
        ...

    def close(self) -> None:
        """Let go of what the nodes shared; every node is closed."""
        ...


class Fleet:
    """Every live node of the account. Used by one thread; slow clearing-up happens in another, in order."""

    def __init__(self, maker: NodeMaker, posted: Posted, clock: Clock) -> None:
        self._maker = maker
        self._clock = clock
        self._posted = posted
        self._nodes: dict[tuple[str, str], LiveNode] = {}
        self._pools: dict[str, dict[str, LiveNode]] = {}
        """The same by pool, ids in lower case."""
        self._addresses = Addresses()
        self._housekeeping = ThreadPoolExecutor(max_workers=1, thread_name_prefix="housekeeping")

    def open(self, record: NodeRecord, slots: int) -> LiveNode:
        """Bring a node up.

        Raises:
            OSError: this machine cannot carry it.
        """
        return self._keep(record, self._maker.open(record, slots, partial(self._posted, record)))

    def open_or_stand_in(self, record: NodeRecord, slots: int) -> LiveNode:
        """Bring a stored node up; one that this machine cannot carry now is known, and nothing can run there."""
        try:
            return self.open(record, slots)
        except OSError:
            logger.exception("node %s of pool %s could not be opened", record.id, record.pool_id)
            return self._keep(record, AbsentNode())

    def renew(self, live: LiveNode, slots: int, *, wipe: bool) -> None:
        """Close a node on which nothing runs and bring it up again, in the background; its end is reported.

        Args:
            live: the node.
            slots: of the pool.
            wipe: delete its folder in between.
        """
        live.phase = Phase.RENEWING
        self._housekeeping.submit(self._renew, live, slots, wipe)

    def _renew(self, live: LiveNode, slots: int, wipe: bool) -> None:
        live.close()
        if wipe:
            self._maker.discard(live.record)
        try:
            live.renew(self._maker.open(live.record, slots, partial(self._posted, live.record)))
        except OSError as error:
            logger.exception("node %s of pool %s could not be opened", live.record.id, live.record.pool_id)
            live.renew(AbsentNode())
            self._posted(live.record, NodeRenewed(error=type(error).__name__))
        else:
            self._posted(live.record, NodeRenewed())

    def tidy(self) -> None:
        """Wait for what is done in the background so far."""
        self._housekeeping.submit(int).result()

    def _keep(self, record: NodeRecord, node: Node) -> LiveNode:
        address = self._addresses.take()
        live = LiveNode(record, node, self._clock, partial(self._posted, record), address)
        pool, node_id = _key(record.pool_id, record.id)
        self._nodes[pool, node_id] = live
        self._pools.setdefault(pool, {})[node_id] = live
        return live

    def flush(self) -> None:
        """Let nodes begin what they were told to launch; they may have waited for this."""
        self._maker.flush()

    def sweep(self, records: Iterable[NodeRecord]) -> None:
        """Delete, in the background, what is left of nodes that are not among these."""
        self._housekeeping.submit(self._maker.sweep, self._maker.leftovers(records))

    def try_open(self, record: NodeRecord, slots: int) -> bool:
        """Bring a new node up and say whether this machine could; where not, it is as if it had never been."""
        try:
            self.open(record, slots)
        except OSError:
            logger.exception("node %s of pool %s could not be opened", record.id, record.pool_id)
            self._housekeeping.submit(self._maker.discard, record)
            return False
        return True

    def find(self, pool_id: str, node_id: str) -> LiveNode | None:
        """Return a node, or None; letters' case does not matter."""
        return self._nodes.get(_key(pool_id, node_id))

    def __iter__(self) -> Iterator[LiveNode]:
        """Return every node in the order they came."""
        return iter(list(self._nodes.values()))

    def of_pool(self, pool_id: str) -> list[LiveNode]:
        """Return a pool's nodes in the order they came."""
        return list(self._pools.get(pool_id.lower(), {}).values())

    def attempts_of_job(self, job_key: int) -> Iterator[tuple[LiveNode, TaskKey, Attempt]]:
        """Return what runs of a job."""
        for node in self._nodes.values():
            for key, attempt in node.attempts.items():
                if attempt.job_key == job_key:
                    yield node, key, attempt

    def attempts_of_task(self, task_key: int) -> list[tuple[LiveNode, TaskKey, Attempt]]:
        """Return what runs of a task, on all its nodes."""
        return [
            (node, key, attempt)
            for node in self._nodes.values()
            for key, attempt in node.attempts.items()
            if attempt.task_key == task_key
        ]

    def root(self, record: NodeRecord) -> Path:
        """Return a node's folder."""
        return self._maker.root(record)

    def storage_url(self, path: str) -> str:
        """Return the URL of what lies below this path in the storage account that is linked to the service.

        Where none is linked it leads nowhere.
        """
        return self._maker.storage_url(path)

    def containers_problem(self) -> str | None:
        """Return what this machine lacks to run containers; None where it lacks nothing."""
        return self._maker.containers_problem()

    def remove(self, live: LiveNode) -> None:
        """Drop a node; it is closed and its folder deleted in the background."""
        pool, node_id = _key(live.record.pool_id, live.record.id)
        del self._nodes[pool, node_id], self._pools[pool][node_id]
        if not self._pools[pool]:
            del self._pools[pool]
        self._addresses.give_back(live.address)
        self._housekeeping.submit(self._close_and_discard, live)

    def forget(self, pool_id: str, node_id: str, key: TaskKey) -> None:
        """Delete a task's folder now, if its node is still there."""
        live = self.find(pool_id, node_id)
        if live is not None:
            live.forget(key)

    def forget_job(self, job_id: str, done: Callable[[], None]) -> None:
        """Delete all folders of a job, of which nothing runs, in the background.

        Args:
            job_id: its id.
            done: called, from another thread, once they are gone.
        """
        future = self._housekeeping.submit(self._forget_job, job_id, [live.record for live in self._nodes.values()])
        future.add_done_callback(lambda _: done())

    def close(self) -> None:
        """Close every node and wait for it and for the clearing-up."""
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="closing") as closing:
            list(closing.map(LiveNode.close, self._nodes.values()))
        self._nodes.clear()
        self._pools.clear()
        self._housekeeping.shutdown()
        self._maker.close()

    def _forget_job(self, job_id: str, records: Sequence[NodeRecord]) -> None:
        for record in records:
            try:
                self._maker.forget_job(record, job_id)
            except OSError:
                logger.exception("could not delete all of job %s on node %s", job_id, record.id)

    def _close_and_discard(self, live: LiveNode) -> None:
        live.close()
        self._maker.discard(live.record)


def _key(pool_id: str, node_id: str) -> tuple[str, str]:
    return pool_id.lower(), node_id.lower()
