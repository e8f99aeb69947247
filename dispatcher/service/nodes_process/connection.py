"""The service's end: starts the process of its nodes when the first is opened, and again where it died."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock, Thread

from dispatcher.service.clock import Clock
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.launch import Node, NodeListener
from dispatcher.service.node.limits import lower_for_task
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.nodes_process.channel import Channel
from dispatcher.service.nodes_process.messages import Answered, Begin, Happened, Launch, OpenNode, Ping
from dispatcher.service.nodes_process.remote_node import RemoteNode

logger = logging.getLogger(__name__)

_STOP_SECONDS = 15.0
_TRIES = 3
"""To open a node, where the process dies each time."""
_PATIENCE_SECONDS = 20.0
"""For which a message may wait to be taken in; after as long again without a sign of life the process is killed."""


class NodesProcess:
    """The process of an account's nodes. Any thread may call."""

    def __init__(self, *, begin: Begin, sessions: Sessions, clear: Callable[[], object], clock: Clock) -> None:
        """Start nothing yet.

        Args:
            begin: what the process is told first.
            sessions: remember the process, so that it is found where both were killed.
            clear: ends what a process before it may have left; called before one is started.
            clock: the time of what is reported when it dies.
        """
        self._clock = clock
        self._begin = begin
        self._sessions = sessions
        self._clear = clear
        self._lock = Lock()
        self._running: Connection | None = None

    def open(self, *, root: Path, identity: NodeIdentity, slots: int, listener: NodeListener) -> Node:
        """Return a running node.

        Raises:
            OSError: it cannot be made.
        """
        for _ in range(_TRIES - 1):
            with suppress(ConnectionError):  # the process died meanwhile; that is not this node's fault
                return self._connection().open(root, identity, slots, listener)
        return self._connection().open(root, identity, slots, listener)

    def flush(self) -> None:
        """Send the launches that nodes were told of."""
        if self._running is not None:
            self._running.flush()

    def close(self) -> None:
        """End the process; every node is closed."""
        with self._lock:
            if self._running is not None:
                self._running.close()
                self._running = None

    def _connection(self) -> Connection:
        with self._lock:
            if self._running is None or self._running.is_lost:
                if self._running is not None:
                    self._running.close()
                    self._running = None
                self._clear()
                self._running = Connection(self._begin, self._sessions, self._clock)
            return self._running


class Connection:
    """One such process, from its start to its end."""

    def __init__(self, begin: Begin, sessions: Sessions, clock: Clock) -> None:
        """Start it.

        Raises:
            OSError: no process can be started.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dispatcher.service.nodes_process", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._sessions = sessions
        self._clock = clock
        self._channel = Channel(ours)
        self.be_patient(_PATIENCE_SECONDS)
        self._numbers = count(1)
        self._lock = Lock()
        self._calls: dict[int, Future[int]] = {}
        self._nodes: dict[int, RemoteNode] = {}
        self._sending = Lock()
        self._kept: deque[Launch] = deque()
        self.is_lost = False
        """Whether the process has ended; nothing is sent to it any more."""
        sessions.add(self._process.pid)
        lower_for_task(self._process.pid)
        self.send(begin)
        self._reader = Thread(target=self._read, name="nodes", daemon=True)
        self._reader.start()

    def be_patient(self, seconds: float) -> None:
        """Kill the process once it has given no sign of life for twice as long, from now on, when it is to."""
        self._patience = seconds
        self._channel.be_patient(seconds)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def open(self, root: Path, identity: NodeIdentity, slots: int, listener: NodeListener) -> RemoteNode:
        """Return a running node.

        Raises:
            OSError: it cannot be made.
        """
        number = next(self._numbers)
        self.call(lambda call: OpenNode(call=call, node=number, root=root, identity=identity, slots=slots))
        node = RemoteNode(number, self, listener, self._clock)
        with self._lock:
            if self.is_lost:
                raise ConnectionError("the process of the nodes has ended")
            self._nodes[number] = node
        return node

    def call(self, message: Callable[[int], object]) -> int:
        """Send a message that is answered, and return the answer.

        Raises:
            OSError: it could not be done, or the process died.
        """
        number = next(self._numbers)
        future: Future[int] = Future()
        with self._lock:
            if self.is_lost:
                raise ConnectionError("the process of the nodes has ended")
            self._calls[number] = future
        self.send(message(number))
        while True:
            try:
                return future.result(self._patience)
            except TimeoutError:
                if future.done():
                    continue
                self._require_life()

    def keep(self, message: Launch) -> None:
        """Keep a message for the next `flush`, or until another is sent."""
        self._kept.append(message)

    def flush(self) -> None:
        """Send the messages that were kept, together."""
        if self._kept:
            self.send(None)

    def send(self, message: object) -> None:
        """Send a message that nothing answers; where the process has ended, that is told by other ways."""
        with self._sending:
            kept = [self._kept.popleft() for _ in range(len(self._kept))]  # others may keep more meanwhile
            try:
                self._channel.send((*kept, message))
            except BlockingIOError:
                self._kill("takes nothing in")
            except OSError:
                logger.debug("the process of the nodes has ended")

    def forget(self, number: int) -> None:
        """Let nothing of a node be reported any more."""
        with self._lock:
            self._nodes.pop(number, None)

    def close(self) -> None:
        """End the process and wait for it."""
        self._channel.hang_up()
        self._reader.join()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("the process of the nodes did not end and is killed")
            self._process.kill()
            self._process.wait()
        self._sessions.remove(self._process.pid)
        self._channel.close()

    def _require_life(self) -> None:
        """Kill a process that does not even answer when asked for nothing: it is stopped, or stuck."""
        number = next(self._numbers)
        future: Future[int] = Future()
        with self._lock:
            if self.is_lost:
                return
            self._calls[number] = future
        self.send(Ping(call=number))
        if not wait([future], self._patience).done:
            self._kill("does not answer")

    def _kill(self, why: str) -> None:
        logger.error("the process of the nodes %s and is killed", why)
        self._process.kill()

    def _read(self) -> None:
        try:
            for message in self._channel.receive():
                if isinstance(message, Answered):
                    self._answered(message)
                elif isinstance(message, Happened):
                    self._happened(message)
        finally:
            self._lose()

    def _lose(self) -> None:
        with self._lock:
            self.is_lost = True
            calls, nodes = list(self._calls.values()), list(self._nodes.values())
            self._calls.clear()
        for call in calls:
            call.set_exception(ConnectionError("the process of the nodes has ended"))
        for node in nodes:
            _report(node.lose)

    def _answered(self, answer: Answered) -> None:
        with self._lock:
            future = self._calls.pop(answer.call, None)
        if future is None:
            return
        if answer.error is None:
            future.set_result(answer.value)
        else:
            future.set_exception(OSError(answer.error))

    def _happened(self, happened: Happened) -> None:
        node = self._nodes.get(happened.node)
        if node is None:
            return
        for event in happened.events:
            _report(partial(node.report, event))


def _report(report: Callable[[], None]) -> None:
    """Report something; a listener's fault must not end the thread that reads answers."""
    try:
        report()
    except Exception:
        logger.exception("the listener of node events failed")
