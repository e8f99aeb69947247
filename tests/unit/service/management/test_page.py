"""docs/management.md."""

from __future__ import annotations

from pathlib import Path

from dispatcher.service.management.page import render

PAGE = Path(__file__).parents[4] / "docs" / "management.md"


def test_page_is_what_the_operation_table_says() -> None:
    """Run ``python -m dispatcher.service.management.page > docs/management.md`` when this fails."""
    assert PAGE.read_text() == render()
