"""Which commands can start warm, and what a template of each has to be started with."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_NAME = re.compile(r"python(3(\.\d+)?)?")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_OPTIONS = frozenset({"-u", "-B", "-O", "-OO", "-s", "-q", "-b", "-bb"})
"""Options of Python that a template is started with as well as any process; tasks with others start cold."""
_SETTINGS = frozenset(
    {
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONFAULTHANDLER",
        "PYTHONHASHSEED",
        "PYTHONIOENCODING",
        "PYTHONNOUSERSITE",
        "PYTHONOPTIMIZE",
        "PYTHONPATH",
        "PYTHONPYCACHEPREFIX",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
        "PYTHONWARNINGS",
    }
)
"""Likewise, of the variables that Python itself reads."""
_ELF = b"\x7fELF"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A template: tasks whose recipes are equal can be copies of it."""

    program: str
    """The interpreter, absolute."""
    words: tuple[str, ...]
    """The command line as far as what it runs, which is the last word."""
    environment: tuple[tuple[str, str], ...]
    """What the tasks have in common of it, by name."""

    @property
    def target(self) -> str:
        """The module, or the script's absolute path."""
        return self.words[-1]

    @property
    def words_before_target(self) -> tuple[str, ...]:
        """The interpreter and its options."""
        return self.words[: -2 if self.is_module else -1]

    @property
    def is_module(self) -> bool:
        """Whether it is run with ``-m``."""
        return len(self.words) > 1 and self.words[-2] == "-m"


def recipe_of(argv: Sequence[str], environment: Mapping[str, str], own_prefixes: tuple[str, ...]) -> Recipe | None:
    """Return what a task's template would be; None for a task that has to start cold.

    Args:
        argv: its command.
        environment: all of its environment.
        own_prefixes: how names of variables begin that each task may have its own of; a template has none of them.
    """
    words = _words(argv)
    if words is None or not _settings_are_usual(environment):
        return None
    program = _program(argv[0], environment.get("PATH", ""))
    if program is None:
        return None
    common = sorted(item for item in environment.items() if item[0] != "HOME" and not item[0].startswith(own_prefixes))
    return Recipe(program=program, words=words, environment=tuple(common))


def _words(argv: Sequence[str]) -> tuple[str, ...] | None:
    if _NAME.fullmatch(os.path.basename(argv[0])) is None:  # noqa: PTH119 - for every task
        return None
    for place, word in enumerate(argv[1:], 1):
        if word == "-m":
            named = argv[place + 1 : place + 2]
            return tuple(argv[: place + 2]) if named and _MODULE.fullmatch(named[0]) else None
        if word.startswith("/"):
            return tuple(argv[: place + 1]) if word.endswith(".py") else None
        if word not in _OPTIONS:
            return None
    return None


def _settings_are_usual(environment: Mapping[str, str]) -> bool:
    if not all(name in _SETTINGS for name in environment if name.startswith("PYTHON")):
        return False
    path = environment.get("PYTHONPATH")
    return path is None or all(folder.startswith("/") for folder in path.split(":"))


def _program(name: str, path: str) -> str | None:
    """Return the file that a command names, if it is an interpreter and no script that looks for one."""
    if "/" in name:
        return name if name.startswith("/") and _is_program(name) else None
    for folder in path.split(":"):
        candidate = f"{folder}/{name}"
        if folder.startswith("/") and os.access(candidate, os.X_OK):
            return candidate if _is_program(candidate) else None
    return None


def _is_program(file: str) -> bool:
    try:
        status = os.stat(file)  # noqa: PTH116 - for every task
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and _is_elf(file, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=64)
def _is_elf(file: str, _modified: int, _number: int) -> bool:
    try:
        with open(file, "rb") as opened:
            return opened.read(len(_ELF)) == _ELF
    except OSError:
        return False
