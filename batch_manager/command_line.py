"""The command lines of a node's processes: one encoder and one decoder.

A task of the workload is ``<launcher> -m <package> task <TaskName>``; one that has to ask first whether it may run is
``<launcher> -m batch_manager.node task <package> <TaskName>``, so that the workload is imported only if it may. The
framework's own processes do not import the workload:
``<launcher> -m batch_manager.node job-manager <package> | finalize <package> | command | gate``. Batch starts them
without a shell. Nothing else is on them: inputs travel as an environment setting or a file, so that a
command line never holds a secret.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from batch_manager.errors import DefinitionError, UsageError

NODE_MODULE = "batch_manager.node"
"""What ``python -m`` runs for the framework's own processes."""

USAGE = """\
usage: python -m <workload> job-manager         add the job's tasks (the role of Batch's job manager task)
       python -m <workload> task <TaskName>     run one task
       python -m <workload> finalize            the workload's own last work

Batch starts these on a node. To run the workload on this machine:
       python -m dispatcher run <workload>      as a job on a local Batch service
       python -m dispatcher debug <workload>    in one process, under a debugger"""

NODE_USAGE = """\
usage: python -m batch_manager.node job-manager <workload>   watch over the workload's job manager
       python -m batch_manager.node finalize <workload>      report how the job ended
       python -m batch_manager.node task <workload> <TaskName>   run one task, once it may
       python -m batch_manager.node command                  run a plain command, once it may
       python -m batch_manager.node gate                     let the task behind it run, or end it

Batch starts these on a node."""


class Role(Enum):
    """What a node's process is there for."""

    JOB_MANAGER = "job-manager"
    TASK = "task"
    FINALIZE = "finalize"
    COMMAND = "command"
    GATE = "gate"


class NodeCommand(NamedTuple):
    """What a process does: its role, and whose and which task it is."""

    role: Role
    module: str | None = None
    """The workload's package. None for a plain command and a gate, which need none, and from ``decode``: who was
    started with ``python -m`` knows it."""
    task_name: str | None = None
    """Given with ``Role.TASK`` alone: the name it is registered under."""


_WITH_MODULE = (Role.JOB_MANAGER, Role.FINALIZE)
_WITHOUT_MODULE = (Role.COMMAND, Role.GATE)


@lru_cache(256)  # the tasks of a type share it
def encode(launcher: str, command: NodeCommand, *, asks_first: bool = False) -> str:
    """The command line of a task.

    Args:
        launcher: the prefix that starts Python, quoted already: ``python3``, ``/opt/venv/bin/python``.
        command: what it does.
        asks_first: of a task: whether it asks how its parents ended, before the workload is imported.
    """
    if command.role is Role.TASK and asks_first:
        words = [NODE_MODULE, command.role.value, command.module, command.task_name]
    elif command.role is Role.TASK:
        words = [command.module, command.role.value, command.task_name]
    else:
        words = [NODE_MODULE, command.role.value, command.module]
    return f"{launcher} -m {shlex.join(word for word in words if word is not None)}"


def encode_child(launcher: Sequence[str], module: str, role: Role) -> list[str]:
    """The words that start the workload's part of a job manager or of FinalizeTask, as a child of the framework's."""
    return [*launcher, "-m", module, role.value]


def decode(arguments: Sequence[str]) -> NodeCommand:
    """What the words after ``python -m <workload>`` stand for. No words at all mean the job manager.

    Raises:
        UsageError: the words are none that ``encode`` or ``encode_child`` writes.
    """
    if not arguments:
        return NodeCommand(Role.JOB_MANAGER)
    word, *rest = arguments
    if word == Role.TASK.value and len(rest) == 1:
        return NodeCommand(Role.TASK, task_name=rest[0])
    if word in (Role.JOB_MANAGER.value, Role.FINALIZE.value) and not rest:
        return NodeCommand(Role(word))
    raise UsageError(f"cannot understand {shlex.join(arguments)!r}\n{USAGE}")


def decode_node(arguments: Sequence[str]) -> NodeCommand:
    """What the words after ``python -m batch_manager.node`` stand for.

    Raises:
        UsageError: the words are none that ``encode`` writes.
    """
    for role in Role:
        if role in _WITH_MODULE and len(arguments) == 2 and arguments[0] == role.value:
            return NodeCommand(role, module=arguments[1])
        if role in _WITHOUT_MODULE and list(arguments) == [role.value]:
            return NodeCommand(role)
    if len(arguments) == 3 and arguments[0] == Role.TASK.value:
        return NodeCommand(Role.TASK, module=arguments[1], task_name=arguments[2])
    raise UsageError(f"cannot understand {shlex.join(arguments)!r}\n{NODE_USAGE}")


def decode_line(command_line: str) -> NodeCommand | None:
    """What a task's whole command line stands for; None if it is a plain command, which ``encode`` did not write."""
    try:
        words = shlex.split(command_line)
    except ValueError:
        return None
    if "-m" not in words[:-1]:
        return None
    place = words.index("-m") + 1
    module, arguments = words[place], words[place + 1 :]
    try:
        if module == NODE_MODULE:
            return decode_node(arguments)
        return decode(arguments)._replace(module=module) if arguments[:1] == [Role.TASK.value] else None
    except UsageError:
        return None


def split_command(command_line: str) -> list[str]:
    """The words of a plain command, split as a shell does.

    Raises:
        DefinitionError: a quote is left open, or there is no word at all.
    """
    try:
        words = shlex.split(command_line)
    except ValueError as error:
        raise DefinitionError(f"the command line {command_line!r} cannot be split into words: {error}") from None
    if not words:
        raise DefinitionError("the command line is empty: give a program")
    return words
