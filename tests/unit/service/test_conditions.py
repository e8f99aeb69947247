"""Conditional headers, on every operation that honours them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import format_datetime

import pytest

from dispatcher.service.handlers import HANDLERS
from dispatcher.service.operations import OPERATIONS, Body, Conditions, Operation
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.requests import code_of, send

PATHS = {"{poolId}": "pool", "{jobId}": "job", "{taskId}": "task", "{jobScheduleId}": "schedule"}
CONDITIONAL = [item for item in OPERATIONS if item.conditions is Conditions.ALL and item.name in HANDLERS]
WRITES = [item for item in CONDITIONAL if not item.reads]
READS = [item for item in CONDITIONAL if item.reads]
LONG_AGO, LATER = "Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"

every = pytest.mark.parametrize("operation", CONDITIONAL, ids=lambda operation: operation.name)
every_write = pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.name)
every_read = pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.name)


@pytest.fixture
def account(bench: Bench) -> Bench:
    """Return an account with one of each."""
    specification: JsonObject = {"poolInfo": {"poolId": "pool"}}
    bench.call("create_job_schedule", {"id": "schedule", "schedule": {}, "jobSpecification": specification})
    bench.add_task("task")
    return bench


def path_of(operation: Operation, values: Mapping[str, str] = PATHS) -> str:
    """Return the operation's path, to the entities that are there unless told otherwise."""
    path = operation.path
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def etag_of(bench: Bench, operation: Operation) -> str:
    """Return the ETag of the entity that an operation is on."""
    depth = 5 if "{taskId}" in operation.path else 3
    return send(bench, "GET", "/".join(path_of(operation).split("/")[:depth])).headers["ETag"]


def ask(bench: Bench, operation: Operation, **conditions: str) -> tuple[int, object]:
    """Return the status and code of an operation under conditions."""
    headers = {name.replace("_", "-"): value for name, value in conditions.items()}
    body = b"{}" if operation.body is Body.REQUIRED else b""
    answer = send(bench, operation.verb, path_of(operation), body, conditions=headers)
    return answer.status, code_of(answer) if answer.body and answer.status >= 300 else None


@every_write
def test_write_under_a_condition_that_fails_is_refused(account: Bench, operation: Operation) -> None:
    """Nothing is done: 412 comes before whatever else would be said of the request."""
    refused = (412, "ConditionNotMet")
    assert ask(account, operation, if_match='"0x8D0000000000000"') == refused
    assert ask(account, operation, if_none_match="*") == refused
    assert ask(account, operation, if_unmodified_since=LONG_AGO) == refused
    assert ask(account, operation, if_modified_since=LATER) == refused


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"', '"0x8D1", "{}"', "*"])
@every
def test_condition_that_holds_lets_the_operation_go_on(account: Bench, operation: Operation, form: str) -> None:
    """Neither 304 nor 412 is answered to a condition that is met, however the client quotes the ETag."""
    status, _ = ask(account, operation, if_match=form.format(etag_of(account, operation)))
    assert status not in {304, 412}


@every_read
def test_read_of_what_the_client_has_is_not_modified(account: Bench, operation: Operation) -> None:
    """304 has no body, and says which state it is about."""
    etag = etag_of(account, operation)
    answer = send(account, operation.verb, path_of(operation), conditions={"if-none-match": f'"{etag}"'})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert ask(account, operation, if_modified_since=LATER) == (304, None)
    assert ask(account, operation, if_modified_since=LONG_AGO)[0] == 200


@every
def test_date_that_is_none_is_refused(account: Bench, operation: Operation) -> None:
    """A wrong header is the client's error."""
    status, code = ask(account, operation, if_unmodified_since="yesterday")
    assert (status, code) == (400, None if operation.verb == "HEAD" else "InvalidHeaderValue")


@every
def test_condition_on_what_is_not_there_says_so(account: Bench, operation: Operation) -> None:
    """The entity is looked for before its state is compared."""
    body = b"{}" if operation.body is Body.REQUIRED else b""
    path = path_of(operation, dict.fromkeys(PATHS, "nobody"))
    assert send(account, operation.verb, path, body, conditions={"if-match": "*"}).status == 404


def test_date_of_the_state_itself_is_unmodified(account: Bench) -> None:
    """HTTP dates have whole seconds: a state is not newer than its own date."""
    date = format_datetime(account.clock.now(), usegmt=True)
    answer = send(
        account, "PATCH", "/jobs/job", json.dumps({"priority": 1}).encode(), conditions={"if-unmodified-since": date}
    )
    assert answer.status == 200
