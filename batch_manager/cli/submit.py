"""The command that starts a job."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
