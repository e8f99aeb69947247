"""Shapes of request bodies in one line each, read into JSON Schema.

A shape is ``name type, name! type, ...``; ``!`` marks what must be there. A type is one of `_TYPES`, the name of
another shape, ``a|b`` for texts of which one is expected, ``1..9`` for whole numbers in a range, or any of these in
``[]``.
``kept`` is what the service stores and echoes whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dispatcher.service.wire import JsonObject

_TYPES: Mapping[str, JsonObject] = {
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "text": {"type": "string"},
    "title": {"type": "string", "maxLength": 1024},
    "some": {"type": "string", "minLength": 1},
    "time": {"type": "string", "format": "date-time"},
    "span": {"type": "string", "format": "duration"},
    "int": {"type": "integer", "format": "int32"},
    "bool": {"type": "boolean"},
    "object": {"type": "object"},
    "kept": {},
}
_PROPERTY = re.compile(r"(\w+)(!?) (\S+)")
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")


def schema_of(shape: str) -> JsonObject:
    """Return the JSON Schema of a shape; properties that it does not name are kept as they are.

    Raises:
        ValueError: the shape is not spelled as it must be.
    """
    properties: JsonObject = {}
    required: list[str] = []
    for part in shape.split(", "):
        match = _PROPERTY.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no property of a shape")
        name, mark, kind = match.groups()
        properties[name] = type_of(kind)
        if mark:
            required.append(name)
    return {"type": "object", "properties": properties, **({"required": [*required]} if required else {})}


def type_of(kind: str) -> JsonObject:
    """Return the JSON Schema of a type."""
    if kind.startswith("["):
        return {"type": "array", "items": type_of(kind[1:-1])}
    if (limits := _RANGE.fullmatch(kind)) is not None:
        return {"type": "integer", "format": "int32", "minimum": int(limits[1]), "maximum": int(limits[2])}
    if "|" in kind:
        return {"type": "string", "enum": [*kind.split("|")]}
    if kind in _TYPES:
        return dict(_TYPES[kind])
    return {"$ref": f"#/components/schemas/{kind}"}
