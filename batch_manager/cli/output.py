"""What commands print: one JSON document or something for people on standard output; all else on standard error."""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from batch_manager.cli.telling import fail
from batch_manager.exit_codes import ExitCode
from batch_manager.ownership import clean_owner

if TYPE_CHECKING:
    from rich.console import Console

Document: TypeAlias = "None | bool | int | float | str | Sequence[Document] | Mapping[str, Document]"

PIPE_WIDTH = 1000
"""Columns that a table may have in a pipe; it takes what it needs."""

OWNER_VARIABLE = "BATCH_MANAGER_OWNER"


def print_json(document: Document) -> None:
    """The one document of a command with ``--json``. Names are camelCase, times ISO 8601 in UTC, lengths of time in
    seconds; a list stands in an object, so that more can be said beside it later."""
    print(json.dumps(document, indent=1))


def console() -> Console:
    """Standard output for people. A pipe has no colours and lines of any length, so that it can be searched."""
    from rich.console import Console  # 40 ms

    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(soft_wrap=True, highlight=False, width=PIPE_WIDTH)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone, and end the command unless the answer is yes.

    Args:
        question: what would be done, with the names of what it is done to.
        yes: whether ``--yes`` was given.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{question} Nobody can answer here: give --yes", ExitCode.USAGE)
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        fail("nothing was done", ExitCode.CANCELLED)


def owner_name(given: str | None) -> str:
    """Whose something is that a command makes.

    Raises:
        InputError: the name has no letter or digit.
    """
    return clean_owner(given or os.environ.get(OWNER_VARIABLE) or getpass.getuser())
