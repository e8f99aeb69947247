"""The description itself, OpenAPI 3.0: every operation with its parameters, its body and its answers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dispatcher.service.openapi.bodies import BODIES, SHAPES
from dispatcher.service.openapi.shapes import schema_of
from dispatcher.service.operations import OPERATIONS, Body, Conditions, Operation, Verb
from dispatcher.service.wire import JsonObject, JsonValue

JSON = "application/json; odata=minimalmetadata"
"""Of requests; that of answers has no space in it."""

_ANSWER_JSON = "application/json;odata=minimalmetadata"
_PARAMETER = re.compile(r"\{(\w+)\}")
_TIMES = ("If-Modified-Since", "If-Unmodified-Since")
_TAGS = ("If-Match", "If-None-Match")
_FILE_CONTENT = "*/*"  # of the type that the file's name stands for
_NO_CONTENT = 204
_TYPES_OF_QUERY: dict[str, JsonObject] = {
    "maxresults": {"type": "integer", "minimum": 1, "maximum": 1000},
    "force": {"type": "boolean"},
    "recursive": {"type": "boolean"},
    "startTime": {"type": "string", "format": "date-time"},
    "endtime": {"type": "string", "format": "date-time"},
    "$expand": {"type": "string", "enum": ["stats"]},
}
_ERROR: JsonObject = {
    "type": "object",
    "required": ["odata.metadata", "code", "message"],
    "properties": {
        "odata.metadata": {"type": "string"},
        "code": {"type": "string"},
        "message": {
            "type": "object",
            "required": ["lang", "value"],
            "properties": {"lang": {"type": "string"}, "value": {"type": "string"}},
        },
        "values": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "value"],
                "properties": {"key": {"type": "string"}, "value": {"type": "string"}},
            },
        },
    },
}
_LIST: JsonObject = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "odata.metadata": {"type": "string"},
        "odata.nextLink": {"type": "string"},
        "value": {"type": "array", "items": {"type": "object"}},
    },
}


def describe(operations: Iterable[Operation] = OPERATIONS) -> JsonObject:
    """Return the description of the data plane; paths are relative to an account's endpoint."""
    paths: dict[str, JsonValue] = {}
    for operation in operations:
        item = paths.setdefault(operation.path, {})
        assert isinstance(item, dict)
        item[operation.verb.lower()] = _operation(operation)
    schemas: JsonObject = {name: schema_of(shape) for name, shape in SHAPES.items()}
    return {
        "openapi": "3.0.3",
        "info": {"title": "The local Batch service: data plane", "version": "2025-06-01"},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR, "List": _LIST},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        },
        "security": [{"key": []}],
    }


def _operation(operation: Operation) -> JsonObject:
    described: JsonObject = {
        "operationId": operation.name,
        "parameters": [*_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.reads and operation.conditions is not Conditions.NONE:
        described["responses"] = {**_responses(operation), "304": {"description": "Not modified."}}
    if operation.is_retired:
        described["deprecated"] = True
    if operation.body is not Body.NONE:
        described["requestBody"] = {
            "required": operation.body is Body.REQUIRED,
            "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{BODIES[operation.name]}"}}},
        }
    return described


def _responses(operation: Operation) -> JsonObject:
    return {str(operation.success): _success(operation), "default": _failure(operation)}


def _parameters(operation: Operation) -> Iterable[JsonObject]:
    for name in _PARAMETER.findall(operation.path):
        yield _parameter(name, "path", {"type": "string", "minLength": 1})
    yield _parameter("api-version", "query", {"type": "string", "minLength": 1})
    yield _parameter("timeOut", "query", {"type": "integer"}, required=False)
    for name in sorted(operation.query):
        yield _parameter(name, "query", _TYPES_OF_QUERY.get(name, {"type": "string"}), required=False)
    for name in _headers(operation):
        yield _parameter(name, "header", {"type": "string"}, required=False)


def _headers(operation: Operation) -> tuple[str, ...]:
    times = () if operation.conditions is Conditions.NONE else _TIMES
    tags = _TAGS if operation.conditions is Conditions.ALL else ()
    of_all = ("client-request-id", "return-client-request-id", "ocp-date")
    return (*of_all, *times, *tags, *(("ocp-range",) if _sends_file(operation) else ()))


def _parameter(name: str, place: str, schema: JsonObject, *, required: bool = True) -> JsonObject:
    return {"name": name, "in": place, "required": required, "schema": dict(schema)}


def _success(operation: Operation) -> JsonObject:
    if _sends_file(operation):
        return {"description": "The file.", "content": {_FILE_CONTENT: {}}}
    if operation.verb is Verb.GET:
        schema: JsonObject = {"$ref": "#/components/schemas/List"} if _lists(operation) else {"type": "object"}
        return {"description": "What was asked for.", "content": {_ANSWER_JSON: {"schema": schema}}}
    return {"description": "Done." if operation.success != _NO_CONTENT else "Done; there is no body."}


def _failure(operation: Operation) -> JsonObject:
    if operation.verb is Verb.HEAD:
        return {"description": "Refused; the status says why."}
    return {
        "description": "Refused.",
        "content": {_ANSWER_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _lists(operation: Operation) -> bool:
    return operation.name.startswith("list_")


def _sends_file(operation: Operation) -> bool:
    return operation.verb is Verb.GET and operation.path.endswith("{filePath}")
