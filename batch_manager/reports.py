"""What a task's process tells of its attempts, for the outcome: written on the node, read by FinalizeTask. Light.

The file lies in the task's working directory, which Batch keeps from one retry to the next, and is uploaded with the
task's logs. An attempt that simply succeeds at the first try writes nothing; a process that is killed cannot.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from batch_manager.naming import REPORT_FILE

MAX_CAUSE_LENGTH = 1000
"""Characters of an exception's message that a report repeats."""


MAX_ATTEMPTS = 100
"""Attempts that a report holds: the last ones."""

_NUMBER = (int, float)
_TYPES = ((int,), (str,), _NUMBER, (int,), (str,), (bool,), _NUMBER)
"""Of the values of an ``Attempt``."""
_LATEST = 253_402_300_800
"""The year 10000, in seconds since 1970: no clock says it, and no date holds it."""


class Attempt(NamedTuple):
    """One attempt at a task that did not succeed."""

    number: int
    """From 1, on one node."""
    node_id: str
    ended_at: float
    """Seconds since 1970, UTC."""
    exit_code: int
    cause: str
    """In one sentence: ``ValueError: no such pipe``."""
    retried: bool
    """Whether another try was asked for."""
    delay: float = 0.0
    """Seconds until it."""


def encode_report(attempts: Sequence[Attempt]) -> str:
    """The content of a ``REPORT_FILE``."""
    return json.dumps({"attempts": [attempt._asdict() for attempt in attempts]}, separators=(",", ":"))


def decode_report(text: str | bytes) -> tuple[Attempt, ...]:
    """The reverse; nothing for a text that is no report, since a task may write over the file."""
    try:
        attempts = tuple(Attempt(**attempt) for attempt in json.loads(text)["attempts"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    return attempts if all(map(_is_sound, attempts)) else ()


def _is_sound(attempt: Attempt) -> bool:
    """Whether each value is one that ``add_attempt`` could have been given."""
    has_types = all(type(value) in types for value, types in zip(attempt, _TYPES, strict=True))
    return has_types and 0 <= attempt.ended_at < _LATEST and 0 <= attempt.delay < _LATEST


def read_attempts(working_directory: str) -> tuple[Attempt, ...]:
    """What the report of the task in this folder holds; nothing if it has none."""
    try:
        with open(os.path.join(working_directory, REPORT_FILE), "rb") as file:
            return decode_report(file.read())
    except OSError:
        return ()


def add_attempt(working_directory: str, attempt: Attempt) -> None:
    """Append to the report of the task in this folder; the file appears whole or not at all."""
    path = os.path.join(working_directory, REPORT_FILE)
    part = f"{path}.part"
    try:
        with open(part, "w", encoding="utf-8") as file:
            file.write(encode_report((*read_attempts(working_directory)[1 - MAX_ATTEMPTS :], attempt)))
        os.replace(part, path)  # noqa: PTH105 - pathlib is imported where a task needs it
    except OSError:
        pass  # a full disk: the exit code and the traceback in stderr.txt have to do
