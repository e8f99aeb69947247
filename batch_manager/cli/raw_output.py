"""Bytes of somebody else's on standard output: as they are in a pipe; on a terminal without what could control it."""

from __future__ import annotations

import codecs
import os
import sys
from types import TracebackType

_HARMLESS = "\n\t"


class RawOutput:
    """Standard output for content that a task wrote. Whoever reads it may close it at any time (``| head``)."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._is_terminal = sys.stdout.isatty()

    def __enter__(self) -> RawOutput:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if not isinstance(error, BrokenPipeError):
            return False
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it ends
        return True

    def write(self, content: bytes) -> None:
        """Write some, at once."""
        if self._is_terminal:
            sys.stdout.write(printable(self._decoder.decode(content)))
            sys.stdout.flush()
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()


def printable(text: str) -> str:
    """A text without characters that a terminal would obey; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in _HARMLESS else "" if c == "\r" else "�" for c in text)
