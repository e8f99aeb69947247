"""From a tree back to text."""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher.service.autoscale.parser import RANKS
from dispatcher.service.autoscale.tree import (
    Call,
    Chain,
    Formula,
    Member,
    Method,
    Name,
    Node,
    Number,
    Ternary,
    Text,
    Unary,
    Vector,
)


def format_formula(formula: Formula) -> str:
    """Spell a formula, one statement a line; read again it gives an equal tree."""
    lines = (
        f"{f'{statement.target} = ' if statement.target else ''}{_node(statement.expression)};"
        for statement in formula.statements
    )
    return "\n".join(lines)


def _node(node: Node) -> str:
    match node:
        case Number():
            return repr(node.value)
        case Text():
            return f'"{node.value}"'
        case Name():
            return node.name
        case Vector():
            return f"[{_list(node.items)}]"
        case Member():
            return f"{_operand(node.target)}.{node.member}"
        case Method():
            return f"{node.metric}.{node.method}({_list(node.arguments)})"
        case Call():
            return f"{node.function}({_list(node.arguments)})"
        case Unary():
            return f"{node.operator}{_operand(node.operand, unary=True)}"
        case Chain():
            return _chain(node)
        case Ternary():
            yes, no = _node(node.yes), _node(node.no)
            condition = f"({_node(node.condition)})" if isinstance(node.condition, Ternary) else _node(node.condition)
            return f"{condition} ? {yes} : {no}"


def _chain(node: Chain) -> str:
    rank = _rank(node)
    parts = [_ranked(node.first, rank)]
    for link in node.links:
        parts += [link.operator, _ranked(link.operand, rank)]
    return " ".join(parts)


def _rank(chain: Chain) -> int:
    return next(rank for rank, operators in enumerate(RANKS) if chain.links[0].operator in operators)


def _ranked(node: Node, rank: int) -> str:
    looser = isinstance(node, Ternary) or (isinstance(node, Chain) and _rank(node) <= rank)
    return f"({_node(node)})" if looser else _node(node)


def _operand(node: Node, *, unary: bool = False) -> str:
    bare = not isinstance(node, (Ternary, Chain, Unary, Number)) or (unary and isinstance(node, (Unary, Number)))
    return _node(node) if bare else f"({_node(node)})"


def _list(nodes: Iterable[Node]) -> str:
    return ", ".join(_node(node) for node in nodes)
