"""What the service does when the process of its nodes is stopped, dies or is asked for what it cannot do."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

from dispatcher.service.clock import SystemClock
from dispatcher.service.node.environment import NodeIdentity
from dispatcher.service.node.launch import EndReason, NodeEvent, NodeLost, NodeSetup, TaskEnding, TaskKey, TaskLaunch
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.nodes_process.connection import Connection, NodesProcess
from dispatcher.service.nodes_process.messages import Begin, Forget, Ping
from dispatcher.service.nodes_process.remote_node import RemoteNode

DEADLINE = 30
KEY = TaskKey(job_id="job", task_id="task")
IDENTITY = NodeIdentity(account_name="a", account_url="http://a/", pool_id="p", node_id="n", is_dedicated=True)
LARGE = "x" * 4_000_000
"""More than a socket holds."""


def launch_of(command: str = "true", **environment: str) -> TaskLaunch:
    """Describe an attempt."""
    return TaskLaunch(
        key=KEY, pool_id="p", node_id="n", run_number=1, command_line=command, environment=environment, slots=1
    )


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    """Return what remembers the process."""
    sessions = Sessions(tmp_path / "running")
    yield sessions
    sessions.close()


@pytest.fixture
def events() -> Queue[NodeEvent]:
    """Return what is told of nodes."""
    return Queue()


@pytest.fixture
def connection(tmp_path: Path, sessions: Sessions) -> Iterator[Connection]:
    """Return a process of nodes."""
    begin = Begin(link_folder=tmp_path, engine_folder=tmp_path / "engine")
    connection = Connection(begin, sessions, SystemClock())
    yield connection
    connection.close()


@pytest.fixture
def node(connection: Connection, events: Queue[NodeEvent], tmp_path: Path) -> RemoteNode:
    """Return a node of it."""
    return connection.open(tmp_path / "pool" / "n", IDENTITY, 1, events.put)


def stop(connection: Connection) -> None:
    """Let the process stand still, and nobody wait for long."""
    connection.be_patient(0.2)
    os.kill(connection.pid, signal.SIGSTOP)


def test_stopped_process_that_is_asked_is_killed(
    connection: Connection, node: RemoteNode, events: Queue[NodeEvent], tmp_path: Path
) -> None:
    """Whoever asked is told so, and the service goes on; the nodes are lost."""
    stop(connection)
    with pytest.raises(ConnectionError):
        connection.open(tmp_path / "pool" / "other", IDENTITY, 1, events.put)
    assert isinstance(events.get(timeout=DEADLINE), NodeLost)
    node.close()


def test_stopped_process_that_takes_nothing_in_is_killed(
    connection: Connection, node: RemoteNode, events: Queue[NodeEvent]
) -> None:
    """The thread that owns the service's state never waits for it for ever; the task ends when it is asked to."""
    stop(connection)
    node.launch(launch_of(LARGE=LARGE))
    connection.flush()
    assert isinstance(events.get(timeout=DEADLINE), NodeLost)
    node.end(KEY, EndReason.REQUEUED)
    assert isinstance(events.get(timeout=DEADLINE), TaskEnding)


def test_process_that_takes_its_time_is_not_killed(connection: Connection, node: RemoteNode) -> None:
    """Closing a node may take longer than anybody waits for an answer, as long as others are answered."""
    node.launch(launch_of("/bin/sh -c 'trap : TERM; sleep 600 & wait; sleep 600'"))
    connection.flush()
    connection.be_patient(1.0)
    node.close()
    connection.be_patient(DEADLINE)
    assert connection.call(lambda call: Ping(call=call)) == 0


def test_large_launch_arrives_whole(connection: Connection, node: RemoteNode, events: Queue[NodeEvent]) -> None:
    """As many pieces as it takes."""
    node.launch(launch_of("/bin/sh -c 'exit 3'", **{f"V{number}": "x" * 60_000 for number in range(20)}))
    connection.flush()
    ending = events.get(timeout=DEADLINE)
    assert isinstance(ending, TaskEnding)
    assert ending.exit_code == 3


@pytest.mark.parametrize("begin", ["launch", "set_up"])
def test_lost_node_that_is_used_says_again_that_it_is_lost(
    connection: Connection, node: RemoteNode, events: Queue[NodeEvent], begin: str
) -> None:
    """So that a node whose process died while nobody needed it does not keep a task for ever."""
    os.kill(connection.pid, signal.SIGKILL)
    assert isinstance(events.get(timeout=DEADLINE), NodeLost)
    if begin == "launch":
        node.launch(launch_of())
    else:
        node.set_up(NodeSetup())
    assert isinstance(events.get(timeout=DEADLINE), NodeLost)


def test_node_may_be_closed_twice(connection: Connection, node: RemoteNode) -> None:
    """A service that stops closes one that is just being closed for a reboot; the other nodes live on."""
    closing = [threading.Thread(target=node.close) for _ in range(2)]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(DEADLINE)
    connection.send(Forget(node=1_000, key=KEY))
    assert connection.call(lambda call: Ping(call=call)) == 0


def test_message_that_is_a_fault_ends_nothing(connection: Connection, node: RemoteNode) -> None:
    """The others are taken all the same."""
    connection.send("nonsense")
    assert connection.call(lambda call: Ping(call=call)) == 0


def test_listener_that_fails_ends_nothing(connection: Connection, tmp_path: Path) -> None:
    """Answers are still read."""

    def fail(event: NodeEvent) -> None:
        raise RuntimeError("the loop is closed")

    node = connection.open(tmp_path / "pool" / "other", IDENTITY, 1, fail)
    node.launch(launch_of())
    connection.flush()
    node.close()
    assert connection.call(lambda call: Ping(call=call)) == 0


def test_node_is_opened_though_the_process_dies_meanwhile(
    tmp_path: Path, sessions: Sessions, events: Queue[NodeEvent]
) -> None:
    """Another is started; that its death was not noticed yet makes no difference."""
    begin = Begin(link_folder=tmp_path, engine_folder=tmp_path / "engine")
    cleared: list[int] = []
    nodes = NodesProcess(begin=begin, sessions=sessions, clear=lambda: cleared.append(1), clock=SystemClock())
    try:
        nodes.open(root=tmp_path / "p" / "a", identity=IDENTITY, slots=1, listener=events.put)
        connection = nodes._running
        assert connection is not None
        os.kill(connection.pid, signal.SIGSTOP)
        killing = threading.Timer(0.2, os.kill, (connection.pid, signal.SIGKILL))
        killing.start()
        node = nodes.open(root=tmp_path / "p" / "b", identity=IDENTITY, slots=1, listener=events.put)
        killing.join()
        node.close()
        assert len(cleared) == 2
    finally:
        nodes.close()
