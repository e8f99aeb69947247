"""Looks at a workload and at the job it would make, and says everything that is wrong at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from batch_manager.causes import cause_of
from batch_manager.environment import JsonValue
from batch_manager.errors import BatchManagerError, DefinitionError, Problem
from batch_manager.exit_codes import ExitCode
from batch_manager.found_workload import FoundWorkload, find_workload
from batch_manager.manage import manager_cause
from batch_manager.planning.faults import Fault, users_traceback
from batch_manager.planning.rehearsal import rehearse, users_output_aside
from batch_manager.planning.starting import check_start
from batch_manager.planning.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found.

    Attributes:
        module: the workload's package.
        workload_type: its class; None if it could not be found or made.
        task_types: the registered task types, by name.
        tasks: how many the job would have, its job manager, gates and FinalizeTask not counted; None if not known.
        faults: everything that is wrong.
        unchecked: what was not looked at, in words for people.
    """

    module: str
    workload_type: str | None = None
    task_types: tuple[str, ...] = ()
    tasks: int | None = None
    faults: tuple[Fault, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """``SOFTWARE`` if the workload is wrong, ``BAD_INPUT`` if only what it is given is."""
        codes = {fault.exit_code for fault in self.faults}
        if ExitCode.SOFTWARE in codes:
            return ExitCode.SOFTWARE
        return next(iter(codes), ExitCode.SUCCEEDED)


def check_workload(
    module: str, parameters: Mapping[str, JsonValue], around: Surroundings, *, job_id: str
) -> CheckReport:
    """Check a workload, and the job that it would make of these parameters. Nothing is sent.

    Args:
        module: the workload's package, found from the current folder on.
        parameters: the job's.
        around: what is known of the account.
        job_id: what the job would be called.

    Raises:
        ServiceError: Batch could not be asked about a package.
    """
    try:
        found = find_here(module)
    except BatchManagerError as error:
        return CheckReport(module=module, faults=(_not_found(error),))
    starts = tuple(check_start(found))
    tried = rehearse(found, parameters, around, job_id=job_id)
    return CheckReport(
        module=module,
        workload_type=tried.workload_type,
        task_types=tried.task_types,
        tasks=None if tried.tasks is None else len(tried.tasks),
        faults=(*starts, *tried.faults),
        unchecked=around.unchecked,
    )


def find_here(module: str) -> FoundWorkload:
    """Import a workload's package, which may lie in the current folder; what it prints goes to standard error.

    Raises:
        InputError: there is no such package, or it holds no workload.
        DefinitionError: importing it raised.
    """
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    with users_output_aside():
        try:
            return find_workload(module)
        except SystemExit as error:
            message = f"{module!r} cannot be imported: {manager_cause(error)}"
            raise DefinitionError(message) from error


def _not_found(error: BatchManagerError) -> Fault:
    cause = error.__cause__
    message, details = str(error), ""
    if isinstance(error, DefinitionError) and cause is not None:
        message, details = f"cannot be imported: {cause_of(cause)}", users_traceback(cause)
    problem = Problem(task_id=None, field="import", message=message, rule="workload-found")
    return Fault(exit_code=error.exit_code, problem=problem, details=details)
