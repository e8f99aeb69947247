"""What a check finds: a problem, and the exit code that stands for its kind."""

from __future__ import annotations

import contextlib
import importlib
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batch_manager.causes import one_line
from batch_manager.errors import Problem
from batch_manager.exit_codes import ExitCode

_NOT_THE_USERS = ("<frozen", str(Path(__file__).parents[1]), str(importlib.__file__), str(contextlib.__file__))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a workload, or with what it is given.

    Attributes:
        exit_code: ``BAD_INPUT`` for the user's data, ``SOFTWARE`` for the workload as it is written.
        problem: where, what, and what to do.
        details: the traceback of the user's code, or what a process said; empty for nothing.
    """

    exit_code: ExitCode
    problem: Problem
    details: str = ""


def data_fault(field: str, message: str, rule: str) -> Fault:
    """Something about the user's data."""
    problem = Problem(task_id=None, field=field, message=message, rule=rule)
    return Fault(exit_code=ExitCode.BAD_INPUT, problem=problem)


def code_fault(field: str, message: str, rule: str, details: str = "") -> Fault:
    """Something about the workload's code."""
    problem = Problem(task_id=None, field=field, message=message, rule=rule)
    return Fault(exit_code=ExitCode.SOFTWARE, problem=problem, details=details)


def code_faults(problems: Iterable[Problem]) -> list[Fault]:
    """What the pre-flight of the tasks found."""
    return [Fault(exit_code=ExitCode.SOFTWARE, problem=problem) for problem in problems]


def data_faults(problems: Iterable[Problem]) -> list[Fault]:
    """What the pre-flight of the request found."""
    return [Fault(exit_code=ExitCode.BAD_INPUT, problem=problem) for problem in problems]


def users_traceback(error: BaseException) -> str:
    """The traceback without the frames of this package and of Python's import machinery."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THE_USERS)]
    lines = [*traceback.format_list(own), *traceback.format_exception_only(error)]
    text = "".join(lines).rstrip()
    return "\n".join(_without_secrets(line) for line in text.splitlines())


def _without_secrets(line: str) -> str:
    words = line.lstrip()
    return line[: len(line) - len(words)] + one_line(words) if "=" in words else line
