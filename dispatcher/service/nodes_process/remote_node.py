"""A node that another process runs, as the service has it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Protocol

from dispatcher.service.clock import Clock
from dispatcher.service.node.launch import (
    EndReason,
    LogRequest,
    NodeEvent,
    NodeListener,
    NodeLost,
    NodeSetup,
    TaskEnding,
    TaskKey,
    TaskLaunch,
    TaskReturned,
)
from dispatcher.service.nodes_process.messages import CloseNode, End, Forget, Launch, Proceed, SetUp, UploadLog
from dispatcher.service.settlement import ended_early


class Line(Protocol):
    """The connection to the process."""

    def keep(self, message: Launch) -> None:
        """Keep a message for the next that is sent, or until the worker's step is over."""
        ...

    def send(self, message: object) -> None:
        """Send a message that nothing answers."""
        ...

    def call(self, message: Callable[[int], object]) -> int:
        """Send a message and return its answer.

        Raises:
            OSError: it could not be done, or the process died.
        """
        ...

    def forget(self, number: int) -> None:
        """Let nothing of a node be reported any more."""
        ...


class RemoteNode:
    """See ``Node``.

    When the process dies it reports `NodeLost`, and again whenever something is to begin here after that; from then on
    whatever runs here ends when it is asked to, and not before, so that the service may first say what becomes of it.
    """

    def __init__(self, number: int, line: Line, listener: NodeListener, clock: Clock) -> None:
        """Stand for a node of the process."""
        self._number = number
        self._line = line
        self._listener = listener
        self._clock = clock
        self._lock = Lock()
        self._running: dict[TaskKey, int] = {}
        """Run numbers."""
        self._is_lost = False

    def launch(self, launch: TaskLaunch) -> None:
        """See ``Node``; it goes out with others at the end of a step. One that cannot begin has its ending reported."""
        with self._lock:
            self._running[launch.key] = launch.run_number
        if self._is_lost:
            self.lose()
        else:
            self._line.keep(Launch(node=self._number, launch=launch))

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """See ``Node``."""
        with self._lock:
            lost = self._running.pop(key, None) if self._is_lost else None
        if lost is not None:
            self._listener(ended_early(key, lost, self._clock.now()))
        else:
            self._line.send(End(node=self._number, key=key, reason=reason))

    def proceed(self, key: TaskKey) -> None:
        """See ``Node``."""
        self._line.send(Proceed(node=self._number, key=key))

    def set_up(self, setup: NodeSetup) -> None:
        """See ``Node``."""
        if self._is_lost:
            self.lose()
        else:
            self._line.send(SetUp(node=self._number, setup=setup))

    def upload_log(self, request: LogRequest) -> int:
        """See ``Node``.

        Raises:
            OSError: the process died.
        """
        return self._line.call(lambda call: UploadLog(call=call, node=self._number, request=request))

    def forget(self, key: TaskKey) -> None:
        """See ``Node``."""
        self._line.send(Forget(node=self._number, key=key))

    def close(self) -> None:
        """See ``Node``."""
        with suppress(OSError):  # then nothing runs any more
            self._line.call(lambda call: CloseNode(call=call, node=self._number))
        self._line.forget(self._number)

    def report(self, event: NodeEvent) -> None:
        """Pass on what happened."""
        if isinstance(event, TaskEnding | TaskReturned):
            with self._lock:
                self._running.pop(event.key, None)
        self._listener(event)

    def lose(self) -> None:
        """Report that the process is gone, once more if need be."""
        with self._lock:
            self._is_lost = True
        self._listener(NodeLost(at=self._clock.now()))
