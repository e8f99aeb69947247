"""Compares the service's own description with what Microsoft publishes, as ``published.json`` holds it.

That file has of each published operation its id, path, parameters, statuses and body, and of each body's schema the
names and kinds of its properties; ``!`` marks what is required. It was made once, from the OpenAPI description of
version 2024-07-01.20.0 in Microsoft's repository ``azure-rest-api-specs``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dispatcher.service.openapi import describe

PARAMETER = re.compile(r"\{\w+\}")


class Difference(NamedTuple):
    """A property of a body that is not the same on both sides."""

    operation: str
    property: str
    ours: str
    """Its kind; empty where the service does not list it."""
    theirs: str


@dataclass
class Comparison:
    """What comparing the two found."""

    equal_properties: int = 0
    differences: list[Difference] = field(default_factory=list)


@cache
def published() -> Mapping[str, Any]:
    """Return what is published."""
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text())
    return found


@cache
def described() -> Mapping[str, Any]:
    """Return the service's own description."""
    return describe()


def route(verb: str, path: str) -> str:
    """Return what names an operation on both sides: parameters of paths may be called otherwise."""
    return f"{verb.upper()} {PARAMETER.sub('{}', path)}"


def our_operations() -> Mapping[str, Mapping[str, Any]]:
    """Return the service's operations by route."""
    return {
        route(verb, path): operation for path, item in described()["paths"].items() for verb, operation in item.items()
    }


def their_operations() -> Mapping[str, Mapping[str, Any]]:
    """Return the published operations by route."""
    return {route(*key.split(" ")): operation for key, operation in published()["operations"].items()}


def names_of(operation: Mapping[str, Any], place: str) -> set[str]:
    """Return the names of an operation's parameters in one place, in lower case: clients spell some in two ways."""
    if "parameters" in operation:
        return {item["name"].lower() for item in operation["parameters"] if item["in"] == place}
    return {name.lower() for name in operation[place]}


def compare_bodies() -> Comparison:
    """Compare the bodies of the operations that both sides have, property by property."""
    comparison = Comparison()
    ours = our_operations()
    for name, operation in their_operations().items():
        if "body" in operation and name in ours:
            content = ours[name]["requestBody"]["content"]
            (media,) = content.values()
            _compare(comparison, name, "", media["schema"], operation["body"])
    return comparison


def _compare(comparison: Comparison, name: str, path: str, schema: Mapping[str, Any], kind: str) -> None:
    mine = {key: (value, key in required) for key, value, required in _properties(schema)}
    theirs = {key.rstrip("!"): (value, key.endswith("!")) for key, value in published()["schemas"][kind].items()}
    for key in sorted(mine.keys() | theirs.keys()):
        full = f"{path}{key}"
        ours = _kind(*mine[key]) if key in mine else ""
        other = f"{_plain(theirs[key][0])}{'!' if theirs[key][1] else ''}" if key in theirs else ""
        if ours == other:
            comparison.equal_properties += 1
        else:
            comparison.differences.append(Difference(name, full, ours, other))
        if key in mine and key in theirs and (inner := theirs[key][0].strip("[]")) in published()["schemas"]:
            below = mine[key][0].get("items", mine[key][0])
            if "$ref" in below:
                _compare(comparison, name, f"{full}.", below, inner)


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], list[str]]]:
    resolved = _resolved(schema)
    for key, value in resolved["properties"].items():
        yield key, value, resolved.get("required", [])


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _kind(schema: Mapping[str, Any], is_required: bool) -> str:
    mark = "!" if is_required else ""
    if "items" in schema:
        return f"[{_kind(schema['items'], False)}]{mark}"
    return f"{_resolved(schema).get('type', 'kept')}{mark}"


def _plain(kind: str) -> str:
    if kind.startswith("["):
        return f"[{_plain(kind[1:-1])}]"
    return "object" if kind in published()["schemas"] else kind
