"""The coordination command of a multi-instance task on one of its nodes.

It prepares the node and returns; what it started in the background stays until the task has ended there, since that is
what it is for: MPI daemons, a scratch file system. The task's own command starts on the primary node once the
coordination commands of all nodes have returned (Microsoft's page on multi-instance tasks).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from dispatcher.service.node.command import split
from dispatcher.service.node.launch import Coordination
from dispatcher.service.node.layout import STDERR, STDOUT, working_folder
from dispatcher.service.node.process import ProcessEnding, StopSignal, TaskProcess, start
from dispatcher.service.node.sessions import Sessions


@dataclass(frozen=True, kw_only=True, slots=True)
class Coordinated:
    """A coordination command that was run."""

    ending: ProcessEnding
    process: TaskProcess
    """To be closed when the task has ended."""


def shared_environment(folder: str) -> dict[str, str]:
    """Return what tells the commands of a multi-instance task where its common files are on their node.

    That is the task's own folder, one above the working directory: the REST reference says so of
    ``commonResourceFiles``, and the example in Microsoft's list of variables is such a path.
    """
    return {"AZ_BATCH_TASK_SHARED_DIR": folder}


def run_coordination(
    coordination: Coordination,
    *,
    folder: str,
    environment: Mapping[str, str],
    null: int,
    sessions: Sessions,
    stop: StopSignal,
    limit: float | None,
    grace: float,
) -> Coordinated:
    """Run a coordination command until it returns, its time is up or a stop is asked for.

    Raises:
        CommandLineError, LaunchError: it cannot be started.
    """
    process = start(
        split(coordination.command_line),
        environment=environment,
        folder=working_folder(folder),
        stdout=os.path.join(folder, STDOUT),
        stderr=os.path.join(folder, STDERR),
        null=null,
        sessions=sessions,
    )
    try:
        return Coordinated(ending=process.wait_for_leader(stop, limit=limit, grace=grace), process=process)
    except BaseException:
        process.close(grace)
        raise
