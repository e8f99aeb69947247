"""Requests that no well-meaning client sends: each is refused, and none is an internal error."""

from __future__ import annotations

import json

import pytest

from dispatcher.service.pipeline import BODY_LIMIT
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject
from tests.unit.service.requests import code_of, send


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"id": NaN}', b"\xff", b"[" * 100_000, b'{"id": 1e999999999}x']
)
def test_body_that_is_no_json_object_is_refused(bench: Bench, body: bytes) -> None:
    """Whatever is sent in place of an object is the client's error."""
    assert code_of(send(bench, "POST", "/jobs", body)) == "InvalidRequestBody"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 5}, {"id": "\ud800"}, {"commandLine": "\ud800"}, {"commandLine": None}, {"dependsOn": []},
        {"dependsOn": {"taskIds": [1]}}, {"dependsOn": {"taskIdRanges": [{"start": 5, "end": 1}]}},
        {"dependsOn": {"taskIdRanges": [{"start": 0, "end": 2**40}]}}, {"requiredSlots": True},
        {"constraints": {"maxWallClockTime": "soon"}}, {"constraints": {"retentionTime": "P1Y"}},
        {"affinityInfo": {"affinityId": "\udfff"}}, {"exitConditions": {"exitCodes": [{"code": 1}]}},
        {"exitConditions": {"default": {"jobAction": "terminate"}}}, {"environmentSettings": [{"value": "x"}]},
        {"environmentSettings": [{"name": "a=b"}]}, {"environmentSettings": [{"name": ""}]},
        {"environmentSettings": [{"name": "a\0b"}]}, {"environmentSettings": [{"name": "a", "value": "\0"}]},
        {"commandLine": "true \0"}, {"resourceFiles": [{"httpUrl": "h", "filePath": "a", "fileMode": "rwx"}]},
        {"resourceFiles": [{"httpUrl": "h", "filePath": "a", "fileMode": "0888"}]},
        {"resourceFiles": [{"filePath": "a"}]}, {"outputFiles": [{"filePattern": "*"}]},
    ],
)  # fmt: skip
def test_property_of_the_wrong_kind_is_refused(bench: Bench, changes: dict[str, object]) -> None:
    """A wrong type or value anywhere in a task answers 400 and adds nothing."""
    body = json.dumps({"id": "a", "commandLine": "true", **changes}).encode()
    assert send(bench, "POST", "/jobs/job/tasks", body).status == 400
    assert bench.running() == []


@pytest.mark.parametrize(
    ("body", "answer"),
    [({}, 400), ({"value": None}, 400), ({"value": {}}, 400), ({"value": [5]}, 400), ({"value": []}, 200)],
)
def test_collection_without_tasks_is_told_from_an_empty_one(bench: Bench, body: JsonObject, answer: int) -> None:
    """The list must be there; one of nothing has no results."""
    assert send(bench, "POST", "/jobs/job/addtaskcollection", json.dumps(body).encode()).status == answer


@pytest.mark.parametrize(("verb", "mode"), [("PATCH", "noaction"), ("PUT", "noaction"), ("PUT", None)])
def test_automatic_termination_cannot_be_turned_off(bench: Bench, verb: str, mode: str | None) -> None:
    """A PUT that does not name it asks for the default, which is to turn it off."""
    bench.add_task("a")
    bench.call("update_job", {"onAllTasksComplete": "terminatejob"}, jobId="job")
    pool: JsonObject = {"poolInfo": {"poolId": "pool"}}
    body = json.dumps({**pool, "onAllTasksComplete": mode}).encode()
    assert code_of(send(bench, verb, "/jobs/job", body)) == "InvalidPropertyValue"
    assert send(bench, "PATCH", "/jobs/job", json.dumps({"priority": 5}).encode()).status == 200


@pytest.mark.parametrize(
    "query",
    [("$skiptoken", "!"), ("$skiptoken", "/w=="), ("$skiptoken", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"), ("maxresults", "-1"),
     ("maxresults", "many"), ("$filter", "("), ("$expand", "tasks"), ("$filter", "displayName eq 'a'")],
)  # fmt: skip
def test_query_that_cannot_be_answered_is_refused(bench: Bench, query: tuple[str, str]) -> None:
    """What is wrong with a query is said, and nothing of it is ignored."""
    assert code_of(send(bench, "GET", "/jobs/job/tasks", query=[query])) == "InvalidQueryParameterValue"


@pytest.mark.parametrize(
    ("path", "query"),
    [("/pools/pool/nodes", ("$expand", "stats")), ("/jobs/job/taskcounts", ("$select", "taskCounts")),
     ("/jobs/job", ("$filter", "id eq 'a'")), ("/jobs", ("$orderby", "id")), ("/jobs", ("$top", "5"))],
)  # fmt: skip
def test_option_that_an_operation_does_not_have_is_refused(bench: Bench, path: str, query: tuple[str, str]) -> None:
    """An option that would have no effect is not silently ignored."""
    assert code_of(send(bench, "GET", path, query=[query])) == "UnsupportedQueryParameter"


def test_flag_that_is_neither_true_nor_false_is_refused(bench: Bench) -> None:
    """It is not taken for false."""
    query = [("recursive", "maybe")]
    assert code_of(send(bench, "GET", "/jobs/job/tasks/t/files", query=query)) == "InvalidQueryParameterValue"


def test_options_of_a_head_request_change_nothing(bench: Bench) -> None:
    """There is no body to select from; older clients send the options of the GET."""
    query = [("$select", "id"), ("$expand", "stats")]
    assert send(bench, "HEAD", "/pools/pool", query=query).status == 200


def test_body_at_the_limit_is_read_and_beyond_it_refused(bench: Bench) -> None:
    """The limit is on the whole request body."""
    body = json.dumps({"id": "a", "commandLine": "true"}).encode()
    assert code_of(send(bench, "POST", "/jobs/job/tasks", body.ljust(BODY_LIMIT + 1))) == "RequestBodyTooLarge"
    assert send(bench, "POST", "/jobs/job/tasks", body.ljust(BODY_LIMIT)).status == 201


def test_operation_without_a_handler_says_so(bench: Bench) -> None:
    """What is not implemented answers 501 and names the operation."""
    answer = send(bench, "GET", "/jobs/job", handlers={})
    assert (answer.status, code_of(answer)) == (501, "NotImplemented")
    assert b"get_job" in answer.body


def test_fault_of_the_service_is_logged_and_told_without_detail(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen exception answers 500 with nothing of it, and its traceback is in the log."""
    bench.service.core.store.close()
    answer = send(bench, "GET", "/jobs/job")
    assert (answer.status, code_of(answer)) == (500, "InternalError")
    assert b"closed database" not in answer.body
    assert "closed database" in caplog.text


def test_head_of_what_is_not_there_has_no_body(bench: Bench) -> None:
    """An answer to HEAD is headers alone."""
    answer = send(bench, "HEAD", "/pools/unknown")
    assert (answer.status, answer.body) == (404, b"")
