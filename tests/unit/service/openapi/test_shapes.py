"""Tests of shapes and of the description that is made of them."""

import pytest

from dispatcher.service.openapi.bodies import BODIES, SHAPES
from dispatcher.service.openapi.shapes import schema_of
from dispatcher.service.operations import OPERATIONS, Body
from tests.unit.service.openapi.comparison import described


def test_shape_is_read_into_a_schema() -> None:
    """With what must be there, ranges, choices and lists."""
    assert schema_of("id! some, count -1..5, mode a|b, parts [Part]") == {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "minLength": 1},
            "count": {"type": "integer", "format": "int32", "minimum": -1, "maximum": 5},
            "mode": {"type": "string", "enum": ["a", "b"]},
            "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
        },
    }


def test_misspelt_shape_is_refused() -> None:
    """A mistake in the table shows at once."""
    with pytest.raises(ValueError, match="no property of a shape"):
        schema_of("id")


def test_every_operation_with_a_body_has_a_shape() -> None:
    """And no shape is for nothing."""
    assert {operation.name for operation in OPERATIONS if operation.body is not Body.NONE} == BODIES.keys()
    assert set(BODIES.values()) <= SHAPES.keys()


def test_references_of_the_description_lead_somewhere() -> None:
    """A shape that names another names one that there is."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                found.append(reference.removeprefix("#/components/schemas/"))
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(described())
    assert found
    assert set(found) <= described()["components"]["schemas"].keys()
