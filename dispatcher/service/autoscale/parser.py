"""From the text of a formula to its tree."""

from __future__ import annotations

import math
from typing import NoReturn

from dispatcher.service.autoscale.errors import FormulaError, FormulaFault, place
from dispatcher.service.autoscale.lexer import Token, TokenKind, tokens
from dispatcher.service.autoscale.names import (
    FUNCTIONS,
    INTERVALS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_STATEMENTS,
    MEMBERS,
    METHODS,
    METRICS,
    OPTIONS,
    canonical,
)
from dispatcher.service.autoscale.tree import (
    Call,
    Chain,
    Formula,
    Link,
    Member,
    Method,
    Name,
    Node,
    Number,
    Statement,
    Ternary,
    Text,
    Unary,
    Vector,
)

RANKS = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!="}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
"""Operators between two operands, the loosest first; the ternary is looser still."""


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Words, operators, functions, methods and the numbers of their arguments are checked, and that nothing is assigned
    that a formula may only read. Whether a variable has a value and whether types fit shows when it is worked out.

    Raises:
        FormulaError: the text is too long, has too many statements or none, or is no formula.
    """
    if len(text) > MAX_LENGTH:
        detail = f"The formula has {len(text)} characters; the maximum is {MAX_LENGTH}"
        raise FormulaError(FormulaFault.TOO_LONG, detail)
    return Formula(statements=_Parser(text).statements(), text=text)


class _Parser:
    """Recursive descent over tokens; how deep it goes is bounded."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tuple(tokens(text))
        self._index = 0
        self._depth = 0

    def statements(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while not self._ended:
            if self._take(";"):
                continue
            if len(found) == MAX_STATEMENTS:
                self._fail(f"A formula may have {MAX_STATEMENTS} statements")
            found.append(self._statement())
            if not self._ended:
                self._expect(";")
        if not found:
            self._fail("The formula has no statement")
        return tuple(found)

    def _statement(self) -> Statement:
        start = self._now
        if not self._assigns():
            return Statement(target=None, expression=self._expression(), position=start.position)
        name = canonical(start.value)
        if name in METRICS or name in INTERVALS or name in OPTIONS:
            self._fail(f"{name} cannot be assigned")
        self._index += 2
        return Statement(target=name, expression=self._expression(), position=start.position)

    def _assigns(self) -> bool:
        if self._now.kind is not TokenKind.NAME:
            return False
        following = self._tokens[self._index + 1]
        return following.kind is TokenKind.MARK and following.value == "="

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"Expressions may nest {MAX_DEPTH} deep")
        condition = self._chain(0)
        position = self._now.position
        if self._take("?"):
            yes = self._expression()
            self._expect(":")
            condition = Ternary(condition=condition, yes=yes, no=self._expression(), position=position)
        self._depth -= 1
        return condition

    def _chain(self, rank: int) -> Node:
        if rank == len(RANKS):
            return self._unary()
        first = self._chain(rank + 1)
        links: list[Link] = []
        while self._now.kind is TokenKind.MARK and self._now.value in RANKS[rank]:
            operator = self._advance()
            links.append(
                Link(operator=operator.value, operand=self._chain(rank + 1), position=operator.position),
            )
        return Chain(first=first, links=tuple(links), position=first.position) if links else first

    def _unary(self) -> Node:
        if not (self._now.kind is TokenKind.MARK and self._now.value in {"-", "!"}):
            return self._members()
        operator = self._advance()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"Expressions may nest {MAX_DEPTH} deep")
        operand = self._unary()
        self._depth -= 1
        return Unary(operator=operator.value, operand=operand, position=operator.position)

    def _members(self) -> Node:
        node = self._primary()
        for _ in range(MAX_DEPTH):
            dot = self._now
            if not self._take("."):
                return node
            node = self._member(node, dot)
        return self._fail(f"Expressions may nest {MAX_DEPTH} deep")

    def _member(self, node: Node, dot: Token) -> Node:
        word = self._advance()
        if word.kind is TokenKind.NAME and word.value in METHODS and isinstance(node, Name):
            return self._method(node, word)
        if word.kind is not TokenKind.NAME or word.value not in MEMBERS:
            self._fail(f"Unknown member {word.value!r}", word)
        return Member(target=node, member=word.value, position=dot.position)

    def _method(self, variable: Name, word: Token) -> Method:
        if variable.name not in METRICS:
            self._fail(f"{variable.name} has no samples", word)
        position = self._now.position
        arguments = self._arguments()
        self._count(word, len(arguments), METHODS[word.value])
        return Method(metric=variable.name, method=word.value, arguments=arguments, position=position)

    def _primary(self) -> Node:
        token = self._advance()
        match token.kind, token.value:
            case TokenKind.NUMBER, digits:
                return self._number(token, digits)
            case TokenKind.TEXT, value:
                return Text(value=value, position=token.position)
            case TokenKind.NAME, name:
                return self._named(token, name)
            case TokenKind.MARK, "(":
                inner = self._expression()
                self._expect(")")
                return inner
            case TokenKind.MARK, "[":
                return Vector(items=self._items("]"), position=token.position)
        return self._fail(f"Unexpected {token.value!r}" if token.value else "Unexpected end of the formula", token)

    def _number(self, token: Token, digits: str) -> Number:
        value = float(digits)
        if not math.isfinite(value):
            self._fail(f"{digits} is too large", token)
        return Number(value=value, position=token.position)

    def _named(self, token: Token, name: str) -> Node:
        if self._now.kind is not TokenKind.MARK or self._now.value != "(":
            return Name(name=canonical(name), position=token.position)
        if name not in FUNCTIONS:
            self._fail(f"Unknown function {name!r}", token)
        arguments = self._arguments()
        self._count(token, len(arguments), FUNCTIONS[name])
        return Call(function=name, arguments=arguments, position=token.position)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        return self._items(")")

    def _items(self, end: str) -> tuple[Node, ...]:
        if self._take(end):
            return ()
        items = [self._expression()]
        while self._take(","):
            items.append(self._expression())
        self._expect(end)
        return tuple(items)

    def _count(self, word: Token, given: int, allowed: tuple[int, int | None]) -> None:
        least, most = allowed
        if given < least or (most is not None and given > most):
            self._fail(f"{word.value} does not take {given} arguments", word)

    @property
    def _ended(self) -> bool:
        return self._now.kind is TokenKind.END

    @property
    def _now(self) -> Token:
        return self._tokens[self._index]

    def _advance(self) -> Token:
        token = self._now
        if token.kind is not TokenKind.END:
            self._index += 1
        return token

    def _take(self, mark: str) -> bool:
        if self._now.kind is not TokenKind.MARK or self._now.value != mark:
            return False
        self._index += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            found = repr(self._now.value) if self._now.value else "the end of the formula"
            self._fail(f"Expected {mark!r}, found {found}")

    def _fail(self, reason: str, token: Token | None = None) -> NoReturn:
        where = place(self._text, (token or self._now).position)
        raise FormulaError(FormulaFault.SYNTAX, f"{where}: {reason}")
