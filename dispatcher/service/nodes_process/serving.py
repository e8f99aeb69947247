"""The process of the nodes: does what the service says, tells what happens, and leaves nothing behind it.

It is the subreaper of all that its tasks start. When the service hangs up, or is killed, it kills every process below
it at once: the service's next start gives their tasks back to the queue.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread
from types import FrameType

from dispatcher.processes import become_subreaper, end_descendants
from dispatcher.service.clock import SystemClock
from dispatcher.service.node.agent import open_node
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.engine import EngineFinder
from dispatcher.service.node.failures import failure
from dispatcher.service.node.launch import Node, NodeEvent, SetupEnding, TaskStarted
from dispatcher.service.node.limits import raise_soft_limit
from dispatcher.service.nodes_process.channel import Channel
from dispatcher.service.nodes_process.messages import (
    Answered,
    Begin,
    CloseNode,
    End,
    Forget,
    Happened,
    Launch,
    OpenNode,
    Ping,
    Proceed,
    SetUp,
    UploadLog,
)
from dispatcher.service.settlement import never_started
from dispatcher.service.storage_link import read_storage_link

logger = logging.getLogger(__name__)

_DESCENDANTS_SECONDS = 10.0
_CLOSED_KEPT = 100


def serve(channel: Channel) -> None:
    """Run nodes until the other end is gone; does not return."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _let_be)  # it ends with the service, which is told by whoever stops both
    become_subreaper()
    raise_soft_limit()
    try:
        _take_all(channel)
    except Exception:  # nothing that runs may be left behind, whatever the fault is
        logger.critical("the process of the nodes failed", exc_info=True)
    finally:
        end_descendants(within_seconds=_DESCENDANTS_SECONDS)
        with suppress(OSError):  # nobody reads it any more
            sys.stderr.flush()
        os._exit(0)  # threads of nodes may be at work on what has just been ended


def _take_all(channel: Channel) -> None:
    messages = channel.receive()
    first = next(messages, None)
    if not isinstance(first, tuple) or not isinstance(first[0], Begin):
        return
    nodes = _Nodes(channel, first[0])
    for several in messages:
        for message in several if isinstance(several, tuple) else ():
            try:
                nodes.take(message)
            except Exception:  # of one node, at most; the others go on
                logger.exception("a message for a node could not be taken: %s", type(message).__name__)


def _let_be(number: int, frame: FrameType | None) -> None:
    """Do nothing. What is ignored instead stays ignored in every program that a task starts; a handler does not."""


class _Nodes:
    """The nodes that the service has opened. Messages are taken by one thread."""

    def __init__(self, channel: Channel, begin: Begin) -> None:
        self._channel = channel
        self._clock = SystemClock()
        self._storage = StorageAccess(partial(read_storage_link, begin.link_folder))
        self._engines = EngineFinder(begin.engine_folder)
        self._warm = begin.warm
        self._nodes: dict[int, Node] = {}
        self._closed: dict[int, Node] = {}
        """Those that were closed last: messages to them may be on their way, and they still forget tasks."""

    def take(self, message: object) -> None:
        """Do what a message says."""
        match message:
            case Launch():
                self._launch(message)
            case End() | Forget() | Proceed() | SetUp():
                self._pass_on(message)
            case OpenNode():
                self._answer(message.call, partial(self._open, message))
            case UploadLog():
                self._answer(message.call, partial(self._upload_log, message))
            case CloseNode():
                self._begin_to_close(message)
            case Ping():
                self._answer(message.call, int)
            case None:  # the end of several launches
                pass
            case _:
                raise TypeError(f"not a message for nodes: {type(message).__name__}")

    def _open(self, message: OpenNode) -> int:
        self._nodes[message.node] = open_node(
            root=message.root,
            identity=message.identity,
            slots=message.slots,
            storage=self._storage,
            listener=partial(self._tell, message.node),
            clock=self._clock,
            engines=self._engines,
            warm=self._warm,
        )
        return 0

    def _pass_on(self, message: End | Forget | Proceed | SetUp) -> None:
        """Tell a node, which may have been closed while the message was on its way."""
        node = self._find(message.node)
        if node is None:
            return
        match message:
            case End():
                node.end(message.key, message.reason)
            case Forget():
                node.forget(message.key)
            case Proceed():
                node.proceed(message.key)
            case SetUp():
                self._set_up(node, message)

    def _set_up(self, node: Node, message: SetUp) -> None:
        try:
            node.set_up(message.setup)
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is left
            logger.exception("a node could not be set up")
            why = failure("Unknown", Reason=f"{type(error).__name__}: {error}")
            self._tell(message.node, [SetupEnding(at=self._clock.now(), failure=why)])

    def _upload_log(self, message: UploadLog) -> int:
        node = self._find(message.node)
        if node is None:
            raise ConnectionError("the node is closed")
        return node.upload_log(message.request)

    def _find(self, number: int) -> Node | None:
        return self._nodes.get(number) or self._closed.get(number)

    def _begin_to_close(self, message: CloseNode) -> None:
        closing = partial(self._close, self._retire(message.node))
        try:
            Thread(target=self._answer, args=(message.call, closing), name="close", daemon=True).start()
        except RuntimeError:  # no thread is left; the other nodes wait
            self._answer(message.call, closing)

    def _retire(self, number: int) -> Node | None:
        """Return a node that is to be closed, by whichever of several that ask for it."""
        node = self._nodes.pop(number, None)
        if node is None:
            return self._closed.get(number)
        self._closed[number] = node
        if len(self._closed) > _CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]
        return node

    def _close(self, node: Node | None) -> int:
        if node is not None:
            node.close()
        return 0

    def _launch(self, message: Launch) -> None:
        node = self._nodes.get(message.node)
        if node is None:  # closed meanwhile: the service has given the task back
            return
        try:
            node.launch(message.launch)
        except Exception as error:  # no descriptor or no thread is left, or it runs there already
            logger.exception("%s could not be launched", message.launch.key)
            self._tell(message.node, [never_started(message.launch, error, self._clock.now())])

    def _tell(self, node: int, events: Sequence[NodeEvent]) -> None:
        told = tuple(event for event in events if not isinstance(event, TaskStarted))
        if told:
            self._send(Happened(node=node, events=told))

    def _answer(self, call: int, work: Callable[[], int]) -> None:
        try:
            answer = Answered(call=call, value=work())
        except Exception as error:  # whoever asked waits for an answer
            logger.exception("a call could not be answered")
            answer = Answered(call=call, error=f"{type(error).__name__}: {error}")
        self._send(answer)

    def _send(self, message: object) -> None:
        try:
            self._channel.send(message)
        except OSError:  # the service is gone; the main thread sees it too, and ends everything
            return
