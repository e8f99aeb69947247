"""Containers of attempts on one node: made before the command starts, gone when the attempt has ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dispatcher.service.node.command import CommandLineError
from dispatcher.service.node.container_command import container_name, create_command
from dispatcher.service.node.container_launch import ContainerPool, ContainerRun, Registry
from dispatcher.service.node.engine import LABEL, Called, Engine, EngineFinder, EngineMissing, KeepGoing
from dispatcher.service.node.failures import FailureReported, failure
from dispatcher.service.node.launch import TaskLaunch
from dispatcher.service.node.private import write_private

_DOCKER_HUB = "docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_NEVER = "0001-"
_REASON_CHARACTERS = 2000


class ContainerFailed(FailureReported):
    """An attempt's container could not be made."""


class Containers:
    """Makes and removes the containers of one node; safe to share between threads."""

    def __init__(self, *, root: Path, private: Path, finder: EngineFinder | None) -> None:
        """Describe it; without a finder there is no engine."""
        self._root = str(root)
        self._nodes = root.parent.parent
        self._logins = private / "containers"
        self._finder = finder

    def pull_all(self, pool: ContainerPool, keep_going: KeepGoing) -> None:
        """Bring the images of a pool.

        Raises:
            ContainerFailed: there is no engine, or an image cannot be brought.
        """
        engine = self._engine()
        for image in pool.images:
            self._bring(engine, image, pool.registries, keep_going)

    def create(
        self,
        launch: TaskLaunch,
        run: ContainerRun,
        pool: ContainerPool | None,
        environment: Mapping[str, str],
        keep_going: KeepGoing,
    ) -> Container:
        """Make the container of an attempt; it does not run yet.

        Raises:
            ContainerFailed: the pool is not for containers, there is no engine or image, or the settings are wrong.
        """
        if pool is None:
            raise ContainerFailed(failure("ContainerPoolNotSupported"))
        engine = self._engine()
        registries = pool.registries if run.registry is None else (run.registry, *pool.registries)
        self._bring(engine, run.image, registries, keep_going)
        container = Container(engine, container_name(self._root, launch.key, launch.run_number))
        variables = self._logins / f"{container.name}.env"
        try:
            command = create_command(
                launch,
                run,
                root=self._root,
                environment=environment,
                label=f"{LABEL}={self._nodes}",
                variables_file=str(variables),
            )
        except CommandLineError as error:
            raise ContainerFailed(failure("ContainerInvalidSettings", Message=str(error))) from error
        try:
            if command.variables:
                write_private(variables, command.variables)
            called = engine.call(["create", *command.arguments], keep_going, command.environment)
        except BaseException:
            container.remove()
            raise
        finally:
            variables.unlink(missing_ok=True)
        if called.exit_code != 0:
            container.remove()
            raise ContainerFailed(failure("ContainerInvalidSettings", Message=_said(called)))
        return container

    def _engine(self) -> Engine:
        if self._finder is None:
            raise ContainerFailed(failure("ContainerMiscError", Message="this node has no container engine"))
        try:
            return self._finder.find()
        except EngineMissing as error:
            raise ContainerFailed(failure("ContainerMiscError", Message=str(error))) from error

    def _bring(self, engine: Engine, image: str, registries: tuple[Registry, ...], keep_going: KeepGoing) -> None:
        if engine.call(["image", "inspect", image], keep_going).exit_code == 0:
            return
        with _login(engine, self._logins, registries) as (before, after):
            called = engine.call([*before, "pull", *after, image], keep_going)
        if called.exit_code != 0:
            raise ContainerFailed(failure("ContainerInvalidImage", ImageName=image, Message=_said(called)))


class Container:
    """A container that was made for an attempt; `remove` must follow."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name

    @property
    def command(self) -> list[str]:
        """What runs it to its end in the foreground, with its streams and its exit code."""
        return [self._engine.program, "start", "--attach", self.name]

    @property
    def environment(self) -> Mapping[str, str]:
        """Of that command."""
        return self._engine.environment

    def never_ran(self) -> bool:
        """Say whether its command could not be started."""
        called = self._engine.call(["inspect", "--format", "{{.State.StartedAt}}", self.name], lambda: None)
        return called.exit_code == 0 and called.output.startswith(_NEVER)

    def remove(self) -> None:
        """End it, if it runs, with all its processes."""
        self._engine.remove([self.name])


@contextmanager
def _login(
    engine: Engine, folder: Path, registries: tuple[Registry, ...]
) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Give the engine's options that tell it who one is: those before its command, and those of ``pull``."""
    if not registries:
        yield (), ()
        return
    names = {_key(registry.server): {"auth": _encoded(registry)} for registry in reversed(registries)}
    hub = names.get(_DOCKER_HUB)
    folder.mkdir(mode=0o700, exist_ok=True)
    with TemporaryDirectory(dir=folder) as place:
        file = Path(place) / "config.json"
        write_private(file, json.dumps({"auths": names if hub is None else {**names, _DOCKER_HUB_KEY: hub}}))
        yield ((), ("--authfile", str(file))) if engine.is_podman else (("--config", place), ())


def _key(server: str) -> str:
    return server.removeprefix("https://").removeprefix("http://").rstrip("/")


def _encoded(registry: Registry) -> str:
    return base64.b64encode(f"{registry.user}:{registry.password}".encode()).decode()


def _said(called: Called) -> str:
    return called.output[-_REASON_CHARACTERS:] or f"exit code {called.exit_code}"
