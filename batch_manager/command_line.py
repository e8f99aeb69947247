"""The command line of a node's process: one encoder and one decoder.

``<launcher> -m <package> job-manager | task <TaskName> | finalize``. Batch starts it without a shell. Nothing else
is on it: inputs travel as an environment setting or a file, so that a command line never holds a secret.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from batch_manager.errors import UsageError

USAGE = """\
usage: python -m <workload> job-manager         add the job's tasks (the role of Batch's job manager task)
       python -m <workload> task <TaskName>     run one task
       python -m <workload> finalize            report how the job ended

Batch starts these on a node. To run the workload on this machine:
       python -m dispatcher run <workload>      as a job on a local Batch service
       python -m dispatcher debug <workload>    in one process, under a debugger"""


class Role(Enum):
    """What a node's process is there for."""

    JOB_MANAGER = "job-manager"
    TASK = "task"
    FINALIZE = "finalize"


class NodeCommand(NamedTuple):
    """The role of a process, and which task it runs."""

    role: Role
    task_name: str | None = None
    """Given with ``Role.TASK`` alone: the name it is registered under."""


def encode(launcher: str, module: str, command: NodeCommand) -> str:
    """The command line that starts ``module`` in the given role.

    Args:
        launcher: the prefix that starts Python, quoted already: ``python3``, ``/opt/venv/bin/python``.
        module: what ``python -m`` runs.
        command: the role.
    """
    words = [command.role.value] if command.task_name is None else [command.role.value, command.task_name]
    return f"{launcher} -m {shlex.join([module, *words])}"


def decode(arguments: Sequence[str]) -> NodeCommand:
    """The role that the words after ``python -m <workload>`` stand for. No words at all mean the job manager.

    Raises:
        UsageError: the words are none that ``encode`` writes.
    """
    if not arguments:
        return NodeCommand(Role.JOB_MANAGER)
    word, *rest = arguments
    if word == Role.TASK.value and len(rest) == 1:
        return NodeCommand(Role.TASK, rest[0])
    if word in (Role.JOB_MANAGER.value, Role.FINALIZE.value) and not rest:
        return NodeCommand(Role(word))
    raise UsageError(f"cannot understand {shlex.join(arguments)!r}\n{USAGE}")
