"""What runs in containers: ``containerSettings`` of tasks, ``containerConfiguration`` of pools."""

from __future__ import annotations

import shlex
from enum import StrEnum

from dispatcher.service.documents.fields import Fields
from dispatcher.service.errors import BatchError, Refusal, invalid_property
from dispatcher.service.node.container_launch import Bind, BindSource, ContainerPool, ContainerRun, Registry

DEFAULT_REGISTRY = "docker.io"

_IMAGES = "containerImageNames"


class WorkingDirectory(StrEnum):
    """Where a container's command starts; in lower case."""

    TASK = "taskworkingdirectory"
    IMAGE = "containerimagedefault"


class ContainerType(StrEnum):
    """The container technologies of a pool that nodes here have; in lower case."""

    DOCKER = "dockercompatible"
    CRI = "cricompatible"


def read_container(fields: Fields | None) -> ContainerRun | None:
    """Return what a task's ``containerSettings`` ask for.

    Raises:
        BatchError: they are not as Batch has them.
    """
    if fields is None:
        return None
    options = fields.text("containerRunOptions") or ""
    try:
        shlex.split(options)
    except ValueError:
        raise invalid_property(fields.name("containerRunOptions"), options, "its quotes do not match") from None
    folder = fields.choice("workingDirectory", WorkingDirectory, WorkingDirectory.TASK)
    registry = fields.object("registry")
    return ContainerRun(
        image=_image(fields.name("imageName"), fields.required_text("imageName")),
        options=options,
        uses_image_folder=folder is WorkingDirectory.IMAGE,
        registry=None if registry is None else _registry(registry),
        binds=_binds(fields),
    )


def read_container_pool(fields: Fields | None) -> ContainerPool | None:
    """Return what a pool's ``containerConfiguration`` asks for.

    Raises:
        BatchError: it is not as Batch has it.
    """
    if fields is None:
        return None
    fields.required_text("type")
    fields.choice("type", ContainerType, ContainerType.DOCKER)
    registries = [_registry(item) for item in fields.objects("containerRegistries")]
    return ContainerPool(
        images=tuple(_image(fields.name(_IMAGES), name) for name in fields.texts(_IMAGES)),
        registries=tuple(registry for registry in registries if registry is not None),
    )


def refuse_without_engine(pool: ContainerPool | None, problem: str | None) -> None:
    """Refuse a pool for containers on a machine that runs none; ``problem`` says what is missing."""
    if pool is not None and problem is not None:
        name = "virtualMachineConfiguration.containerConfiguration"
        message = f"The property {name} asks for containers, and {problem}."
        raise BatchError(Refusal.UNSUPPORTED_PROPERTY, message, (("PropertyName", name),))


def _registry(fields: Fields) -> Registry | None:
    """Return a registry; None where it asks for no name."""
    fields.refuse(("identityReference",))
    server = fields.text("registryServer") or DEFAULT_REGISTRY
    user, password = fields.text("username"), fields.text("password")
    if (user is None) is not (password is None):
        missing = "username" if user is None else "password"
        raise BatchError(Refusal.MISSING_REQUIRED_PROPERTY, values=(("PropertyName", fields.name(missing)),))
    return None if user is None or password is None else Registry(server=server, user=user, password=password)


def _binds(fields: Fields) -> tuple[Bind, ...] | None:
    key = "containerHostBatchBindMounts"
    if not isinstance(fields.values.get(key), list):
        fields.objects(key)
        return None
    return tuple(
        Bind(
            source=item.choice("source", BindSource, BindSource.TASK),
            read_only=item.boolean("isReadOnly", default=False),
        )
        for item in fields.objects(key)
    )


def _image(name: str, image: str) -> str:
    if image.startswith("-") or not image or any(character.isspace() for character in image):
        raise invalid_property(name, image, "it is no name of an image")
    return image
