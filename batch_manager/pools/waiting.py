"""Waits for pools: until one is ready, until one is gone, until one is steady."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from batch_manager.errors import NotFoundError, ServiceError
from batch_manager.node_files import NodeFiles
from batch_manager.pool_operations import PoolOperations
from batch_manager.pools.readiness import PoolHealth, Verdict, look_at

INTERVAL = 10.0
"""Seconds between two looks at a pool."""
LOG_BYTES = 2000
START_TASK_LOG = "startup/stderr.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long to wait, and by which clock.

    Attributes:
        limit: after which it is over.
        interval: seconds between two looks.
        monotonic: the clock, in seconds.
        sleep: waits so many seconds.
    """

    limit: timedelta = timedelta(minutes=30)
    interval: float = INTERVAL
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, reached: Callable[[], bool]) -> bool:
        """Look until something is reached, or the time is over; whether it was."""
        ends = self.monotonic() + self.limit.total_seconds()
        while not reached():
            left = ends - self.monotonic()
            if left <= 0:
                return False
            self.sleep(min(self.interval, left))
        return True


def wait_until_ready(
    pools: PoolOperations, files: NodeFiles, pool_id: str, waiting: Waiting, tell: Callable[[PoolHealth], None]
) -> PoolHealth:
    """Wait until a pool has the nodes it should have, or it is clear that it will not have them.

    Args:
        pools: the account's pools.
        files: where the logs of failed start tasks are read.
        pool_id: the pool.
        waiting: how long.
        tell: given each look.

    Returns:
        the last look; its verdict is WAITING if the time was over.
    """
    last: PoolHealth | None = None

    def settled() -> bool:
        nonlocal last
        last = look_at(pools.get_pool(pool_id), list(pools.nodes.list_nodes(pool_id)))
        tell(last)
        return last.verdict is not Verdict.WAITING

    waiting.until(settled)
    assert last is not None  # it looks once at least
    return replace(last, reasons=(*last.reasons, *start_task_logs(files, pool_id, last)))


def start_task_logs(files: NodeFiles, pool_id: str, health: PoolHealth) -> tuple[str, ...]:
    """The end of what the first failed start task wrote on standard error; nothing if it cannot be had."""
    for node_id in health.failed_nodes[:1]:
        try:
            text = files.read_node_file(pool_id, node_id, START_TASK_LOG, at_most=LOG_BYTES).decode(errors="replace")
        except ServiceError as error:
            return (f"{START_TASK_LOG} of node {node_id} cannot be read: {error}",)
        said = text.strip() or "nothing"
        return (f"{START_TASK_LOG} of node {node_id} ends with:\n{said}",)
    return ()


def wait_until_gone(pools: PoolOperations, pool_id: str, waiting: Waiting) -> bool:
    """Wait until a pool is not there; whether it went in time."""

    def gone() -> bool:
        try:
            pools.get_pool(pool_id)
        except NotFoundError:
            return True
        return False

    return waiting.until(gone)
