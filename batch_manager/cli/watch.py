"""The commands that say how jobs are doing: list, status, watch, logs, why."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Add them to the command line."""
