"""Faults of requests, through the pipeline: what is answered, and what has taken effect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dispatcher.service.clock import ManualClock
from dispatcher.service.faults.delivery import Cut, Delivery
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.text import read_plan
from dispatcher.service.pipeline import Answer
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.faults.support import logged
from tests.unit.service.requests import code_of, send

JOB: JsonObject = {"id": "job", "poolInfo": {"poolId": "pool"}}
TASK: JsonObject = {"id": "task", "commandLine": "true"}


def bench(folder: Path, plan: str) -> Bench:
    """Return an account that meets faults."""
    return Bench(faults=Faults(read_plan(plan, seed=1), FaultLog(folder / "faults.jsonl"), ManualClock()))


def post(account: Bench, path: str, body: JsonObject) -> Answer:
    """Send a body."""
    return send(account, "POST", path, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("plan", "status", "code", "retry_after"),
    [
        ("throttle", 429, "TooManyRequests", "1"),
        ("throttle:7", 429, "TooManyRequests", "7"),
        ("throttle:none", 429, "TooManyRequests", None),
        ("busy", 503, "ServerBusy", None),
        ("busy:3", 503, "ServerBusy", "3"),
        ("error", 500, "InternalError", None),
    ],
)
def test_refusal_is_as_azure_words_it(
    tmp_path: Path, plan: str, status: int, code: str, retry_after: str | None
) -> None:
    """Status, code and Retry-After are the plan's; the request has no effect."""
    account = bench(tmp_path, f"{plan} max=1")
    answer = post(account, "/jobs", JOB)
    assert (answer.status, code_of(answer), answer.headers.get("Retry-After")) == (status, code, retry_after)
    assert send(account, "GET", "/jobs/job").status == 404


def test_request_that_is_not_signed_meets_nothing(tmp_path: Path) -> None:
    """Who may not ask learns nothing of the plan, and spends nothing of it."""
    account = bench(tmp_path, "throttle")
    assert send(account, "GET", "/jobs", conditions={"ocp-date": "yesterday"}).status == 403
    assert not logged(tmp_path)


def test_request_is_throttled_before_it_is_looked_at(tmp_path: Path) -> None:
    """A body that is no JSON is no matter then."""
    assert send(bench(tmp_path, "throttle"), "POST", "/jobs", b"{").status == 429


def test_dropped_request_has_no_effect(tmp_path: Path) -> None:
    """The handler is not called."""
    account = bench(tmp_path, "drop-request@create_job")
    assert post(account, "/jobs", JOB).delivery == Delivery(cut=Cut.UNHEARD)
    assert send(account, "GET", "/jobs/job").status == 404


def test_dropped_reply_took_effect(tmp_path: Path) -> None:
    """A refusal is dropped like any other answer."""
    account = bench(tmp_path, "drop-reply@create_job; slow-reply:2s@create_job")
    first, second = post(account, "/jobs", JOB), post(account, "/jobs", JOB)
    assert first.delivery == second.delivery == Delivery(seconds=2.0, cut=Cut.UNANSWERED)
    assert (first.status, second.status) == (201, 409)


def test_request_has_one_end(tmp_path: Path) -> None:
    """What would settle the answer a second time is neither put in nor logged."""
    account = bench(tmp_path, "busy; drop-reply; throttle; slow-reply")
    answer = post(account, "/jobs", JOB)
    assert (answer.status, answer.delivery) == (503, Delivery(seconds=1.0))
    assert [fault for fault, _ in logged(tmp_path)] == ["busy", "slow-reply"]


def test_refused_read_of_headers_has_no_body(tmp_path: Path) -> None:
    """HEAD has none."""
    answer = send(bench(tmp_path, "throttle"), "HEAD", "/pools/pool")
    assert (answer.status, answer.body) == (429, b"")


def test_identity_holds_what_a_workload_repeats(tmp_path: Path) -> None:
    """Ids of what is created, and the time it came; no query, no id of a node, no other property."""
    account = bench(tmp_path, "slow-reply")
    post(account, "/jobs", {**JOB, "priority": 1})
    post(account, "/jobs", {**JOB, "priority": 2})
    post(account, "/jobs/job/addtaskcollection", {"value": [TASK]})
    for node in ("one", "other"):
        send(account, "GET", f"/pools/pool/nodes/{node}/files/startup%2Fstdout.txt", query=[("timeOut", node)])
    assert [identity for _, identity in logged(tmp_path)] == [
        "bench POST /jobs job 1",
        "bench POST /jobs job 2",
        "bench POST /jobs/job/addtaskcollection task 1",
        "bench GET /pools/pool/nodes/{nodeId}/files/startup/stdout.txt 1",
        "bench GET /pools/pool/nodes/{nodeId}/files/startup/stdout.txt 2",
    ]


def test_bodies_without_ids_are_told_apart(tmp_path: Path) -> None:
    """By a digest: the same body is the same request again."""
    account = bench(tmp_path, "slow-reply")
    for days in ("P1D", "P2D", "P1D"):
        send(account, "PATCH", "/jobs/job", json.dumps({"constraints": {"maxWallClockTime": days}}).encode())
    first, second, third = (identity for _, identity in logged(tmp_path))
    assert first.endswith(" 1")
    assert second.endswith(" 1")
    assert first != second
    assert third == f"{first[:-1]}2"


@pytest.mark.parametrize(
    ("filters", "is_met"),
    [
        ("op=create_*", True),
        ("op=add-tasks", True),
        ("op=writes", True),
        ("op=reads", False),
        ("op=management", False),
        ("job=j?b task=task", True),
        ("job=job task=other", False),
        ("pool=*", False),
        ("account=bench", True),
        ("account=other", False),
    ],
)
def test_filter_lets_its_requests_through(tmp_path: Path, filters: str, is_met: bool) -> None:
    """By operation, and by what the path and the body name; what a request does not name matches no pattern."""
    answer = post(bench(tmp_path, f"throttle {filters}"), "/jobs/job/tasks", TASK)
    assert (answer.status == 429) is is_met


def test_partial_addition_fails_what_it_meets_alone(tmp_path: Path) -> None:
    """The second attempt is another event; what is refused anyway is not the service's fault."""
    account = bench(tmp_path, "partial-add task=a max=1")
    post(account, "/jobs", JOB)
    body: JsonObject = {"value": [{**TASK, "id": "a"}, {**TASK, "id": "b"}, {"id": "a", "commandLine": 3}]}
    first, second = (json.loads(post(account, "/jobs/job/addtaskcollection", body).body)["value"] for _ in range(2))
    assert [result["status"] for result in first] == ["servererror", "success", "clienterror"]
    assert [result["status"] for result in second] == ["success", "clienterror", "clienterror"]
    assert logged(tmp_path) == [("partial-add", "bench/job/a added 1")]


def test_addition_repeated_is_another_event(tmp_path: Path) -> None:
    """A task that failed once is not bound to fail again."""
    account = bench(tmp_path, "partial-add")
    post(account, "/jobs", JOB)
    for _ in range(2):
        post(account, "/jobs/job/addtaskcollection", {"value": [TASK]})
    assert [identity for _, identity in logged(tmp_path)] == ["bench/job/task added 1", "bench/job/task added 2"]
