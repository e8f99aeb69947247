"""The command that makes a new workload."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from batch_manager.cli.options import AsJson
from batch_manager.cli.telling import told


def add_to(app: typer.Typer) -> None:
    """Add it to the command line."""
    app.command()(new)


@told("a part of the files may be there; do the same again to have the rest")
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The workload's package, such as pi_sweep.", show_default=False)
    ],
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="The project's folder.", show_default="NAME")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a new workload that runs at once, to put your own work into.

    The project's folder gets the package, tests, pyproject.toml, logging.yaml, a launch configuration for VS Code, a CI
    file and a README that says how to run, debug and test it. Nothing that is there already is overwritten.

    Exit codes: 0 the project is there; 65 the name cannot be used, or a file is there that is another; 74 the disk.
    """
    from batch_manager.scaffold.writing import write_workload

    made = write_workload(name, to or Path(name), python=f"{sys.version_info.major}.{sys.version_info.minor}")
    if as_json:
        from batch_manager.cli.output import print_json

        print_json(
            {"name": made.name, "folder": str(made.folder), "written": list(made.written), "kept": list(made.kept)}
        )
        return
    print(f"{made.folder}: {len(made.written)} files written, {len(made.kept)} were there and are the same")
    print("In that folder:")
    print(f"  python -m dispatcher run {name}")
    print("  python -m pytest")
    print(f"  batch-manager package {name}")
