"""The service's durable state: SQLite behind a few small stores that share one connection and its transactions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from dispatcher.service.store.account import AccountStore
from dispatcher.service.store.applications import ApplicationStore
from dispatcher.service.store.auto_pools import AutoPoolStore
from dispatcher.service.store.autoscale import AutoscaleStore
from dispatcher.service.store.database import Database, SchemaError, StoreFailed
from dispatcher.service.store.job_schedules import JobScheduleStore
from dispatcher.service.store.job_tasks import JobTaskStore
from dispatcher.service.store.jobs import CountChanges, JobStore
from dispatcher.service.store.node_users import NodeUserStore
from dispatcher.service.store.pools import PoolStore
from dispatcher.service.store.queue import QueueStore
from dispatcher.service.store.statistics import StatisticsStore
from dispatcher.service.store.subtasks import SubtaskStore
from dispatcher.service.store.tasks import TaskStore

__all__ = ["CountChanges", "SchemaError", "Store", "StoreFailed"]


class Store:
    """The stores of one file, or of memory where the path is None; used by one thread."""

    def __init__(self, path: Path | None) -> None:
        self._database = Database(path)
        self.pools = PoolStore(self._database)
        self.node_users = NodeUserStore(self._database)
        self.jobs = JobStore(self._database)
        self.tasks = TaskStore(self._database)
        self.job_tasks = JobTaskStore(self._database)
        self.subtasks = SubtaskStore(self._database)
        self.queue = QueueStore(self._database)
        self.statistics = StatisticsStore(self._database)
        self.schedules = JobScheduleStore(self._database)
        self.auto_pools = AutoPoolStore(self._database)
        self.autoscale = AutoscaleStore(self._database)
        self.applications = ApplicationStore(self._database)
        self.account = AccountStore(self._database)

    @property
    def last_written(self) -> datetime | None:
        """When an earlier service last stored something; None where there was none."""
        return self._database.last_written

    def on_failure(self, failed: Callable[[StoreFailed], None]) -> None:
        """Have a function called, once, when the disk fails the file: the service must stop."""
        self._database.on_failure(failed)

    def transaction(self) -> AbstractContextManager[None]:
        """Hold changes of several stores together."""
        return self._database.transaction()

    def attempt(self) -> AbstractContextManager[None]:
        """Hold changes together and undo them alone where they raise, whatever transaction is around them."""
        return self._database.attempt()

    def close(self) -> None:
        """Close the file."""
        self._database.close()
