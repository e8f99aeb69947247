"""From the text of a formula to tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dispatcher.service.autoscale.errors import FormulaError, FormulaFault, place

_TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*)"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r'|"(?P<text>[^"\n]*)"'
    r"|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>&&|\|\||[<>=!]=|[-+*/<>=!?:;,.()\[\]])",
    re.ASCII,
)


class TokenKind(Enum):
    """What a token is; the values are the groups of the pattern."""

    NUMBER = "number"
    TEXT = "text"
    NAME = "name"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word of a formula and the offset where it begins."""

    kind: TokenKind
    value: str
    position: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of a formula and one END. Line breaks and ``//`` comments only separate.

    The documentation both forbids line breaks inside a statement and shows statements over several lines; real
    formulas have them, so they are allowed.

    Raises:
        FormulaError: a character that no word begins with.
    """
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            detail = f"{place(text, position)}: Unexpected character {text[position]!r}"
            raise FormulaError(FormulaFault.SYNTAX, detail)
        if match.lastgroup != "blank":
            yield Token(kind=TokenKind(match.lastgroup), value=match[match.lastgroup], position=position)
        position = match.end()
    yield Token(kind=TokenKind.END, value="", position=len(text))
