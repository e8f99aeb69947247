"""What ``python -m <workload>`` runs on a node: decides what this process is, does it, and exits with a documented
code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from batch_manager.command_line import USAGE, NodeCommand, Role, decode
from batch_manager.environment import NodeEnvironment, attempt_number, read_inputs, read_node_environment
from batch_manager.errors import UsageError
from batch_manager.exit_codes import ExitCode
from batch_manager.task import TaskContext, WorkloadTask
from batch_manager.workload import WorkloadBase


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
        self._environ = dict(os.environ) if environ is None else environ  # the user's code may change its own
        self._module = module

    def run(self) -> NoReturn:
        """Do what this process is there for, report an error once, and exit with an ``ExitCode``."""
        if self._arguments in (["--help"], ["-h"]):
            print(USAGE)
            sys.exit(ExitCode.SUCCEEDED)
        code = self.execute()
        self._limit_the_end()
        sys.exit(code)

    def execute(self) -> int:
        """Do what this process is there for; an error is told once and becomes an exit code.

        A user's mistake is one line. Anything unforeseen comes with its traceback and is ``ExitCode.FAILED``. A task
        whose failure is not worth another try is not tried again; one whose is, ends after the pause that its policy
        asks for.
        """
        try:
            return self._perform(limited=True)
        except BaseException as error:  # noqa: BLE001 - the outermost frame: whatever a user's code raises is told once
            from batch_manager.ending import end_with  # only a process that fails needs it

            return end_with(error, self._environ, self._workload.batch_client)

    def perform(self) -> int:
        """The same, letting every exception through and without the job's time limit, for a debugger.

        Returns:
            ``SUCCEEDED``, or ``SKIPPED`` when the task's rule does not let it run.
        """
        return self._perform(limited=False)

    def _perform(self, *, limited: bool) -> int:
        command = decode(self._arguments)
        node = read_node_environment(self._environ)
        attempt_number(node.working_directory)
        limit = _time_limit(node) if limited else nullcontext()
        if command.role is Role.JOB_MANAGER:
            return self._manage(node, limit)
        if command.role is Role.FINALIZE:
            self._finalize(node)
            return ExitCode.SUCCEEDED
        with limit:
            if not self._may_run(node):
                return _told(node, ExitCode.SKIPPED)
            self._make_task(command, node).run()
        return _told(node, ExitCode.SUCCEEDED)

    def _limit_the_end(self) -> None:
        """A thread of the user's that goes on keeps a process from ending, but not for longer than the job may take."""
        try:
            node = read_node_environment(self._environ)
            if not node.time_limit or self._arguments[:1] == [Role.FINALIZE.value]:
                return
            from batch_manager.time_limit import end_process_at, read_time_limit  # only a job with a limit needs it

            ends_at = read_time_limit(node.time_limit)
        except UsageError:
            return
        if ends_at is not None:
            end_process_at(ends_at)

    def _manage(self, node: NodeEnvironment, limit: AbstractContextManager[None]) -> int:
        from batch_manager.manage import manage_job  # only this role needs it

        return manage_job(
            self._workload, node, read_inputs(node), module=self._module or _running_module(), limit=limit
        )

    def _finalize(self, node: NodeEnvironment) -> None:
        from batch_manager.finalize_work import begin_finalize_work  # only this role needs it

        begin_finalize_work(self._workload, node.working_directory, self._environ)

    def _may_run(self, node: NodeEnvironment) -> bool:
        if not node.depends_on:
            return True
        from batch_manager.skip import may_run  # only a task with parents needs it

        return may_run(self._workload.batch_client, node)

    def _make_task(self, command: NodeCommand, node: NodeEnvironment) -> WorkloadTask:
        builder = self._workload.entry_points.builder_type(command.task_name or "")()
        context = TaskContext(
            job_id=node.job_id,
            task_id=node.task_id,
            inputs=read_inputs(node),
            working_directory=Path(node.working_directory),
            batch_client=self._workload.batch_client,
        )
        task: WorkloadTask = builder.build(context)
        if node.progress_url:
            from batch_manager.events import task_events  # only a job that is watched needs it

            task.tell_progress_to(task_events(node))
        return task


def _told(node: NodeEnvironment, code: ExitCode) -> ExitCode:
    """The exit code of a task that did not fail, once it is told; ``ending`` tells those of others."""
    if node.progress_url:
        from batch_manager.events import tell_task_ended  # only a job that is watched needs it

        tell_task_ended(node, exit_code=code)
    return code


def _time_limit(node: NodeEnvironment) -> AbstractContextManager[None]:
    if not node.time_limit:
        return nullcontext()
    from batch_manager.time_limit import TimeLimit, read_time_limit  # only a job with a limit needs it

    ends_at = read_time_limit(node.time_limit)
    return nullcontext() if ends_at is None else TimeLimit(ends_at)


def _running_module() -> str:
    """What ``python -m`` was given."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None:
        raise UsageError(f"the workload was not started with 'python -m', so tasks cannot be either\n{USAGE}")
    name: str = spec.name
    return name.removesuffix(".__main__")


_former_hook = sys.__excepthook__


def report_uncaught() -> None:
    """Have reported what no ``Application`` can: an exception of ``__main__``, of an import in it, or of the workload's
    constructor ends a process of a job as one of a task does. Other processes end as they always did.

    ``from batch_manager import Application`` calls it. Importing this module does not: whoever imports it only to have
    it at hand stays as he is.
    """
    global _former_hook
    if sys.excepthook is not _end_uncaught:
        _former_hook, sys.excepthook = sys.excepthook, _end_uncaught


def _end_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not _is_process_of_a_job():
        _former_hook(kind, error, traceback)
        return
    from batch_manager.ending import end_with
    from batch_manager.factory import BatchClientFactory
    from batch_manager.settings import BatchClientSettings

    sys.exit(end_with(error, os.environ, BatchClientFactory.create(BatchClientSettings())))


def _is_process_of_a_job() -> bool:
    try:
        decode(sys.argv[1:])
        read_node_environment(os.environ)
    except UsageError:
        return False
    return len(sys.argv) > 1
