"""What ``python -m <workload>`` runs on a node: decides what this process is, does it, and exits with a documented
code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from batch_manager.command_line import USAGE, NodeCommand, Role, decode
from batch_manager.environment import NodeEnvironment, attempt_number, read_inputs, read_node_environment
from batch_manager.errors import BatchManagerError, UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.task import TaskContext, WorkloadTask
from batch_manager.workload import WorkloadBase

_log = logging.getLogger("batch_manager.application")


class Application:
    """One process of a workload.

    Args:
        workload: the workload this process belongs to.
        arguments: the words after ``python -m <workload>``; None means this process's own.
        environ: the environment; None means this process's own.
        module: what ``python -m`` runs on other nodes; None means what it ran here.
    """

    def __init__(
        self,
        workload: WorkloadBase,
        *,
        arguments: Sequence[str] | None = None,
        environ: Mapping[str, str] | None = None,
        module: str | None = None,
    ) -> None:
        self._workload = workload
        self._arguments = sys.argv[1:] if arguments is None else arguments
        self._environ = os.environ if environ is None else environ
        self._module = module

    def run(self) -> NoReturn:
        """Do what this process is there for, report an error once, and exit with an ``ExitCode``."""
        if self._arguments in (["--help"], ["-h"]):
            print(USAGE)
            sys.exit(ExitCode.SUCCEEDED)
        sys.exit(self.execute())

    def execute(self) -> ExitCode:
        """Do what this process is there for; an error is logged once and becomes an exit code.

        A user's mistake is one line. Anything unforeseen comes with its traceback and is ``ExitCode.FAILED``.
        """
        try:
            return self.perform()
        except BatchManagerError as error:
            _log.error("%s", error)
            return error.exit_code
        except SystemExit as end:
            if end.code != ExitCode.SKIPPED:
                raise
            _log.error("the task called sys.exit(%d), which is kept for skipped tasks; it counts as failed", end.code)
            return ExitCode.FAILED
        except Exception as error:  # noqa: BLE001 - the outermost frame: whatever a user's task raises is told once
            _log.exception("unhandled %s: %s", type(error).__name__, error)
            return ExitCode.FAILED

    def perform(self) -> ExitCode:
        """The same, letting every exception through, for a debugger.

        Returns:
            ``SUCCEEDED``, or ``SKIPPED`` when the task's rule does not let it run.
        """
        command = decode(self._arguments)
        node = read_node_environment(self._environ)
        attempt_number(node.working_directory)
        if command.role is Role.JOB_MANAGER:
            self._manage(node)
            return ExitCode.SUCCEEDED
        if command.role is Role.TASK and not self._may_run(node):
            return ExitCode.SKIPPED
        self._make_task(command, node).run()
        return ExitCode.SUCCEEDED

    def _manage(self, node: NodeEnvironment) -> None:
        from batch_manager.manage import manage_job  # only this role needs it

        manage_job(self._workload, node, read_inputs(node), module=self._module or _running_module())

    def _may_run(self, node: NodeEnvironment) -> bool:
        if not node.depends_on:
            return True
        from batch_manager.skip import may_run  # only a task with parents needs it

        return may_run(self._workload.batch_client, node)

    def _make_task(self, command: NodeCommand, node: NodeEnvironment) -> WorkloadTask:
        inputs = read_inputs(node)
        if command.task_name is None:
            from batch_manager.manage import make_finalize_task  # only this role needs it

            return make_finalize_task(self._workload, node, inputs)
        builder = self._workload.entry_points.builder_type(command.task_name)()
        context = TaskContext(
            job_id=node.job_id,
            task_id=node.task_id,
            inputs=inputs,
            working_directory=Path(node.working_directory),
            batch_client=self._workload.batch_client,
        )
        task: WorkloadTask = builder.build(context)
        return task


def _running_module() -> str:
    """What ``python -m`` was given."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None:
        raise UsageError(f"the workload was not started with 'python -m', so tasks cannot be either\n{USAGE}")
    name: str = spec.name
    return name.removesuffix(".__main__")
