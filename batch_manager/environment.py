"""The environment of a process on a node: the only reader of ``AZ_BATCH_*`` and ``BATCH_MANAGER_*`` in this package.

``AZ_BATCH_*`` is Batch's (Azure Batch documentation, "compute node environment variables"). ``BATCH_MANAGER_*`` is
ours, written by the submission and listed in docs/architecture.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple, TypeAlias

from batch_manager.errors import InputError, UsageError

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"

INPUTS = "BATCH_MANAGER_INPUTS"
INPUTS_FILE = "BATCH_MANAGER_INPUTS_FILE"
DEPENDS_ON = "BATCH_MANAGER_DEPENDS_ON"
RULE = "BATCH_MANAGER_RULE"
DEFINITION = "BATCH_MANAGER_DEFINITION"
COMMAND = "BATCH_MANAGER_COMMAND"
"""Of a plain command: the command line that runs once the task may."""
RETRY = "BATCH_MANAGER_RETRY"
"""The task's ``RetryPolicy``, as ``retrying.encode_policy`` writes it; set whenever Batch may try it again."""
GUARDED_TASK = "BATCH_MANAGER_GUARDED_TASK"
"""Of a gate: the id of the task it stands before."""
TIME_LIMIT = "BATCH_MANAGER_TIME_LIMIT"
"""When the job's time is over: seconds since 1970, UTC. Set for every task of the job."""
PROGRESS_URL = "BATCH_MANAGER_PROGRESS_URL"
"""Where events go; no secret. Set for every task of the job."""
RERUN_OF = "BATCH_MANAGER_RERUN_OF"
"""The job that this one runs again. Set for every task of the job."""
OUTCOME_FILE = "BATCH_MANAGER_OUTCOME_FILE"
"""Of the workload's own finalize work: where the outcome lies."""
LAUNCHER = "BATCH_MANAGER_LAUNCHER"
PACKAGES = "BATCH_MANAGER_PACKAGES"
"""The application packages that every task of the job has, as ``specification.encode_packages`` writes them."""
SECRETS_DIRECTORY = "BATCH_MANAGER_SECRETS_DIR"
NODE_PYTHON = "BATCH_MANAGER_PYTHON"
"""Of a node's machine: the Python that an application package's start script runs, where it shall not look for one."""
IDENTITY_REFERENCE = "BATCH_MANAGER_IDENTITY_REFERENCE"
STORAGE_ACCOUNT_URL = "AZURE_STORAGE_ACCOUNT_URL"

RESERVED_PREFIXES = ("AZ_BATCH_", "BATCH_MANAGER_")
"""Environment settings a workload may not set itself."""

_ATTEMPTS_FILE = ".batch-manager-attempts"


class NodeEnvironment(NamedTuple):
    """Where on Batch a process runs, and what the submission told it."""

    job_id: str
    task_id: str
    pool_id: str
    node_id: str
    working_directory: str
    """Absolute; Batch starts the process in it."""
    inputs: str | None
    """The task's inputs, a JSON object."""
    inputs_file: str | None
    """Where the inputs lie instead, relative to the working directory."""
    depends_on: str
    """The ids of the parents, in the form of ``dependencies.encode_ids``; empty for none."""
    rule: str
    """The name of a ``DependencyRule``; empty for the default."""
    launcher: str | None
    """The command-line prefix that starts Python on a node of this pool; None means the running interpreter."""
    progress_url: str | None = None
    """Where events go; None means that nobody watches."""
    storage_account_url: str = ""
    """The blob endpoint of the job's storage account."""
    command: str = ""
    """Of a plain command: its command line."""
    guarded_task: str = ""
    """Of a gate: the id of the task it stands before."""
    retry: str = ""
    """The task's ``RetryPolicy`` as text; empty if Batch will not try it again."""
    time_limit: str = ""
    """When the job's time is over, in seconds since 1970; empty if it has no limit."""
    rerun_of: str = ""
    """The job that this one runs again; empty if it runs none."""
    packages: str = ""
    """The application packages that every task of the job has, as ``specification.encode_packages`` writes them."""
    task_directory: str = ""
    """Absolute; Batch keeps the task's ``stdout.txt`` and ``stderr.txt`` in it."""


def read_node_environment(environ: Mapping[str, str]) -> NodeEnvironment:
    """Read where this process runs.

    Raises:
        UsageError: it does not run as a Batch task (``AZ_BATCH_JOB_ID`` or ``AZ_BATCH_TASK_ID`` is missing).
    """
    missing = [name for name in ("AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID") if not environ.get(name)]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} not set: this process was not started as a Batch task. "
            "To run the workload on this machine use 'python -m dispatcher run <workload>', "
            "to debug it 'python -m dispatcher debug <workload>'."
        )
    return NodeEnvironment(
        job_id=environ["AZ_BATCH_JOB_ID"],
        task_id=environ["AZ_BATCH_TASK_ID"],
        pool_id=environ.get("AZ_BATCH_POOL_ID", ""),
        node_id=environ.get("AZ_BATCH_NODE_ID", ""),
        working_directory=environ.get("AZ_BATCH_TASK_WORKING_DIR") or os.getcwd(),
        inputs=environ.get(INPUTS),
        inputs_file=environ.get(INPUTS_FILE),
        depends_on=environ.get(DEPENDS_ON, ""),
        rule=environ.get(RULE, ""),
        launcher=environ.get(LAUNCHER) or None,
        progress_url=environ.get(PROGRESS_URL) or None,
        storage_account_url=environ.get(STORAGE_ACCOUNT_URL, ""),
        command=environ.get(COMMAND, ""),
        guarded_task=environ.get(GUARDED_TASK, ""),
        retry=environ.get(RETRY, ""),
        time_limit=environ.get(TIME_LIMIT, ""),
        rerun_of=environ.get(RERUN_OF, ""),
        packages=environ.get(PACKAGES, ""),
        task_directory=environ.get("AZ_BATCH_TASK_DIR", ""),
    )


def read_inputs(environment: NodeEnvironment) -> dict[str, JsonValue]:
    """The task's inputs, from the environment setting or from the file that stands for it. None given is no inputs.

    Raises:
        InputError: the text is not a JSON object, or the file cannot be read.
    """
    text = environment.inputs
    source = INPUTS
    if text is None and environment.inputs_file is not None:
        source = environment.inputs_file
        try:
            with open(os.path.join(environment.working_directory, source), encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise InputError(f"the task's inputs cannot be read from {source!r}: {error.strerror}") from error
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"the task's inputs in {source} are not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"the task's inputs in {source} are not a JSON object but {type(value).__name__}")
    return value


@cache
def attempt_number(working_directory: str, counter: str = _ATTEMPTS_FILE) -> int:
    """Which attempt at its task this process is, on this node, counted from 1.

    Batch tells a task neither its retries nor its requeues. Batch keeps the working directory of a task from one
    retry to the next, so a file there grows by one byte with each process; on another node the count begins anew.
    The first call in a process counts, later ones repeat its answer; a process beside the task's own has a counter of
    another name. 0 means that the directory cannot be written.
    """
    try:
        with open(os.path.join(working_directory, counter), "ab") as file:
            file.write(b".")
            return file.tell()
    except OSError:
        return 0
