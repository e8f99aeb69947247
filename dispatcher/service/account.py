"""A Batch account put together: store, nodes, worker and pipeline on one event loop."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dispatcher.service.authentication import Authenticator
from dispatcher.service.clock import Clock
from dispatcher.service.core import Core
from dispatcher.service.driver import Driver
from dispatcher.service.faults.injector import Faults
from dispatcher.service.fleet import Fleet, NodeMaker, NodeRenewed
from dispatcher.service.handlers import HANDLERS
from dispatcher.service.inbox import Inbox
from dispatcher.service.node.launch import NodeEvent
from dispatcher.service.options import ServiceOptions
from dispatcher.service.pipeline import Pipeline
from dispatcher.service.records import NodeRecord
from dispatcher.service.store import Store, StoreFailed
from dispatcher.service.worker import Worker

logger = logging.getLogger(__name__)


class Service:
    """A Batch account on a store; everything but its nodes runs on the thread of one event loop."""

    def __init__(
        self,
        *,
        account: str,
        store: Store,
        maker: NodeMaker,
        authenticator: Authenticator,
        clock: Clock,
        options: ServiceOptions | None = None,
        faults: Faults | None = None,
    ) -> None:
        """Put the parts together; nothing runs before `start`."""
        self.authenticator = authenticator
        """Lets requests to the account in."""
        self._driver = Driver()
        self._inbox = Inbox()
        self._fleet = Fleet(maker, self._post, clock)
        self.core = Core(
            account=account,
            store=store,
            fleet=self._fleet,
            clock=clock,
            wake=self._driver.wake,
            options=options or ServiceOptions(),
            faults=faults,
        )
        self.worker = Worker(self.core, self._inbox)
        self.pipeline = Pipeline(self.core, authenticator, HANDLERS)
        self.failed = False
        """Whether the worker met a fault and stopped."""
        self.failure: StoreFailed | None = None
        """What the disk did to the state, where that was the reason."""
        self._ask_to_stop: Callable[[], None] = lambda: None
        store.on_failure(self._disk_failed)

    def start(self, stop: Callable[[], None]) -> None:
        """Recover what the store holds, and begin to step on the running loop; ``stop`` is called if a step fails."""

        self._ask_to_stop = stop
        self.worker.recover()
        self._driver.start(self.worker, self.core.clock, self.worker.next_deadline, self._fail)

    def stop(self) -> None:
        """Make no more steps; what happens on the nodes from here on is left to the next start."""
        self._driver.stop()

    def close(self) -> None:
        """End every task, close the nodes and the store. Tasks that ran are requeued at the next start."""
        self.stop()
        self.end_nodes()
        self.close_store()

    def end_nodes(self) -> None:
        """End every task and close the nodes, which may take a while; on any thread, after `stop`."""
        self._fleet.close()

    def close_store(self) -> None:
        """Close the store, after `end_nodes`."""
        self.core.store.close()

    def is_settled(self) -> bool:
        """Say whether nothing is done in the background and no news waits for the worker; for tests."""
        self._fleet.tidy()
        return self._inbox.is_empty()

    def _fail(self) -> None:
        self.failed = True
        self._ask_to_stop()

    def _disk_failed(self, failure: StoreFailed) -> None:
        """Stop at once: what is in memory may be more than what is stored."""
        logger.critical("%s", failure)
        self.failure = failure
        self.stop()
        self._fail()

    def _post(self, record: NodeRecord, event: NodeEvent | NodeRenewed) -> None:
        self._inbox.post(record, event)
        self._driver.wake()
