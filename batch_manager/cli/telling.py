"""What every command says of an error that a user can cause: one line, and a documented exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import typer

from batch_manager.errors import BatchManagerError, InputError
from batch_manager.exit_codes import ExitCode

P = ParamSpec("P")

_WRONG_PATH = (errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG)
"""Errors that another path mends."""


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
            except OSError as error:
                if error.errno == errno.EPIPE:  # whoever reads the output has enough: no error of ours
                    raise
                fail(_of_the_disk(error), ExitCode.BAD_INPUT if error.errno in _WRONG_PATH else ExitCode.IO_ERROR)
            except KeyboardInterrupt:
                fail(f"interrupted; {interrupted}", ExitCode.CANCELLED)

        return telling

    return wrap


def fail(message: str, code: ExitCode) -> NoReturn:
    """End the command with a message."""
    print(f"batch-manager: {message}", file=sys.stderr)
    raise typer.Exit(code)


def _of_the_disk(error: OSError) -> str:
    where = f" {str(error.filename)!r}" if error.filename is not None else ""
    return f"the file system refused{where}: {error.strerror or error}; give another path, or see to the disk"


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
