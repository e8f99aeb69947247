"""What every command says of an error that a user can cause: one line, and a documented exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import typer

from batch_manager.errors import BatchManagerError, InputError
from batch_manager.exit_codes import ExitCode

P = ParamSpec("P")


def told(interrupted: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Let errors be one line on standard error.

    Args:
        interrupted: what Ctrl-C leaves behind, in words.
    """

    def wrap(command: Callable[P, None]) -> Callable[P, None]:
        @wraps(command)
        def telling(*arguments: P.args, **options: P.kwargs) -> None:
            try:
                command(*arguments, **options)
            except BatchManagerError as error:
                fail(str(error), error.exit_code)
            except KeyboardInterrupt:
                fail(f"interrupted; {interrupted}", ExitCode.CANCELLED)

        return telling

    return wrap


def fail(message: str, code: ExitCode) -> NoReturn:
    """End the command with a message."""
    print(f"batch-manager: {message}", file=sys.stderr)
    raise typer.Exit(code)


def read_secret(path: Path | None) -> str | None:
    """What a file holds, without the white space round it; None for no file.

    Raises:
        InputError: it cannot be read or is empty.
    """
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file {str(path)!r} cannot be read: {error}") from error
    if not text:
        raise InputError(f"the file {str(path)!r} is empty")
    return text
