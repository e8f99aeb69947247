"""Errors that a user can cause, told in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec

import typer

from batch_manager.errors import BatchManagerError
from batch_manager.exit_codes import ExitCode
from dispatcher.service.disk import DiskFailed
from dispatcher.service.private_files import PrivacyError
from dispatcher.service_folder import FolderInUse
from dispatcher.stack import StackError
from dispatcher.storage import StorageUnavailable

P = ParamSpec("P")


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Let every error that a user can cause be one line on standard error and its exit code."""

    @wraps(command)
    def telling(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            command(*arguments, **options)
        except BatchManagerError as error:
            fail(str(error), error.exit_code)
        except (FolderInUse, StackError, StorageUnavailable) as error:
            fail(str(error), ExitCode.UNAVAILABLE)
        except DiskFailed as error:
            fail(str(error), ExitCode.IO_ERROR)
        except PrivacyError as error:
            fail(str(error), ExitCode.NO_PERMISSION)
        except KeyboardInterrupt:
            fail("interrupted; nothing is left running", ExitCode.CANCELLED)

    return telling


def fail(message: str, code: ExitCode) -> NoReturn:
    """End the command with a message."""
    print(f"dispatcher: {message}", file=sys.stderr)
    raise typer.Exit(code)
