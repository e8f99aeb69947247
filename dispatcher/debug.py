"""Runs a workload's job in this one process, a task at a time in dependency order, for a debugger.

``breakpoint()`` in a task or in the job manager works, and an exception ends in the debugger. Files travel by the same
specifications, through Azurite and Microsoft's client; of Batch there are the tasks alone, in memory: no slots,
retries or limits.
"""

from __future__ import annotations

import os
import pdb  # noqa: T100 - opening it is what this module is for
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from batch_manager import Application, ExitCode, JobRequest, WorkloadBase, submit_job
from batch_manager.causes import cause_of, exit_code_of
from batch_manager.command_line import Role, decode_line
from batch_manager.definitions import PoolRecord, TaskDefinition, TaskState
from batch_manager.environment import GUARDED_TASK, RETRY, JsonValue
from batch_manager.errors import AccessDeniedError, BatchManagerError, UsageError
from batch_manager.finalize_work import do_finalize_work
from batch_manager.found_workload import FoundWorkload
from batch_manager.naming import container_name
from batch_manager.node.commands import run_line
from batch_manager.node.finalizing import finalize_job
from batch_manager.node.process import NodeProcess
from batch_manager.outcome import JobOutcome
from batch_manager.reports import Attempt, add_attempt
from batch_manager.submit import check_job_id, new_job_id
from batch_manager.testing import InMemoryBatchClient
from dispatcher.files import stage_in, stage_out
from dispatcher.local import POOL_ID, local_storage
from dispatcher.report import print_report
from dispatcher.results import empty_folder, fetch_results
from dispatcher.stack import LocalStack
from dispatcher.watch import ended_job

