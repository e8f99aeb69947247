"""What every request to the management plane goes through."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dispatcher.service.management.handlers import HANDLERS
from dispatcher.service.management.operations import OPERATIONS, SERVED
from dispatcher.service.pipeline import Request
from tests.unit.service.management.fakes import ACCOUNT, SCOPE, Plane

REQUEST = Request(verb="GET", raw_path=ACCOUNT, query=[("api-version", "2025-06-01")], headers={}, body=b"")


def test_every_served_operation_has_a_handler_and_no_other() -> None:
    """The table says what answers 501."""
    assert set(HANDLERS) == {line.name for line in SERVED}


def test_names_and_requests_are_unique() -> None:
    """One line for each operation."""
    assert len({line.name for line in OPERATIONS}) == len(OPERATIONS)
    assert len({(line.verb, line.path) for line in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("line", [line for line in OPERATIONS if line not in SERVED], ids=lambda line: line.name)
def test_other_operations_answer_501(plane: Plane, line: object) -> None:
    """With their name, and without harm."""
    verb, path, name = line.verb, line.path, line.name  # type: ignore[attr-defined]
    answer = plane.send(verb, path.replace("{", "").replace("}", ""))
    assert answer.status == 501
    assert name in json.loads(answer.body)["error"]["message"]


def test_api_version_is_required_and_any_will_do(plane: Plane) -> None:
    """With Resource Manager's code."""
    assert plane.management.answer(REQUEST).status == 200
    answer = plane.management.answer(replace(REQUEST, query=[]))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_answers_carry_request_ids(plane: Plane) -> None:
    """The client's own too, if it asks for it."""
    headers = {"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"}
    answer = plane.management.answer(replace(REQUEST, headers=headers))
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert answer.headers["x-ms-request-id"]


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", f"{SCOPE}/jobs", 404, "InvalidResourceType"),
        ("POST", f"{ACCOUNT}/pools/p", 405, "MethodNotAllowed"),
        ("PUT", ACCOUNT, 400, "InvalidRequestBody"),
    ],
)
def test_malformed_requests_are_refused(plane: Plane, verb: str, path: str, status: int, code: str) -> None:
    """In Resource Manager's shape."""
    assert plane.refusal(verb, path) == (status, code)


def test_path_matches_whatever_its_case(plane: Plane) -> None:
    """As in Azure; a doubled slash counts as one."""
    assert plane.send("GET", "/" + ACCOUNT.upper()).status == 200


def test_fault_of_the_service_is_answered(plane: Plane) -> None:
    """And logged, without telling the client."""
    plane.accounts.host = lambda name: str(1 / 0)  # type: ignore[method-assign]
    assert plane.refusal("GET", ACCOUNT) == (500, "InternalError")
