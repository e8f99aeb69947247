"""The workload's own last work, as its process does it: ``python -m <workload> finalize``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from batch_manager.environment import OUTCOME_FILE
from batch_manager.errors import UsageError
from batch_manager.naming import container_name
from batch_manager.outcome import JobOutcome
from batch_manager.outcome_document import read_outcome
from batch_manager.workload import JobResults, WorkloadBase

BEGUN_SUFFIX = ".begun"
"""A file with the outcome file's name and this says that the workload has finalize work and that it began."""


def has_finalize_work(workload: WorkloadBase) -> bool:
    """Whether the workload has finalize work of its own."""
    return type(workload).finalize is not WorkloadBase.finalize


def begin_finalize_work(workload: WorkloadBase, working_directory: str, environ: Mapping[str, str]) -> None:
    """What the process of the finalize work does. A workload that has none leaves no sign of a beginning.

    Raises:
        UsageError: there is no outcome, or it cannot be read.
    """
    outcome = read_outcome_file(working_directory, environ)
    if has_finalize_work(workload):
        with open(os.path.join(working_directory, environ[OUTCOME_FILE] + BEGUN_SUFFIX), "wb"):
            pass
        do_finalize_work(workload, outcome)


def do_finalize_work(workload: WorkloadBase, outcome: JobOutcome) -> None:
    """Do it. Whatever it raises goes through."""
    workload.finalize(outcome, JobResults(workload.batch_client.storage, container_name(outcome.job_id)))


def read_outcome_file(working_directory: str, environ: Mapping[str, str]) -> JobOutcome:
    """The outcome that FinalizeTask left for this process.

    Raises:
        UsageError: there is none, or it cannot be read.
    """
    name = environ.get(OUTCOME_FILE)
    if not name:
        raise UsageError(f"{OUTCOME_FILE} is not set: FinalizeTask starts this process, nobody else")
    try:
        with open(os.path.join(working_directory, name), encoding="utf-8") as file:
            return read_outcome(json.load(file))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"the outcome in {name!r} cannot be read: {type(error).__name__}") from error
