"""From a verb and a raw path to an operation and its path parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.operations import OPERATIONS, Operation

_REST = "{filePath}"
_NAME = re.compile(r"\{(\w+)\}")


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
        if "{" not in expected:
            if expected != segment:
                return None
            continue
        found = _pattern(expected).fullmatch(unquote(segment))
        if found is None:
            return None
        parameters |= found.groupdict()
    return parameters


@cache
def _pattern(segment: str) -> re.Pattern[str]:
    """Return what a segment of a template matches: ``{name}`` is any text that is not empty."""
    parts = _NAME.split(segment)
    return re.compile(
        "".join(f"(?P<{part}>.+)" if index % 2 else re.escape(part) for index, part in enumerate(parts)), re.DOTALL
    )
