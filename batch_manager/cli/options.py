"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_id(value: str | None) -> str | None:
    """An id of a job, a pool or a node, as it was given. Any other text would make the URL of something else: without
    an id that of the list.

    Raises:
        typer.BadParameter: Batch has no such ids.
    """
    if value is not None and not _ID.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is no id of Batch: give 1 to 64 letters, digits, - and _")
    return value


def checked_ids(values: list[str] | None) -> list[str] | None:
    """Likewise of several."""
    for value in values or ():
        checked_id(value)
    return values


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can answer.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.", show_default=False, callback=checked_id)]
Workload = Annotated[
    str, typer.Argument(metavar="WORKLOAD", help="The workload's package, as 'python -m' takes it.", show_default=False)
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="A parameter of the job; JSON is taken as such, any other value as text. May be given several times. "
        "No place for a secret.",
    ),
]
Owner = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Whose it is.", show_default="BATCH_MANAGER_OWNER, or this machine's user"),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME=VALUE", help="To find it by later. May be given several times."),
]
PriceFile = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        envvar="BATCH_MANAGER_PRICES",
        help="What nodes cost: a YAML, JSON or CSV file (docs/plan.md).",
    ),
]
