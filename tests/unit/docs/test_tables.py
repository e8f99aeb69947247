"""The tables in the documentation say what the code says."""

import ast
import inspect
import re
from enum import Enum
from itertools import pairwise
from pathlib import Path

from pydantic import AliasChoices

from batch_manager import ExitCode
from batch_manager._settings_model import SettingsModel
from dispatcher.service.faults.page import render as render_faults
from dispatcher.service.faults.text import read_plan
from dispatcher.service.wire_page import render

DOCS = Path(__file__).parents[3] / "docs"


def _rows(page: str) -> list[list[str]]:
    lines = [line for line in (DOCS / page).read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def meanings(kind: type[Enum]) -> dict[str, str]:
    """The docstrings of an enumeration's members, by name."""
    bodies = [node.body for node in ast.parse(inspect.getsource(kind)).body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for before, after in pairwise(bodies[0]):
        if isinstance(before, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            target = before.targets[0]
            assert isinstance(target, ast.Name)
            found[target.id] = re.sub(r"\s+", " ", str(after.value.value))
    return found


def test_exit_codes_page_lists_every_code_with_its_meaning() -> None:
    """In the order of the numbers, in the words of the code."""
    words = meanings(ExitCode)
    assert _rows("exit-codes.md") == [[str(int(c)), f"`{c.name}`", words[c.name]] for c in ExitCode]


def test_settings_page_lists_every_field_with_its_variables() -> None:
    """In the order of the model, in its words."""
    expected = []
    for name, field in SettingsModel.model_fields.items():
        assert isinstance(field.validation_alias, AliasChoices)
        variables = [f"`{choice}`" for choice in field.validation_alias.choices if choice != name]
        expected.append([f"`{name}`", ", ".join(variables), field.description])
    assert _rows("settings.md") == expected


def test_wire_page_is_what_the_operation_table_says() -> None:
    """Run ``python -m dispatcher.service.wire_page > docs/wire.md`` when this fails."""
    assert (DOCS / "wire.md").read_text() == render()


def test_plans_on_the_faults_page_are_plans() -> None:
    """Whether they stand in a table, in a block, in a command or in JSON."""
    page = (DOCS / "faults.md").read_text()
    table = page.split("## What to ask first")[1].split("\n\n")[1]
    plans = [cell.split("|")[-2].strip().strip("`") for cell in table.splitlines()[2:]]
    plans += [re.sub("^    ", "", page.split("is left out.\n\n")[1].split("\n\n")[0], flags=re.MULTILINE)]
    plans += re.findall(r'--(?:faults|plan|order) "((?!replay)[^"]*)"', page)
    plans += re.findall(r"`(\{\"seed\": 7, \"rules.*?\})`", page)
    assert len(plans) > 12
    assert all(read_plan(plan, seed=1).rules for plan in plans)


def test_faults_page_lists_every_fault() -> None:
    """Run ``python -m dispatcher.service.faults.page`` when this fails, and put its table between the marks."""
    page = (DOCS / "faults.md").read_text()
    assert page.split("<!-- faults -->\n")[1].split("\n<!-- /faults -->")[0] == render_faults()
