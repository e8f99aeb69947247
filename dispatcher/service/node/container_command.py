"""How a task's container is made: the arguments of the engine's ``create`` command. Pure."""

from __future__ import annotations

import hashlib
import os.path
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.service.node.command import CommandLineError, split
from dispatcher.service.node.container_launch import Bind, BindSource, ContainerRun
from dispatcher.service.node.launch import TaskKey, TaskLaunch
from dispatcher.service.node.layout import APPLICATIONS, FSMOUNTS, SHARED, STARTUP, task_folder, working_folder

_OF_THE_ENGINE = ("LD_", "GO", "DOCKER_", "CONTAINER", "REGISTRY_", "XDG_", "STORAGE_", "TMP")
_NODE_ONLY = {"PATH", "HOME", "LANG"}
_LONGEST_LINE = 16_000
"""Characters of a line in a file of variables; engines refuse lines of 64 KiB."""
_BATCH = "AZ_BATCH_"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerCommand:
    """The arguments after ``create``, and what the engine's process needs for them."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    """Of the engine's process."""
    variables: str
    """What the file of variables that the arguments name has to hold; empty where they name none."""


def container_name(root: str, key: TaskKey, run_number: int) -> str:
    """Return the name of an attempt's container: the same for the same attempt, no other's on this machine."""
    mark = hashlib.sha256(f"{root}\n{key.job_id}\n{key.task_id}".encode()).hexdigest()[:16]
    return f"batch-{key.task_id}-{mark}-{run_number}"


def create_command(
    launch: TaskLaunch,
    run: ContainerRun,
    *,
    root: str,
    environment: Mapping[str, str],
    label: str,
    variables_file: str,
) -> ContainerCommand:
    """Return how to create an attempt's container.

    The node's root, or what of it was asked for, appears in it under the same path. It has the task's environment but
    for ``PATH``, ``HOME`` and ``LANG``, which are the image's unless the user set them, and the machine's network,
    so that what listens on its loopback interface is reached.

    Raises:
        CommandLineError: the command line cannot be split, or a variable cannot be told to the engine.
    """
    name = container_name(root, launch.key, launch.run_number)
    options = shlex.split(run.options)
    inherited, filed = _variables(launch, environment)
    variables = [part for name_of_one in inherited for part in ("--env", name_of_one)]
    network = [] if any(option.split("=")[0] in {"--network", "--net"} for option in options) else ["--network=host"]
    command = split(launch.command_line) if launch.command_line.strip() else []
    return ContainerCommand(
        arguments=(
            *("--name", name, "--label", label, *network),
            *_volumes(run.binds, launch.key, root, environment),
            *_folder(launch, run, root),
            *variables,
            *(["--env-file", variables_file] if filed else []),
            *options,
            run.image,
            *command,
        ),
        environment=inherited,
        variables="".join(f"{line}\n" for line in filed),
    )


def _variables(launch: TaskLaunch, environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the variables that the engine takes from its own environment, and those of the file as lines.

    No value stands on a command line, where any user of the machine reads it, and the engine takes none for its own.
    Only what a file cannot hold comes by way of the engine's environment.
    """
    inherited, filed = {}, []
    for name, value in environment.items():
        if name in _NODE_ONLY and name not in launch.environment:
            continue
        if _fits_in_a_line(name, value):
            filed.append(f"{name}={value}")
        elif name in _NODE_ONLY or name.startswith(_OF_THE_ENGINE) or name.endswith("*"):
            raise CommandLineError(f"the variable {name} has blanks in its name or line breaks in its value")
        else:
            inherited[name] = value
    return inherited, filed


def _fits_in_a_line(name: str, value: str) -> bool:
    if name.startswith("#") or any(character.isspace() for character in name):
        return False
    return not set(value) & {"\n", "\r"} and len(name) + len(value) < _LONGEST_LINE


def _volumes(binds: tuple[Bind, ...] | None, key: TaskKey, root: str, environment: Mapping[str, str]) -> list[str]:
    if binds is None:
        return ["--volume", f"{root}:{root}"]
    volumes = []
    for bind in binds:
        place = _place(bind.source, key, root, environment)
        if place is not None:
            volumes += ["--volume", f"{place}:{place}{':ro' if bind.read_only else ''}"]
    return volumes


def _place(source: BindSource, key: TaskKey, root: str, environment: Mapping[str, str]) -> str | None:
    match source:
        case BindSource.SHARED:
            return os.path.join(root, SHARED)
        case BindSource.STARTUP:
            return os.path.join(root, STARTUP)
        case BindSource.VFS_MOUNTS:
            return os.path.join(root, FSMOUNTS)
        case BindSource.APPLICATIONS:
            return os.path.join(root, APPLICATIONS)
        case BindSource.TASK:
            return task_folder(root, key)
        case BindSource.JOB_PREP:
            return environment.get("AZ_BATCH_JOB_PREP_DIR")


def _folder(launch: TaskLaunch, run: ContainerRun, root: str) -> list[str]:
    sees_task = run.binds is None or any(bind.source is BindSource.TASK for bind in run.binds)
    if run.uses_image_folder or not sees_task:
        return []
    return ["--workdir", working_folder(task_folder(root, launch.key))]
