"""From a verb and a raw path to an operation of the management plane and its path parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.operation import ManagementOperation
from dispatcher.service.management.operations import OPERATIONS

_ROUTES = [(tuple(line.path.strip("/").split("/")), line) for line in OPERATIONS]


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementRoute:
    """An operation with the values of its path parameters, decoded."""

    operation: ManagementOperation
    parameters: Mapping[str, str]


def match(verb: str, path: str) -> ManagementRoute:
    """Return the route of a raw path; letters' case matters in the values alone, and a doubled slash counts as one.

    Raises:
        ManagementError: no operation has the path, or others have it.
    """
    segments = [segment for segment in path.split("/") if segment]
    path_exists = False
    for template, operation in _ROUTES:
        parameters = _match(template, segments)
        if parameters is None:
            continue
        if operation.verb == verb:
            return ManagementRoute(operation=operation, parameters=parameters)
        path_exists = True
    raise ManagementError(Fault.METHOD_NOT_ALLOWED if path_exists else Fault.INVALID_RESOURCE_TYPE)


def _match(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    parameters: dict[str, str] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            parameters[expected[1:-1]] = unquote(segment)
        elif expected.lower() != segment.lower():
            return None
    return parameters
