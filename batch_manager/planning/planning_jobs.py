"""From a workload's name to a plan of its job, and to a picture of it in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from batch_manager.definitions import TaskDefinition
from batch_manager.environment import JsonValue
from batch_manager.errors import InputError, JobRequestError, SpecificationError
from batch_manager.exit_codes import ExitCode
from batch_manager.planning.checking import find_here
from batch_manager.planning.drawing import draw
from batch_manager.planning.plan import Plan, make_plan
from batch_manager.planning.rehearsal import Rehearsal, rehearse
from batch_manager.planning.request import PlanRequest
from batch_manager.planning.surroundings import Surroundings


def plan_workload(
    module: str,
    parameters: Mapping[str, JsonValue],
    around: Surroundings,
    asked: PlanRequest,
    *,
    job_id: str,
    body_length: Callable[[TaskDefinition], int],
) -> Plan:
    """Plan the job that a workload would make of these parameters. Nothing is sent.

    Args:
        module: the workload's package, found from the current folder on.
        parameters: the job's.
        around: what is known of the account.
        asked: the nodes, times and prices to go by.
        job_id: what the job would be called.
        body_length: the bytes of a task as it is sent.

    Raises:
        InputError: the parameters, a file, the pool, or what is asked for is wrong.
        DefinitionError: the workload is wrong; the message has every problem.
        ServiceError: Batch could not be asked about a package.
    """
    tried = rehearse(find_here(module), parameters, around, job_id=job_id)
    _refuse_faults(tried)
    notes = (*around.unchecked, *_missing(asked))
    return make_plan(module, tried, tried.tasks or (), asked, body_length=body_length, notes=notes)


def write_graph(path: Path, plan: Plan) -> None:
    """Draw a plan's graph into a file, over what was there.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        path.write_text(draw(path.suffix, plan.graph, plan.labels), encoding="utf-8")
    except OSError as error:
        raise InputError(f"--graph {str(path)!r} cannot be written: {error.strerror}") from error


def _refuse_faults(tried: Rehearsal) -> None:
    problems = tuple(fault.problem for fault in tried.faults)
    if any(fault.exit_code is ExitCode.SOFTWARE for fault in tried.faults):
        raise SpecificationError(problems)
    if problems:
        raise JobRequestError(problems)


def _missing(asked: PlanRequest) -> list[str]:
    """What would have to be given for more figures."""
    missing = []
    if not asked.durations:
        missing.append("give --minutes-per-task for an estimate of the time")
    elif asked.machines is None:
        missing.append("give --nodes N, or --pool, for an estimate of the time on nodes")
    elif not asked.machines.nodes:
        missing.append("there are no nodes now: give --nodes N for an estimate of the time on nodes")
    elif asked.prices is not None and asked.machines.vm_size is None:
        missing.append("give --vm-size, or --pool, for the cost")
    return missing
