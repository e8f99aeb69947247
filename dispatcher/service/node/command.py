"""A Batch command line, split as it is run: without a shell. Pure.

Quotes group and backslashes escape as in a POSIX shell; variables, wildcards, pipes and ``&&`` are plain text, as
Microsoft's documentation of ``commandLine`` says. How Azure's Linux agent treats an escape in detail is not documented;
POSIX rules are assumed.
"""

from __future__ import annotations

import re
import shlex

_WORD = re.compile(r"[^ \t\r\n]+")
_NEEDS_LEXER = re.compile(r"['\"\\]")


class CommandLineError(ValueError):
    """A command line that cannot be run; the message says why."""


def split(command_line: str) -> list[str]:
    """Return the program and its arguments: at least one word.

    Raises:
        CommandLineError: there is no word, a quote is not closed, an escape ends the line, or it holds a NUL.
    """
    if "\0" in command_line:
        raise CommandLineError("the command line holds a NUL character")
    try:
        words = shlex.split(command_line) if _NEEDS_LEXER.search(command_line) else _WORD.findall(command_line)
    except ValueError as error:
        raise CommandLineError(f"the command line cannot be split: {error}") from None
    if not words or not words[0]:
        raise CommandLineError("the command line names no program")
    return words
