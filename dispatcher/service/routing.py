"""From a verb and a raw path to an operation and its path parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.operations import OPERATIONS, Operation

_REST = "{filePath}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An operation with the values of its path parameters, decoded."""

    operation: Operation
    parameters: Mapping[str, str]


class Router:
    """Matches paths against an operation table."""

    def __init__(self, operations: Iterable[Operation] = OPERATIONS) -> None:
        self._routes = [(tuple(operation.path.strip("/").split("/")), operation) for operation in operations]

    def match(self, verb: str, path: str) -> Route:
        """Return the route of a raw path, whose segments are percent-encoded and relative to the account.

        Raises:
            BatchError: InvalidUri for a path that no operation has, UnsupportedHttpVerb for one that others have.
        """
        segments = path.strip("/").split("/")
        path_exists = False
        for template, operation in self._routes:
            parameters = _match(template, segments)
            if parameters is None:
                continue
            if operation.verb == verb:
                return Route(operation=operation, parameters=parameters)
            path_exists = True
        raise BatchError(Refusal.UNSUPPORTED_HTTP_VERB if path_exists else Refusal.INVALID_URI)


def _match(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if template[-1] == _REST and len(segments) > len(template):
        segments = [*segments[: len(template) - 1], "/".join(segments[len(template) - 1 :])]
    if len(template) != len(segments):
        return None
    parameters: dict[str, str] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            parameters[expected[1:-1]] = unquote(segment)
        elif expected != segment:
            return None
    return parameters
