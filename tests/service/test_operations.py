"""The operation table against the official client's own requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator

import azure.batch._operations._operations as official
from azure.batch import BatchClient
from azure.core.rest import HttpRequest

from dispatcher.service.handlers import HANDLERS
from dispatcher.service.operations import BY_NAME, OPERATIONS, Conditions

BUILDER = re.compile(r"build_batch_(\w+)_request")
CURRENT = [operation for operation in OPERATIONS if not operation.is_retired]


def built_requests() -> Iterator[tuple[str, HttpRequest]]:
    """Return every request that the client can build, by the client's name for it, with names for path parameters."""
    for name, build in inspect.getmembers(official, inspect.isfunction):
        match = BUILDER.fullmatch(name)
        if match is not None:
            yield match[1], _build(build)


def _build(build: Callable[..., HttpRequest]) -> HttpRequest:
    parameters = inspect.signature(build).parameters.values()
    path = (item.name for item in parameters if item.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD)
    has_body = 'kwargs.pop("content_type")' in inspect.getsource(build)
    return build(*path, **({"content_type": "application/json"} if has_body else {}))


def shape(path: str) -> str:
    """Return a path with its parameters' names left out: the client's and the reference's differ in spelling."""
    literals = {segment for operation in CURRENT for segment in operation.path.split("/")}
    return "/".join(segment if segment in literals and "{" not in segment else "{}" for segment in path.split("/"))


def test_table_equals_the_clients_own_requests() -> None:
    """Verb and path of the 72 operations are those that the client sends, no more and no fewer."""
    sent = sorted((request.method, shape(request.url.split("?")[0])) for _, request in built_requests())
    assert len(sent) == 72
    assert sorted((operation.verb.value, shape(operation.path)) for operation in CURRENT) == sent


def test_names_are_the_clients_methods() -> None:
    """Every name of the table is a public method of the client."""
    methods = {name for name, _ in inspect.getmembers(BatchClient, callable) if not name.startswith("_")}
    missing = {operation.name for operation in CURRENT} - methods
    assert missing == {"create_task_collection"} - methods


def test_conditional_headers_are_those_the_client_takes() -> None:
    """The table honours If-Match and If-Modified-Since exactly where the client can send them."""
    takes = {
        (request.method, shape(request.url.split("?")[0])): _conditions(name) for name, request in built_requests()
    }
    ours = {(item.verb.value, shape(item.path)): item.conditions for item in CURRENT}
    assert ours == takes


def _conditions(name: str) -> Conditions:
    names = inspect.signature(getattr(official, f"build_batch_{name}_request")).parameters
    if "match_condition" in names:
        return Conditions.ALL
    return Conditions.TIME if "if_modified_since" in names else Conditions.NONE


def test_every_handler_is_of_an_operation() -> None:
    """No handler is bound to a name that the table does not have."""
    assert set(HANDLERS) <= set(BY_NAME)
