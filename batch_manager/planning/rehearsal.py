"""Runs a workload's job manager here, without sending anything, and keeps the tasks that it would add."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from batch_manager.compilation import JobFrame
from batch_manager.environment import JsonValue
from batch_manager.errors import BatchManagerError, DefinitionError, InputError, ServiceError
from batch_manager.found_workload import FoundWorkload
from batch_manager.job_manager import JobManagerContext
from batch_manager.job_request import JobRequest
from batch_manager.manage import manager_cause
from batch_manager.naming import container_name
from batch_manager.planning.faults import Fault, code_fault, code_faults, data_fault, data_faults, users_traceback
from batch_manager.planning.stand_ins import StandInClient, StandInStorage
from batch_manager.planning.surroundings import ASSUMED_POOL, Surroundings
from batch_manager.preflight import (
    JobFacts,
    RequestFacts,
    find_problems,
    find_request_problems,
    find_wrong_types,
    gather_facts,
)
from batch_manager.specification import TaskSpecification
from batch_manager.submit import JOB_GRACE, LONGEST_JOB
from batch_manager.workload import WorkloadBase

LAUNCHER = "python3"
"""What starts Python on a node, unless more is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of trying a job out.

    Attributes:
        workload_type: the workload's class; None if it could not be made.
        task_types: the registered task types, by name.
        frame: what the tasks share.
        files: what would be uploaded first: blob path to file.
        tasks: what the job manager added; None if it was not run, or failed.
        faults: everything that is wrong, in the order in which it was found.
    """

    frame: JobFrame
    workload_type: str | None = None
    task_types: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)
    tasks: Sequence[TaskSpecification] | None = None
    faults: tuple[Fault, ...] = ()


def rehearse(
    found: FoundWorkload, parameters: Mapping[str, JsonValue], around: Surroundings, *, job_id: str
) -> Rehearsal:
    """Try a job out: make the workload, look at what it registers and at its files, run its job manager against an
    account in memory, and check all that this brings, as a submission and a job manager on a node would.

    The user's code runs in this process; what it prints goes to standard error.

    Args:
        found: the workload.
        parameters: the job's.
        around: what is known of the account.
        job_id: what the job would be called.

    Raises:
        ServiceError: Batch could not be asked about a package.
    """
    return _Trial(found, parameters, around, job_id).run()


class _Trial:
    """One rehearsal; its faults are gathered on the way."""

    def __init__(
        self, found: FoundWorkload, parameters: Mapping[str, JsonValue], around: Surroundings, job_id: str
    ) -> None:
        self._found = found
        self._around = around
        self._faults: list[Fault] = []
        self._request = JobRequest(
            job_id=job_id,
            pool_id=around.pool_id or ASSUMED_POOL,
            module=found.module,
            launcher=LAUNCHER,
            parameters=parameters,
        )
        self._frame = JobFrame(
            job_id=job_id,
            module=found.module,
            launcher=LAUNCHER,
            storage_account_url=around.storage_account_url,
            identity_reference=around.identity_reference,
        )
        self._storage = StandInStorage(around, container_name(job_id))
        self._client = StandInClient(around, self._storage, self._request)

    def run(self) -> Rehearsal:
        """See ``rehearse``."""
        with users_output_aside():
            workload = self._made()
            if workload is None:
                return Rehearsal(frame=self._frame, faults=tuple(self._faults))
            self._faults += check_registrations(workload)
            files = self._local_files(workload)
            tasks = self._tasks(workload, files) if files is not None else None
        if tasks is not None:
            self._faults += code_faults(find_problems(tasks, self._facts(tasks)))
        return Rehearsal(
            frame=self._frame,
            workload_type=type(workload).__name__,
            task_types=tuple(workload.entry_points),
            files=files or {},
            tasks=tasks,
            faults=tuple(self._faults),
        )

    def _made(self) -> WorkloadBase | None:
        name = self._found.workload_type.__name__
        try:
            return self._found.make(self._client)
        except (DefinitionError, SystemExit) as error:
            cause = error.__cause__ or error
            message = f"{name}(batch_client=...) failed: {manager_cause(cause)}; every process of a job makes it so"
            self._faults.append(code_fault("__init__", message, "workload-made", users_traceback(cause)))
            return None

    def _local_files(self, workload: WorkloadBase) -> Mapping[str, Path] | None:
        """What would be uploaded first; None if the job manager cannot be run without what is missing."""
        refusal, files = None, None
        try:
            files = dict(workload.local_inputs(self._request.parameters))
        except InputError as error:
            refusal = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises is told
            self._faults.append(_failed("local_inputs", error))
        wrong = find_wrong_types(self._request)
        facts = RequestFacts(
            longest=LONGEST_JOB - JOB_GRACE,
            pool=self._around.pool,
            may_read_pool=self._around.may_read_pool,
            files=files or {},
            refusal=refusal,
            identity_reference=self._around.identity_reference,
        )
        self._faults += data_faults(wrong or find_request_problems(self._request, facts))
        is_whole = files is not None and all(source.is_file() for source in files.values())
        return files if is_whole else None

    def _tasks(self, workload: WorkloadBase, files: Mapping[str, Path]) -> Sequence[TaskSpecification] | None:
        self._storage.place({blob: source.absolute() for blob, source in files.items()})
        with tempfile.TemporaryDirectory(prefix="batch-manager-") as folder:
            context = JobManagerContext(
                job_id=self._request.job_id,
                parameters=self._request.parameters,
                working_directory=Path(folder).resolve(),
                batch_client=self._client,
                entry_points=workload.entry_points,
            )
            try:
                with contextlib.chdir(folder):
                    manager = workload.job_manager_builder_type().build(context)
                    manager.create_job()
                    return manager.tasks
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises is told
                self._faults.append(_failed("create_job", error))
                return None

    def _facts(self, tasks: Sequence[TaskSpecification]) -> JobFacts:
        if self._around.account is not None:
            return gather_facts(self._client, self._frame, tasks)
        return JobFacts(
            container=container_name(self._request.job_id),
            storage_account_url=self._frame.storage_account_url,
            identity_reference=self._frame.identity_reference,
        )


def check_registrations(workload: WorkloadBase) -> Iterator[Fault]:
    """What no node could make: tasks and builders that are abstract, or builders that need arguments."""
    for name in workload.entry_points:
        task_type, builder = workload.entry_points.task_type(name), workload.entry_points.builder_type(name)
        for kind in (task_type, builder):
            missing = ", ".join(sorted(getattr(kind, "__abstractmethods__", ())))
            if missing:
                message = f"{kind.__name__} is registered and has no {missing}; write it, or register a subclass"
                yield code_fault("register_task", message, "task-abstract")
        yield from _check_builder(builder, f"register_task({name}, {builder.__name__})")
    yield from _check_builder(workload.job_manager_builder_type, "job_manager_builder_type")


def _check_builder(builder: type[object], field_name: str) -> Iterator[Fault]:
    try:
        inspect.signature(builder).bind()
    except TypeError as error:
        message = f"{builder.__name__}() cannot be called: {error}; a node makes it without arguments"
        yield code_fault(field_name, message, "builder-arguments")
    except ValueError:
        return  # a class whose signature nobody knows


@contextlib.contextmanager
def users_output_aside() -> Iterator[None]:
    """Let what a user's code prints go to standard error, also what it prints outside Python: standard output is kept
    for what the command says."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _failed(where: str, error: BaseException) -> Fault:
    if isinstance(error, InputError):
        return data_fault(where, str(error), f"{where}-refused")
    if isinstance(error, ServiceError):
        return data_fault(where, str(error), f"{where}-asked")
    if isinstance(error, BatchManagerError):
        return code_fault(where, str(error), f"{where}-failed")
    return code_fault(where, f"failed: {manager_cause(error)}", f"{where}-failed", users_traceback(error))
