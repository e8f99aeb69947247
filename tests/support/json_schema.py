"""As much of JSON Schema as the schemas of this project use."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_KNOWN = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "examples", "type", "const", "enum", "required",
    "properties", "additionalProperties", "items", "oneOf", "minimum", "maximum", "minLength", "maxLength", "minItems",
    "maxItems", "pattern",
}  # fmt: skip


def find_faults(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What of a value the schema does not allow, each with its place.

    Raises:
        ValueError: the schema uses a word that is not understood here.
    """
    return list(_faults(value, schema, schema, "$"))


def _faults(value: Any, schema: Any, root: Mapping[str, Any], place: str) -> Iterator[str]:
    if schema is True or schema is False:
        if schema is False:
            yield f"{place}: not allowed"
        return
    if unknown := schema.keys() - _KNOWN:
        raise ValueError(f"{place}: the schema says {sorted(unknown)}, which is not understood here")
    if "$ref" in schema:
        yield from _faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    yield from _plain_faults(value, schema, place)
    if isinstance(value, dict):
        yield from _object_faults(value, schema, root, place)
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _faults(item, schema.get("items", True), root, f"{place}[{number}]")
    if "oneOf" in schema:
        matching = [one for one in schema["oneOf"] if not list(_faults(value, one, root, place))]
        if len(matching) != 1:
            yield f"{place}: fits {len(matching)} of the alternatives"


def _plain_faults(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    names = schema.get("type", list(_TYPES))
    if not any(_is_a(value, name) for name in ([names] if isinstance(names, str) else names)):
        yield f"{place}: {value!r} is no {names}"
    if "const" in schema and value != schema["const"]:
        yield f"{place}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place}: {value!r} is out of range"
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{place}: {len(value)} characters"
        if not re.search(schema.get("pattern", ""), value):
            yield f"{place}: {value!r} is not of the form {schema['pattern']}"
    if isinstance(value, list) and not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{place}: {len(value)} items"


def _object_faults(value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value)
    for name, item in value.items():
        inner = properties.get(name, schema.get("additionalProperties", True))
        yield from _faults(item, inner, root, f"{at}.{name}")


def _is_a(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])
