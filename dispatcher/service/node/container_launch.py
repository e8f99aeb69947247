"""What a node is told of containers; part of the seam that `launch` is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """A container registry that asks who one is."""

    server: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerPool:
    """That a pool's nodes run containers (``containerConfiguration``)."""

    images: tuple[str, ...] = ()
    """To be there before the first task."""
    registries: tuple[Registry, ...] = ()


class BindSource(StrEnum):
    """A folder of the node that a container sees (swagger ``ContainerHostDataPath``, in lower case)."""

    SHARED = "shared"
    STARTUP = "startup"
    VFS_MOUNTS = "vfsmounts"
    TASK = "task"
    JOB_PREP = "jobprep"
    APPLICATIONS = "applications"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bind:
    """A folder of the node that a container sees, under the same path."""

    source: BindSource
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerRun:
    """The container that an attempt's command runs in; it is appended to the image's entry point."""

    image: str
    options: str = ""
    """More arguments of the engine's ``create`` command."""
    uses_image_folder: bool = False
    """It starts where the image says, not in the task's working directory."""
    registry: Registry | None = None
    binds: tuple[Bind, ...] | None = None
    """None is the whole root folder of the node; no entry is nothing of it."""