NODE_ID = "debug"
"""What a task is told of the node it runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugOptions:
    """How to debug a job.

    Attributes:
        parameters: what the job manager is given.
        job_id: None means one made of the workload's name and the time.
        results: the folder for the job's blobs; None means ``runs/<job-id>`` in the current directory.
        post_mortem: open pdb where a task raised.
    """

    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    job_id: str | None = None
    results: Path | None = None
    post_mortem: bool = False


class Debugger:
    """Runs one workload in this process.

    Args:
        found: the workload.
        console: where the report goes; tasks write to this process's own standard output and error.
    """

    def __init__(self, found: FoundWorkload, *, console: Console) -> None:
        self._found = found
        self._console = console

    def run(self, options: DebugOptions) -> ExitCode:
        """Run the job.

        Returns:
            The exit code of the job's outcome, as ``Dispatcher.run`` does.

        Raises:
            InputError: a parameter is wrong or a file is missing.
            BatchManagerError: Azurite refused something.
        """
        job_id = options.job_id or new_job_id(self._found.module, datetime.now(UTC))
        check_job_id(job_id)
        results = empty_folder(options.results or Path("runs") / job_id)
        with LocalStack(batch=False) as stack:
            client = _JobsAlone(storage=local_storage(stack))
            workload = self._found.make(client)
            request = JobRequest(
                job_id=job_id, pool_id=POOL_ID, module=self._found.module, parameters=options.parameters
            )
            submit_job(workload, client, request)
            started = time.monotonic()
            InProcessJob(workload, client, request, stack.folder / "tasks", post_mortem=options.post_mortem).run()
            seconds = time.monotonic() - started
            missing = fetch_results(client.storage, container_name(job_id), results)
            end = ended_job(client, job_id)
            print_report(self._console, workload, client, end, seconds=seconds, results=results, missing=missing)
            return end.exit_code


class _JobsAlone(InMemoryBatchClient):
    """An account whose pools and applications nobody may ask for: what a task wants of them is not looked at here."""

    def get_pool(self, pool_id: str) -> PoolRecord:
        raise _not_here(f"get pool {pool_id!r}")

    def list_package_versions(self, application_id: str) -> tuple[str, ...]:
        raise _not_here(f"get application {application_id!r}")


def _not_here(operation: str) -> AccessDeniedError:
    return AccessDeniedError(f"{operation}: debugging has no pool and no packages", operation=operation)


class InProcessJob:
    """A job whose tasks run in this process, in the order in which they were added: parents come first."""

    def __init__(
        self,
        workload: WorkloadBase,
        client: InMemoryBatchClient,
        request: JobRequest,
        folder: Path,
        *,
        post_mortem: bool,
    ) -> None:
        self._workload = workload
        self._client = client
        self._request = request
        self._folder = folder
        self._post_mortem = post_mortem

    def run(self) -> None:
        """Run the job manager, which adds the tasks, and then each of them."""
        (manager,) = self._client.task_definitions(self._request.job_id)
        self._run_task(manager)
        for task in _parents_first(self._client.task_definitions(self._request.job_id)[1:]):
            record = self._client.get_task(self._request.job_id, task.id).record
            if record.state is not TaskState.COMPLETED:  # a gate may have ended it
                self._run_task(task)

    def _run_task(self, task: TaskDefinition) -> None:
        job_id, storage = self._request.job_id, self._client.storage
        folder = self._folder / task.id / "wd"
        folder.mkdir(parents=True)
        self._client.start_task(job_id, task.id)
        try:
            stage_in(storage, task, folder)
        except BatchManagerError as error:
            self._client.end_task(job_id, task.id, None, code="ResourceFileError", message=str(error))
            return
        code = self._execute(task, folder)
        try:
            stage_out(storage, task, folder, succeeded=code == ExitCode.SUCCEEDED)
        except BatchManagerError as error:
            self._client.end_task(job_id, task.id, int(code), code="FileUploadError", message=str(error))
        else:
            self._client.end_task(job_id, task.id, int(code))

    def _execute(self, task: TaskDefinition, folder: Path) -> int:
        environ = self._environ(task, folder)
        with _placed(folder, environ):
            try:
                return self._perform(task, environ)
            except SystemExit as end:
                return _told(folder, end)
            except Exception as error:  # noqa: BLE001 - a debugger shows whatever a user's task raises
                self._show(task, error)
                return _told(folder, error)

    def _perform(self, task: TaskDefinition, environ: Mapping[str, str]) -> int:
        """What the processes of the task would do, in this one; a plain command is a process here too."""
        module = self._request.module
        command = decode_line(task.command_line)
        if command is None or (command.role is Role.TASK and command.module != module):
            if task.container is not None:
                raise UsageError("its command runs in a container, and here is none: use 'python -m dispatcher run'")
            return run_line(task.command_line, environ)
        if command.role is Role.TASK:
            words = [command.role.value, command.task_name or ""]
        elif command.role is Role.JOB_MANAGER:
            words = [command.role.value]
        elif command.role is Role.FINALIZE:
            return finalize_job(module, environ, self._client, work=partial(self._do_finalize_work, task))
        else:
            return NodeProcess(environ=environ, client=self._client).perform(command)
        return Application(self._workload, arguments=words, environ=environ, module=module).perform()

    def _do_finalize_work(self, task: TaskDefinition, outcome: JobOutcome) -> str | None:
        """The workload's own work, and why it failed."""
        try:
            do_finalize_work(self._workload, outcome)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a debugger shows whatever a user's code raises
            if isinstance(error, Exception):
                self._show(task, error)
            return cause_of(error)
        return None

    def _show(self, task: TaskDefinition, error: Exception) -> None:
        if self._post_mortem:
            traceback.print_exception(error)
            pdb.post_mortem(error.__traceback__)
        elif isinstance(error, BatchManagerError):
            print(f"task {task.id}: {error}", file=sys.stderr)
        else:
            traceback.print_exception(error)

    def _environ(self, task: TaskDefinition, folder: Path) -> dict[str, str]:
        common = self._client.job_definition(self._request.job_id).common_environment
        settings = {name: value for name, value in task.environment.items() if name != RETRY}  # nothing is tried again
        return {
            **os.environ,
            **common,
            **settings,
            "AZ_BATCH_JOB_ID": self._request.job_id,
            "AZ_BATCH_TASK_ID": task.id,
            "AZ_BATCH_POOL_ID": POOL_ID,
            "AZ_BATCH_NODE_ID": NODE_ID,
            "AZ_BATCH_TASK_DIR": str(folder.parent),
            "AZ_BATCH_TASK_WORKING_DIR": str(folder),
        }


def _parents_first(tasks: Sequence[TaskDefinition]) -> Iterator[TaskDefinition]:
    """In the order of adding, in which parents come first, save that each gate comes right before its task."""
    gates = {task.environment[GUARDED_TASK]: task for task in tasks if task.blocks_on_failure}
    for task in tasks:
        if task.id in gates:
            yield gates[task.id]
        if not task.blocks_on_failure:
            yield task


def _told(folder: Path, error: BaseException) -> int:
    """The exit code that a process would have ended with, once the report for the outcome is written."""
    code = exit_code_of(error)
    if code != ExitCode.SUCCEEDED:
        told = Attempt(
            number=1,
            node_id=NODE_ID,
            ended_at=time.time(),
            exit_code=code,
            cause=cause_of(error),
            retried=False,
        )
        add_attempt(str(folder), told)
    return code


@contextmanager
def _placed(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """This process as if it had been started there, with that environment; afterwards as before."""
    before, old_environ = Path.cwd(), dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(old_environ)
