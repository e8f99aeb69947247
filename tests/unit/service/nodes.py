"""What tests of pools and nodes share."""

from __future__ import annotations

from datetime import timedelta

from dispatcher.service.fleet import LiveNode
from dispatcher.service.node.launch import START_TASK
from dispatcher.service.testing import Bench, FakeNode
from dispatcher.service.wire import JsonObject, JsonValue

START: JsonObject = {"commandLine": "prepare"}


def pool_of(bench: Bench) -> JsonObject:
    """Return the pool's body."""
    return bench.read("get_pool", poolId="pool")


def live_nodes(bench: Bench) -> list[LiveNode]:
    """Return the pool's nodes in the order they came."""
    return bench.service.core.fleet.of_pool("pool")


def body_of(bench: Bench, live: LiveNode) -> JsonObject:
    """Return a node's body."""
    return bench.read("get_node", poolId="pool", nodeId=live.record.id)


def states(bench: Bench) -> list[str]:
    """Return the states of the pool's nodes."""
    return [live.state.value for live in live_nodes(bench)]


def the_node(bench: Bench) -> JsonObject:
    """Return the body of the pool's only node."""
    (live,) = live_nodes(bench)
    return body_of(bench, live)


def fake(bench: Bench) -> FakeNode:
    """Return what stands for the pool's only node."""
    (live,) = live_nodes(bench)
    return bench.nodes.opened[live.record.id]


def act(bench: Bench, operation: str, body: JsonObject | None = None) -> None:
    """Call an operation on the pool's only node."""
    (live,) = live_nodes(bench)
    bench.call(operation, body, poolId="pool", nodeId=live.record.id)
    bench.settle()


def end_start_task(bench: Bench, exit_code: int = 0) -> None:
    """Let the start task of the pool's only node end."""
    fake(bench).finish(START_TASK, exit_code=exit_code)
    bench.settle()


def advance(bench: Bench, seconds: float) -> None:
    """Let time pass, and the service act on it."""
    bench.clock.advance(timedelta(seconds=seconds))
    bench.settle()


def codes(errors: JsonValue) -> list[JsonValue]:
    """Return the codes of a list of errors."""
    if not isinstance(errors, list):
        raise TypeError(f"no list: {errors!r}")
    return [error["code"] for error in errors if isinstance(error, dict)]
