"""Why something failed, in one line that any file, log or callback can hold. Light."""

from __future__ import annotations

import re

from batch_manager.errors import BatchManagerError
from batch_manager.exit_codes import ExitCode
from batch_manager.reports import MAX_CAUSE_LENGTH

_SECRET = re.compile(r"\b(sig=|AccountKey=|SharedAccessKey=)[^&;\s'\"]+", re.IGNORECASE)
"""The secret part of a SAS or of a connection string, which messages about blobs are apt to hold."""

_MORE = "…"
_EXIT_CODE_MASK = 0xFF


def cause_of(error: BaseException) -> str:
    """What an exception says, in one line: ``ValueError: no such pipe``. Never raises, whatever the exception does.

    An error of this package says it without its type: its message is written for people.
    """
    if isinstance(error, SystemExit):
        return one_line(f"it called sys.exit({_text(error, repr_of_code=True)})")
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    text = _text(error)
    if not isinstance(error, BatchManagerError) or not text:
        name = type(error).__name__
        text = f"{name}: {text}" if text else name
    return one_line(text)


def one_line(text: str) -> str:
    """A text without line ends and other characters that do not print, of ``MAX_CAUSE_LENGTH`` at most; the signature
    of a SAS and the key of a connection string are left out."""
    lines = [" ".join(line.split()) for line in text[: 4 * MAX_CAUSE_LENGTH].splitlines()]
    joined = ""
    for line in filter(None, lines):
        joined += line if not joined else (" " if joined[-1] in ":;,." else "; ") + line
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in _SECRET.sub(r"\1***", joined))
    return shown if len(shown) <= MAX_CAUSE_LENGTH else shown[: MAX_CAUSE_LENGTH - 1] + _MORE


def exit_code_of(error: BaseException) -> int:
    """The code that a process which ends with this exception exits with, 0 to 255.

    ``SystemExit`` is read as Python reads it; the codes that are kept for skipped tasks and for the time limit count
    as ``ExitCode.FAILED``, since the task's own code ran.
    """
    if isinstance(error, BatchManagerError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.CANCELLED
    if isinstance(error, SystemExit):
        return own_exit_code(_system_exit_code(error.code))
    return ExitCode.FAILED


def own_exit_code(code: int) -> int:
    """A code that user's code chose, where those that only this project may use count as ``ExitCode.FAILED``."""
    return ExitCode.FAILED if code in (ExitCode.SKIPPED, ExitCode.TIME_LIMIT) else code


def _system_exit_code(code: object) -> int:
    if code is None:
        return ExitCode.SUCCEEDED
    return code & _EXIT_CODE_MASK if isinstance(code, int) else ExitCode.FAILED


def _text(error: BaseException, *, repr_of_code: bool = False) -> str:
    try:
        return repr(error.code) if repr_of_code and isinstance(error, SystemExit) else str(error)
    except Exception as second:  # noqa: BLE001 - whatever a user's exception does, the end is told
        return f"its message cannot be shown ({type(second).__name__})"
