"""The command that makes a new workload."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add it to the command line."""
