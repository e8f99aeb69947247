"""The commands for what jobs leave behind: clean, report."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
