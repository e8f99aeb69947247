"""The admin endpoint, without HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.faults.admin import Admin
from dispatcher.service.faults.catalogue import Fault
from dispatcher.service.faults.injector import CommandRefused, Faults, NodeCommand
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.plan import run
from dispatcher.service.faults.text import read_plan
from dispatcher.service.pipeline import Answer, Request
from dispatcher.service.shared_key import SignedRequest
from tests.unit.service.faults.support import logged

NODE = {"fault": "preempt", "pool": "spot", "node": "one"}


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """Return a plan in force."""
    return Faults(read_plan("seed=7; preempt=0.5", seed=1), FaultLog(tmp_path / "faults.jsonl"), ManualClock())


@pytest.fixture
def done() -> list[NodeCommand]:
    """Return what was done to nodes."""
    return []


@pytest.fixture
def admin(faults: Faults, done: list[NodeCommand]) -> Admin:
    """Return an endpoint that is open to those who say so, with one node."""

    def authenticate(request: SignedRequest) -> None:
        if "authorization" not in request.headers:
            raise BatchError(Refusal.AUTHENTICATION_MISSING)

    def command(asked: NodeCommand) -> Callable[[], None]:
        if asked.node_id != "one":
            raise CommandRefused("There is no such node.")
        return lambda: done.append(asked)

    return Admin(faults, authenticate=authenticate, command=command, account="local", clock=ManualClock())


def ask(admin: Admin, verb: str, path: str = "/faults", body: object = None, *, signed: bool = True) -> Answer:
    """Send a request."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": "me"} if signed else {}
    return admin.answer(Request(verb=verb, raw_path=path, query=[], headers=headers, body=content))


def test_endpoint_tells_what_is_in_force_and_what_was_put_in(admin: Admin, faults: Faults) -> None:
    """The plan both ways, orders, counts, lines and the log."""
    struck = sum(bool(faults.strike(run("local", "pool", "job", f"{number}", 0))) for number in range(50))
    ask(admin, "POST", "/faults/orders", {"fault": "busy", "times": 3})
    told = json.loads(ask(admin, "GET").body)
    assert told["text"] == "seed=7; preempt=0.5"
    assert told["plan"] == {"seed": 7, "rules": [{"fault": "preempt", "probability": 0.5}]}
    assert told["orders"] == [{"fault": "busy", "probability": 1.0, "times": 3}]
    assert told["putIn"] == {"preempt": struck}
    assert [line["fault"] for line in told["latest"]] == ["preempt"] * struck


@pytest.mark.parametrize(
    "body", [{"text": "seed=3; busy=0.1"}, {"seed": 3, "rules": [{"fault": "busy", "probability": 0.1}]}]
)
def test_plan_put_comes_into_force(admin: Admin, faults: Faults, body: object) -> None:
    """As text or as JSON."""
    assert ask(admin, "PUT", body=body).status == 200
    assert faults.source == read_plan("seed=3; busy=0.1", seed=1)


def test_end_puts_no_more_in(admin: Admin, faults: Faults) -> None:
    """Neither by plan nor by order."""
    ask(admin, "POST", "/faults/orders", {"fault": "preempt"})
    assert ask(admin, "DELETE").status == 200
    assert not faults.strike(run("local", "pool", "job", "task", 0))


def test_order_without_a_node_waits_for_an_event(admin: Admin, faults: Faults) -> None:
    """The next one that fits."""
    assert ask(admin, "POST", "/faults/orders", {"fault": "kill-task", "task": "b"}).status == 202
    assert not any(rule.fault is Fault.KILL_TASK for rule in faults.strike(run("local", "p", "j", "a", 0)))
    assert any(rule.fault is Fault.KILL_TASK for rule in faults.strike(run("local", "p", "j", "b", 0)))


def test_order_for_a_node_is_logged_and_done(admin: Admin, done: list[NodeCommand], tmp_path: Path) -> None:
    """At once."""
    assert ask(admin, "POST", "/faults/orders", NODE).status == 202
    assert [(one.account, one.pool_id, one.node_id) for one in done] == [("local", "spot", "one")]
    assert logged(tmp_path) == [("preempt", "local/spot node one")]


def test_order_refused_is_not_logged(admin: Admin, tmp_path: Path) -> None:
    """The words are those of who refused."""
    answer = ask(admin, "POST", "/faults/orders", {**NODE, "node": "none"})
    assert answer.status == 409
    assert "There is no such node." in answer.body.decode()
    assert not logged(tmp_path)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status", "words"),
    [
        ("PUT", "/faults", b"no JSON", 400, "InvalidRequestBody"),
        ("PUT", "/faults", b"[]", 400, "InvalidRequestBody"),
        ("PUT", "/faults", {"text": "throtle"}, 400, "did you mean 'throttle'"),
        ("PUT", "/faults", {"replay": "x"}, 400, "a plan has no 'replay'"),
        ("PUT", "/faults", b" " * 1_000_001, 413, "RequestBodyTooLarge"),
        ("POST", "/faults/orders", {}, 400, "needs the name of a fault"),
        ("POST", "/faults/orders", {"fault": "busy", "times": 0}, 400, "times is a whole number"),
        ("POST", "/faults/orders", {"fault": "busy", "times": True}, 400, "times is a whole number"),
        ("POST", "/faults/orders", {"fault": "busy", "probability": 1}, 400, "an order has no 'probability'"),
        ("POST", "/faults/orders", {**NODE, "times": 2}, 400, "now and once"),
        ("POST", "/faults/orders", {**NODE, "fault": "busy"}, 400, "now and once"),
        ("POST", "/faults/orders", {"fault": "preempt", "node": "one"}, 400, "names the pool"),
        ("POST", "/faults", {}, 405, "/faults takes GET, PUT, DELETE, not POST"),
        ("GET", "/faults/orders", None, 405, "takes POST, DELETE, not GET"),
        ("GET", "/faults/other", None, 400, "/faults and /faults/orders only"),
    ],
)
def test_mistake_is_told(
    admin: Admin, faults: Faults, verb: str, path: str, body: object, status: int, words: str
) -> None:
    """In Batch's shape, with what to do; nothing changes."""
    before = faults.source
    answer = ask(admin, verb, path, body)
    told = json.loads(answer.body)
    assert answer.status == status
    assert words in f"{told['code']} {told['message']['value']}", told
    assert faults.source is before
    assert not faults.orders


def test_stranger_is_told_nothing(admin: Admin) -> None:
    """Whoever may not ask the account may not ask here."""
    answer = ask(admin, "GET", signed=False)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert b"preempt" not in answer.body
