"""From the text of a ``$filter`` to an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.odata import And, Compare, Comparison, Expression, Literal, Not, Or, StartsWith
from dispatcher.service.wire import parse_time

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<time>[Dd]ate[Tt]ime(?:[Oo]ffset)?'[^']*')"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>-?\d+(?:\.\d+)?)(?![\w/])"
    r"|(?P<word>[A-Za-z_][\w./]*)"
    r"|(?P<mark>[(),])"
    r")"
)
_CONSTANTS: Mapping[str, Literal] = {"true": True, "false": False, "null": None}
_SPELLINGS: Mapping[str, str] = {"lastModifiedTime": "lastModified"}
"""How Microsoft's page on filters spells a property (of tasks), and how bodies do."""
_BLANK = re.compile(r"\s*\Z")

DEEPEST = 50
"""Parentheses and ``not`` within one another; Azure's own limit is not known."""

MOST_TERMS = 1000
"""Comparisons in one filter; Azure's own limit is not known, its front end takes URLs of about 16 000 characters."""

MOST_WORK = 100
"""The same, where values that one property may equal count as one: the others are each compared with every entity."""


def parse_filter(text: str) -> Expression:
    """Read a ``$filter``.

    Raises:
        BatchError: InvalidQueryParameterValue, with the reason.
    """
    return _Parser(text).whole()


def _work(expression: Expression) -> int:
    """Return with how many things each entity is compared."""
    match expression:
        case Or(terms=terms):
            equal = {term.path for term in terms if isinstance(term, Compare) and term.comparison is Comparison.EQ}
            others = (t for t in terms if not (isinstance(t, Compare) and t.comparison is Comparison.EQ))
            return len(equal) + sum(map(_work, others))
        case And(terms=terms):
            return sum(map(_work, terms))
        case Not(inner=inner):
            return _work(inner)
        case _:
            return 1


class _Parser:
    """Recursive descent: or < and < not < comparison. Long chains do not recurse, and nesting has a limit."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._kind = ""
        self._token = ""
        self._depth = 0
        self._terms = 0
        self._advance()

    def whole(self) -> Expression:
        expression = self._either()
        if self._kind:
            self._fail(f"unexpected {self._token!r}")
        if _work(expression) > MOST_WORK:
            self._fail(f"more than {MOST_WORK} comparisons that are not values of one property joined by or")
        return expression

    def _either(self) -> Expression:
        terms = [self._both()]
        while self._take("or"):
            terms.append(self._both())
        return Or(terms=tuple(terms)) if len(terms) > 1 else terms[0]

    def _both(self) -> Expression:
        terms = [self._unary()]
        while self._take("and"):
            terms.append(self._unary())
        return And(terms=tuple(terms)) if len(terms) > 1 else terms[0]

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"nested more than {DEEPEST} deep")
        expression = self._unary_inside()
        self._depth -= 1
        return expression

    def _unary_inside(self) -> Expression:
        if self._take("not"):
            return Not(inner=self._unary())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        self._terms += 1
        if self._terms > MOST_TERMS:
            self._fail(f"more than {MOST_TERMS} comparisons")
        if self._take("startswith"):
            return self._starts_with()
        return self._comparison()

    def _starts_with(self) -> Expression:
        self._expect("(")
        path = self._path()
        self._expect(",")
        prefix = self._literal()
        self._expect(")")
        if not isinstance(prefix, str):
            self._fail("startswith needs a text")
        return StartsWith(path=path, prefix=prefix)

    def _comparison(self) -> Expression:
        path = self._path()
        try:
            comparison = Comparison(self._token)
        except ValueError:
            self._fail(f"expected a comparison after {path!r}")
        self._advance()
        return Compare(path=path, comparison=comparison, literal=self._literal())

    def _path(self) -> str:
        if self._kind != "word":
            self._fail("expected a property")
        path = _SPELLINGS.get(self._token, self._token)
        self._advance()
        return path

    def _literal(self) -> Literal:
        kind, token = self._kind, self._token
        self._advance()
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return float(token)
        if kind == "time":
            try:
                return parse_time(token[token.index("'") + 1 : -1])
            except ValueError as error:
                self._fail(str(error))
        if kind == "word" and token in _CONSTANTS:
            return _CONSTANTS[token]
        return self._fail("expected a literal")

    def _take(self, token: str) -> bool:
        if self._token != token or self._kind not in {"word", "mark"}:
            return False
        self._advance()
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            self._fail(f"expected {token!r}")

    def _advance(self) -> None:
        if _BLANK.match(self._text, self._position):
            self._kind = self._token = ""
            return
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup is None:
            self._fail(f"cannot read {self._text[self._position : self._position + 20]!r}")
        self._kind, self._token = match.lastgroup, match[match.lastgroup]
        self._position = match.end()

    def _fail(self, reason: str) -> NoReturn:
        values = (("QueryParameterName", "$filter"), ("QueryParameterValue", self._text[:200]), ("Reason", reason))
        raise BatchError(Refusal.INVALID_QUERY_PARAMETER_VALUE, values=values)
