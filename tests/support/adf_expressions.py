"""As much of Data Factory's expression language as the pipeline in the documentation uses.

Source: Azure Data Factory documentation, "expressions and functions": ``@expression`` keeps its type, ``@{expression}``
within a text becomes text, ``@@`` is an ``@``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[().,]))")
_INTERPOLATION = re.compile(r"@@|@\{((?:'(?:[^']|'')*'|[^'}])*)\}")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression may ask for."""

    run_id: str
    parameters: Mapping[str, Any]
    outputs: Mapping[str, Mapping[str, Any]]
    """Of activities that have run, by their names."""


def evaluate(value: Any, scope: Scope) -> Any:
    """A JSON value of a pipeline with its expressions evaluated, however deep they lie."""
    if isinstance(value, dict):
        if value.keys() == {"value", "type"} and value["type"] == "Expression":
            return evaluate(value["value"], scope)
        return {name: evaluate(item, scope) for name, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, scope) for item in value]
    if isinstance(value, str):
        return _evaluate_text(value, scope)
    return value


def _evaluate_text(text: str, scope: Scope) -> Any:
    if text.startswith("@") and not text.startswith(("@@", "@{")):
        return _Parser(text[1:], scope).whole()

    def replace(found: re.Match[str]) -> str:
        if found[1] is None:
            return "@"
        result = _Parser(found[1], scope).whole()
        return result if isinstance(result, str) else json.dumps(result)

    return _INTERPOLATION.sub(replace, text)


class _Parser:
    """Reads and evaluates one expression."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._tokens = list(_tokens(text))
        self._place = 0

    def whole(self) -> Any:
        value = self._value()
        if self._place != len(self._tokens):
            raise ValueError(f"cannot understand the end of {self._text!r}")
        return value

    def _take(self, mark: str) -> None:
        if self._peek() != ("mark", mark):
            raise ValueError(f"{mark!r} is missing in {self._text!r}")
        self._place += 1

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _value(self) -> Any:
        token = self._peek()
        if token is None:
            raise ValueError(f"the end of {self._text!r} is missing")
        kind, word = token
        self._place += 1
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return int(word)
        value = self._call(word)
        while self._peek() == ("mark", "."):
            self._place += 1
            value = value[self._tokens[self._place][1]]
            self._place += 1
        return value

    def _call(self, name: str) -> Any:
        self._take("(")
        arguments = []
        while self._peek() != ("mark", ")"):
            arguments.append(self._value())
            if self._peek() == ("mark", ","):
                self._place += 1
        self._take(")")
        if name == "pipeline" and not arguments:
            return {"RunId": self._scope.run_id, "parameters": self._scope.parameters}
        if name == "activity" and len(arguments) == 1:
            return {"output": self._scope.outputs[arguments[0]]}
        if name == "concat":
            return "".join(arguments)
        raise ValueError(f"the function {name!r} is not known here")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise ValueError(f"cannot understand {text!r} from character {place} on")
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()
