"""The tables of docs/preflight.md: ``python -m batch_manager.preflight.page`` writes them there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from batch_manager.preflight import check, requests
from batch_manager.preflight.rules import Rule

PAGE = Path(__file__).parents[2] / "docs" / "preflight.md"

TABLES: Mapping[str, Iterable[Rule]] = {"request": requests.RULES, "tasks": check.RULES}
"""The rules, by the name of the table between whose marks they stand."""


def render(rules: Iterable[Rule]) -> str:
    """A table of rules."""
    rows = [f"| `{rule.name}` | {_fields(rule.field)} | {rule.refused} | {rule.remedy} |" for rule in rules]
    return "\n".join(["| rule | field | refused | what to do |", "|---|---|---|---|", *rows])


def update(page: str) -> str:
    """A page with what stands between the marks of each table made anew."""
    for name, rules in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = page.split(begin)
        _, tail = rest.split(end)
        page = f"{head}{begin}\n{render(rules)}\n{end}{tail}"
    return page


def _fields(names: str) -> str:
    return names if " " in names and "," not in names else ", ".join(f"`{name}`" for name in names.split(", "))


if __name__ == "__main__":
    PAGE.write_text(update(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
