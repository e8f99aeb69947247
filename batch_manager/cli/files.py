"""The commands that move files: download, upload, copy."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
