"""Makes attempts at tasks, each from its folder to its ending."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dispatcher.service.node.attempt import Attempt, Interrupted, Outcome
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.command import CommandLineError, split
from dispatcher.service.node.container_launch import ContainerRun
from dispatcher.service.node.containers import Container, ContainerFailed, Containers
from dispatcher.service.node.coordination import run_coordination, shared_environment
from dispatcher.service.node.environment import NodeIdentity, node_environment, task_environment
from dispatcher.service.node.failures import WALL_CLOCK_DETAIL, FailureReported, failure
from dispatcher.service.node.faulty_transfers import with_faults
from dispatcher.service.node.files import check_in_place
from dispatcher.service.node.folders import make_task_folder
from dispatcher.service.node.killing import as_killed, with_kill
from dispatcher.service.node.launch import (
    Coordination,
    CoordinationDone,
    EndReason,
    NodeListener,
    Stage,
    TaskEnding,
    TaskFailure,
)
from dispatcher.service.node.layout import STDERR, STDOUT, task_folder, working_folder
from dispatcher.service.node.packages import package_environment
from dispatcher.service.node.private import WARM_FOLDER, private_folder
from dispatcher.service.node.process import Cause, LaunchError, ProcessEnding, TaskProcess, start
from dispatcher.service.node.sessions import Sessions
from dispatcher.service.node.setup import Equipment
from dispatcher.service.node.staging import stage_in
from dispatcher.service.node.uploads import applies, stage_out
from dispatcher.service.node.warm.options import NO_WARM_STARTS, WarmOptions
from dispatcher.service.node.warm.starts import WarmStarts


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...


_ENGINE_EXIT_CODES = {125, 126, 127}
"""Of podman and docker, where a container could not be run; a command may have them too."""


class AttemptRunner:
    """Runs attempts of one node, each in the thread that calls it; safe to share between threads."""

    def __init__(
        self,
        *,
        root: Path,
        identity: NodeIdentity,
        equipment: Equipment,
        containers: Containers,
        sessions: Sessions,
        storage: StorageAccess,
        listener: NodeListener,
        clock: Clock,
        grace: float,
        warm: WarmOptions = NO_WARM_STARTS,
    ) -> None:
        """Describe a node; ``grace`` is seconds between SIGTERM and SIGKILL."""
        self._root = str(root)
        self._environment = node_environment(identity, self._root)
        self._image = identity.variables
        self._equipment = equipment
        self._containers = containers
        self._sessions = sessions
        self._storage = storage
        self._listener = listener
        self._clock = clock
        self._grace = grace
        self._null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self._warm = WarmStarts(warm, root=self._root, folder=private_folder(root) / WARM_FOLDER, null=self._null)

    def close(self) -> None:
        """Give back what it holds; no attempt may run."""
        self._warm.close()
        os.close(self._null)
        self._sessions.close()

    def run(self, attempt: Attempt) -> TaskEnding:
        """Make an attempt, report its start, and return its ending when no process of it is left."""
        outcome = self._outcome(attempt)
        if attempt.stage is not Stage.PRE_PROCESSING:
            self._equipment.mounts.write_back()
        return self.ending(attempt, outcome)

    def ending(self, attempt: Attempt, outcome: Outcome) -> TaskEnding:
        """Return an attempt's ending, now."""
        return TaskEnding(
            key=attempt.launch.key,
            run_number=attempt.launch.run_number,
            at=self._clock.now(),
            stage=outcome.stage,
            exit_code=outcome.exit_code,
            failure=outcome.failure,
            usage=attempt.usage,
            started=attempt.started,
        )

    def _outcome(self, attempt: Attempt) -> Outcome:
        launch = attempt.launch
        folder = task_folder(self._root, launch.key)
        try:
            packages = self._prepare(attempt, folder)
        except FailureReported as error:
            return Outcome(stage=Stage.PRE_PROCESSING, failure=error.failure)
        except Interrupted:
            return Outcome(stage=Stage.PRE_PROCESSING, failure=failure("TaskEnded"))
        attempt.stage = Stage.RUN
        node = {**self._environment, **self._equipment.environment, **packages}
        image = self._image if launch.container is None else None
        environment = task_environment(node, launch, folder, image)
        if launch.coordination is not None:
            environment |= shared_environment(folder)
        if launch.container is not None:
            return self._run_contained(attempt, launch.container, folder, environment)
        if launch.coordination is None:
            return self._run_command(attempt, folder, environment, limit=launch.wall_clock_limit)
        return self._run_coordinated(attempt, launch.coordination, folder, environment)

    def _run_coordinated(
        self, attempt: Attempt, coordination: Coordination, folder: str, environment: dict[str, str]
    ) -> Outcome:
        launch = attempt.launch
        end = math.inf if launch.wall_clock_limit is None else time.monotonic() + launch.wall_clock_limit
        try:
            done = run_coordination(
                coordination,
                folder=folder,
                environment=environment,
                null=self._null,
                sessions=self._sessions,
                stop=attempt.stop,
                limit=launch.wall_clock_limit,
                grace=self._grace,
            )
        except (CommandLineError, LaunchError) as error:
            return _not_started(error)
        try:
            failed = _process_failure(done.ending)
            attempt.exit_code = done.ending.exit_code
            if failed is not None:
                return Outcome(stage=Stage.RUN, exit_code=done.ending.exit_code, failure=failed)
            self._listener(CoordinationDone(key=launch.key, run_number=launch.run_number, at=self._clock.now()))
            if attempt.go is None:
                attempt.stop.wait()
                return Outcome(stage=Stage.RUN, exit_code=done.ending.exit_code)
            asked = attempt.stop.wait(other=attempt.go, until=end)
            if asked is attempt.go:
                return self._run_command(attempt, folder, environment, limit=max(0.0, end - time.monotonic()))
            late = (("Message", WALL_CLOCK_DETAIL),) if asked is None else ()
            return Outcome(stage=Stage.RUN, failure=failure("TaskEnded", **dict(late)))
        finally:
            done.process.close(self._grace)

    def _run_command(
        self, attempt: Attempt, folder: str, environment: dict[str, str], *, limit: float | None
    ) -> Outcome:
        try:
            process = self._start(attempt, split(attempt.launch.command_line), folder, environment)
        except (CommandLineError, LaunchError) as error:
            return _not_started(error)
        ended = self._wait(attempt, process, limit)
        return self._after(attempt, ended, folder, environment)

    def _run_contained(self, attempt: Attempt, run: ContainerRun, folder: str, environment: dict[str, str]) -> Outcome:
        launch, pool = attempt.launch, self._equipment.containers
        try:
            container = self._containers.create(launch, run, pool, environment, attempt.keep_going)
        except ContainerFailed as error:
            return Outcome(stage=Stage.PRE_PROCESSING, failure=error.failure)
        except Interrupted:
            return Outcome(stage=Stage.PRE_PROCESSING, failure=failure("TaskEnded"))
        try:
            ended = self._run_container(attempt, container, folder)
        finally:
            container.remove()
        if ended is None:
            return Outcome(stage=Stage.RUN, failure=failure("CommandLaunchFailed", Reason="see stderr.txt"))
        return self._after(attempt, ended, folder, environment)

    def _run_container(self, attempt: Attempt, container: Container, folder: str) -> ProcessEnding | None:
        """Run a container to its end; None where its command could not be started."""
        process = self._start(attempt, container.command, folder, dict(container.environment))
        ended = self._wait(attempt, process, attempt.launch.wall_clock_limit)
        if ended.cause is Cause.ITSELF and ended.exit_code in _ENGINE_EXIT_CODES and container.never_ran():
            return None
        return replace(ended, usage=None)  # the engine's own

    def _wait(self, attempt: Attempt, process: TaskProcess, limit: float | None) -> ProcessEnding:
        faults = attempt.launch.faults
        patience = with_kill(attempt.patience, faults, process.kill)
        return as_killed(process.wait(attempt.stop, limit=limit, grace=self._grace, patience=patience), faults)

    def _prepare(self, attempt: Attempt, folder: str) -> dict[str, str]:
        """Bring what the attempt needs; return what tells it where its packages are."""
        keep_going = attempt.keep_going
        keep_going()
        if os.path.lexists(folder):  # a retry: an earlier attempt may have put a link on the way to it
            check_in_place(Path(self._root), Path(folder).parent)
        make_task_folder(folder, keep=attempt.launch.keep_files)
        installed = [self._equipment.packages.install(package, keep_going) for package in attempt.launch.packages]
        storage = with_faults(self._storage, attempt.launch.faults, keep_going)
        if attempt.launch.resource_files:
            stage_in(attempt.launch.resource_files, Path(working_folder(folder)), storage, keep_going)
            keep_going()
        if attempt.launch.coordination is not None:
            stage_in(attempt.launch.coordination.files, Path(folder), storage, keep_going)
            keep_going()
        self._equipment.mounts.bring(keep_going)
        return package_environment(installed)

    def _start(self, attempt: Attempt, argv: Sequence[str], folder: str, environment: dict[str, str]) -> TaskProcess:
        launch = attempt.launch
        # Before `start`: once that returns, the command has run for a while and has used processor time.
        began = self._clock.now()
        process = start(
            argv,
            environment=environment,
            folder=working_folder(folder),
            stdout=os.path.join(folder, STDOUT),
            stderr=os.path.join(folder, STDERR),
            null=self._null,
            sessions=self._sessions,
            append=launch.coordination is not None,
            warm=self._warm if launch.container is None and launch.coordination is None else None,
        )
        attempt.started = began
        return process

    def _after(self, attempt: Attempt, ended: ProcessEnding, folder: str, environment: dict[str, str]) -> Outcome:
        attempt.exit_code, attempt.usage = ended.exit_code, ended.usage
        failed = _process_failure(ended)
        ran = Outcome(stage=Stage.RUN, exit_code=ended.exit_code, failure=failed)
        wanted = [file for file in attempt.launch.output_files if applies(file.condition, succeeded=failed is None)]
        if not wanted:
            return ran

        def keep_going() -> None:
            if attempt.reason in {EndReason.REQUEUED, EndReason.LOST}:
                raise Interrupted

        attempt.stage = Stage.UPLOAD
        try:
            keep_going()
            storage = with_faults(self._storage, attempt.launch.faults, keep_going)
            not_uploaded = stage_out(wanted, Path(folder), environment, storage, keep_going)
        except Interrupted:
            return Outcome(stage=Stage.RUN, exit_code=ended.exit_code, failure=failure("TaskEnded"))
        if not_uploaded is None or ended.cause is not Cause.ITSELF:
            return ran
        return Outcome(stage=Stage.UPLOAD, exit_code=ended.exit_code, failure=not_uploaded)


def _not_started(error: CommandLineError | LaunchError) -> Outcome:
    missing = isinstance(error, LaunchError) and error.not_found
    code = "CommandProgramNotFound" if missing else "CommandLaunchFailed"
    return Outcome(stage=Stage.RUN, failure=failure(code, Reason=str(error)))


def _process_failure(ended: ProcessEnding) -> TaskFailure | None:
    if ended.cause is Cause.WALL_CLOCK:
        return failure("TaskEnded", Message=WALL_CLOCK_DETAIL)
    if ended.cause is Cause.STOP:
        return failure("TaskEnded")
    return None if ended.exit_code == 0 else failure("FailureExitCode")
