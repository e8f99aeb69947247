"""The container engine of this machine: podman or docker, whichever works, through its command line."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from dispatcher.service.node.private import write_private

logger = logging.getLogger(__name__)

LABEL = "azure-batch-manager-nodes"
"""Of every container here: the folder of the nodes that it belongs to."""

_POLL_SECONDS = 0.05
_PROBE_SECONDS = 30.0
_SETTINGS = """\
[containers]
default_ulimits=[]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
"""
"""For podman, where the user has no settings in CONTAINERS_CONF: it then needs neither systemd nor the right to raise
limits. The runtime ``runc`` is added where there is one, since crun does not start on every kernel's cgroups."""

KeepGoing = Callable[[], None]


class EngineMissing(Exception):  # noqa: N818 - it says what is missing
    """This machine runs no containers; the message says what is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Called:
    """What a command of the engine said."""

    exit_code: int
    output: str
    """Both streams together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """A container engine that works."""

    program: str
    environment: Mapping[str, str]
    """Of its own processes, not of containers."""

    @property
    def is_podman(self) -> bool:
        """Whether it is podman; otherwise it is docker."""
        return Path(self.program).name == "podman"

    def call(self, arguments: Sequence[str], keep_going: KeepGoing, more: Mapping[str, str] | None = None) -> Called:
        """Run a command of the engine to its end.

        Args:
            arguments: the command and what belongs to it.
            keep_going: called now and then; it raises to break off, which ends the command.
            more: environment variables for it.
        """
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [self.program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self.environment, **(more or {})},
                start_new_session=True,
            )
            try:
                exit_code = _wait(process, keep_going)
            except BaseException:
                process.kill()
                process.wait()
                raise
            output.seek(0)
            return Called(exit_code=exit_code, output=output.read().decode(errors="replace").strip())

    def remove(self, containers: Sequence[str]) -> None:
        """Kill and remove containers; one that is not there is no error."""
        now = ["--time", "0"] if self.is_podman else []
        called = self.call(["rm", "--force", *now, *containers], lambda: None)
        if called.exit_code != 0 and "no such container" not in called.output.lower():
            logger.warning("containers %s could not be removed: %s", list(containers), called.output)

    def containers_of(self, nodes: Path) -> list[str]:
        """Return the containers, running or not, of the nodes in a folder."""
        called = self.call(["ps", "--all", "--quiet", "--filter", f"label={LABEL}={nodes}"], lambda: None)
        return called.output.split() if called.exit_code == 0 else []


class EngineFinder:
    """Looks for the engine when it is first needed, once."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """Look for nothing yet.

        Args:
            folder: for the engine's settings; made when an engine is looked for.
            environment: where programs are looked up and what they run with; this process's unless given.
        """
        self._folder = folder
        self._environment = dict(os.environ if environment is None else environment)
        self._lock = Lock()
        self._found: Engine | EngineMissing | None = None

    def find(self) -> Engine:
        """Return the engine.

        Raises:
            EngineMissing: there is none that works.
        """
        with self._lock:
            if self._found is None:
                self._found = self._look()
        if isinstance(self._found, EngineMissing):
            raise EngineMissing(str(self._found))
        return self._found

    def problem(self) -> str | None:
        """Return what is missing for containers; None where nothing is."""
        try:
            self.find()
        except EngineMissing as error:
            return str(error)
        return None

    def was_used(self) -> bool:
        """Say whether an engine was ever looked for with this folder, so that containers of it may be there."""
        return self._folder.is_dir()

    def _look(self) -> Engine | EngineMissing:
        path = self._environment.get("PATH", "")
        problems = []
        for name, probe in (("podman", ["info"]), ("docker", ["info"])):
            program = shutil.which(name, path=path)
            if program is None:
                problems.append(f"{name} is not installed")
                continue
            engine = Engine(program=program, environment=self._engine_environment(path))
            if (problem := _probe(engine, probe)) is None:
                return engine
            problems.append(f"{name} does not work ({problem})")
        return EngineMissing("this machine runs no containers: " + ", ".join(problems))

    def _engine_environment(self, path: str) -> dict[str, str]:
        if "CONTAINERS_CONF" in self._environment:
            return self._environment
        runtime = 'runtime="runc"\n' if shutil.which("runc", path=path) else ""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = self._folder / "containers.conf"
        write_private(settings, _SETTINGS + runtime)
        return {**self._environment, "CONTAINERS_CONF": str(settings)}


def end_containers(nodes: Path, finder: EngineFinder) -> int:
    """Remove every container that a killed service left behind; return how many there were.

    Args:
        nodes: the folder of the nodes.
        finder: the engine; it is not looked for where none was ever used.
    """
    if not finder.was_used():
        return 0
    try:
        engine = finder.find()
    except EngineMissing as error:
        logger.warning("containers of an earlier service may be left: %s", error)
        return 0
    found = engine.containers_of(nodes)
    if found:
        engine.remove(found)
    return len(found)


def _probe(engine: Engine, arguments: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            [engine.program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(engine.environment),
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def _wait(process: subprocess.Popen[bytes], keep_going: KeepGoing) -> int:
    while True:
        try:
            return process.wait(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            keep_going()
