"""What a node is told about warm starts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WarmLevel(Enum):
    """How far a task's process has come before the task is known."""

    OFF = "off"
    """Not at all: every task starts its own."""
    INTERPRETER = "interpreter"
    """Python has started, and has imported what is named in the options."""
    IMPORTS = "imports"
    """It has also run the import statements that the main module begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmOptions:
    """Which tasks start warm, and how."""

    level: WarmLevel = WarmLevel.OFF
    modules: tuple[str, ...] = ()
    """What is imported for ``python -m``, where it is installed: modules whose import has no effect."""
    own_prefixes: tuple[str, ...] = ()
    """How names of variables begin that each task may have its own of, besides ``AZ_BATCH_`` and ``HOME``."""
    after: int = 3
    """How many tasks start the same program before there is a template of it."""
    most: int = 4
    """Templates of a node at the same time; the one not used for longest makes room."""
    idle_seconds: float = 300.0
    """After which a template ends that is not needed."""
    ready_seconds: float = 60.0
    """How long a template may take to import; tasks start cold meanwhile."""
    answer_seconds: float = 10.0
    """How long a template may take to copy itself, after which it is ended and the task starts cold."""


NO_WARM_STARTS = WarmOptions()
"""Every task starts cold."""
