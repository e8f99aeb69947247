"""Finds what a workload imports and its package does not hold, which a node would find out much later. Pure but for
reading the modules."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator

from batch_manager.packaging.files import SITE, PackedFile


def missing_imports(own: Iterable[PackedFile], everything: Iterable[PackedFile]) -> dict[str, str]:
    """Packages that are imported and not there, each with the file that does so first.

    Imports that may fail (within ``try``) or are for type checkers are not counted.

    Args:
        own: the workload's files.
        everything: all of the package's.
    """
    there = {_top(file.name) for file in everything} | sys.stdlib_module_names
    missing: dict[str, str] = {}
    for file in own:
        if file.source is None or not file.name.endswith(".py"):
            continue
        try:
            tree = ast.parse(file.source.read_bytes())
        except (SyntaxError, ValueError):  # the workload's own tests tell it better
            continue
        for name in _imported(tree):
            if name not in there:
                missing.setdefault(name, file.name.removeprefix(f"{SITE}/"))
    return missing


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module:
                yield node.module.partition(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from _imported(other)
        elif not isinstance(node, ast.Try):
            yield from _imported(node)


def _top(name: str) -> str:
    """The name that a file below ``site`` is imported by, or is a part of."""
    parts = name.split("/")
    return parts[1].partition(".")[0] if parts[0] == SITE and len(parts) > 1 else ""
