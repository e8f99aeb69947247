"""Whole jobs of the framework at several sizes: what job manager and FinalizeTask take, and their memory.

The tasks are plain commands that do nothing. A small job has its tasks' streams uploaded, as every job has; the others
have not, since that would take most of the time.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_manager import BatchClient, JobManagerBuilder, JobRequest, WorkloadBase, submit_job
from batch_manager.definitions import JobState, PoolDefinition
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, OUTCOME_BLOB, container_name
from dispatcher.local import POOL_ID, local_client
from dispatcher.stack import LocalStack

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (100, 1_000)
SLOTS = 4
_MODULE = "many"
_INTERVAL = 0.5
_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One job.

    Attributes:
        tasks: how many tasks it had.
        whole: seconds from its submission until it was completed.
        added: seconds of the job manager's process, which adds the tasks; they run meanwhile.
        finalized: seconds of FinalizeTask's process.
        manager_bytes: the most memory the job manager's process had.
        finalize_bytes: the most memory FinalizeTask's process had.
    """

    tasks: int
    whole: float
    added: float
    finalized: float
    manager_bytes: int
    finalize_bytes: int


def measure(quick: bool) -> Iterator[str]:
    """Yield what each size takes, and what memory a further task costs."""
    done: list[Measured] = []
    with LocalStack() as stack, tempfile.TemporaryDirectory() as notes:
        client = local_client(stack)
        client.create_pool(PoolDefinition(id=POOL_ID, target_dedicated_nodes=1, task_slots_per_node=SLOTS))
        for tasks in QUICK_SIZES if quick else SIZES:
            done.append(run_job(stack, client, Path(notes), tasks, streams=False))
            yield _text(done[-1])
        yield f"with the streams uploaded, {_text(run_job(stack, client, Path(notes), done[0].tasks, streams=True))}"
    small, large = done[0], done[-1]
    further = large.tasks - small.tasks
    yield (
        f"a further task: {(large.manager_bytes - small.manager_bytes) / further:.0f} bytes of the job manager's "
        f"memory, {(large.finalize_bytes - small.finalize_bytes) / further:.0f} of FinalizeTask's (aim: 0)"
    )


def run_job(stack: LocalStack, client: BatchClient, notes: Path, tasks: int, *, streams: bool) -> Measured:
    """Run a job of so many tasks to its end, and read the notes of its processes."""
    job_id = f"many-{tasks}-streams" if streams else f"many-{tasks}"
    request = JobRequest(
        job_id=job_id,
        pool_id=POOL_ID,
        module=_MODULE,
        launcher=shlex.join([sys.executable, str(_HERE / "measured.py"), str(notes)]),
        parameters={"tasks": tasks, "streams": streams},
        environment_settings={
            "PYTHONPATH": f"{_HERE / 'workloads'}:{_HERE.parent}",
            "BATCH_MANAGER_SECRETS_DIR": str(stack.secrets_folder),
        },
    )
    began = time.perf_counter()
    workload = WorkloadBase(batch_client=client, job_manager_builder_type=JobManagerBuilder)  # type: ignore[type-abstract]
    submit_job(workload, client, request)
    while client.get_job(job_id).state is not JobState.COMPLETED:
        time.sleep(_INTERVAL)
    whole = time.perf_counter() - began
    outcome = json.loads(client.storage.read(container_name(job_id), OUTCOME_BLOB))
    assert outcome["outcome"] == "succeeded", outcome
    assert outcome["counts"]["succeeded"] == tasks, outcome
    manager, finalize = (_note(notes, job_id, task_id) for task_id in (JOB_MANAGER_TASK_ID, FINALIZE_TASK_ID))
    return Measured(
        tasks=tasks,
        whole=whole,
        added=manager["seconds"],
        finalized=finalize["seconds"],
        manager_bytes=manager["peak_bytes"],
        finalize_bytes=finalize["peak_bytes"],
    )


def _note(notes: Path, job_id: str, task_id: str) -> Any:
    return json.loads((notes / f"{job_id}-{task_id}.json").read_text())


def _text(job: Measured) -> str:
    return (
        f"{job.tasks} tasks: {job.whole:.0f} s in all ({job.tasks / job.whole:.0f} tasks/s); job manager "
        f"{job.added:.1f} s, {job.manager_bytes / 1e6:.0f} MB at most; FinalizeTask {job.finalized:.1f} s, "
        f"{job.finalize_bytes / 1e6:.0f} MB at most"
    )
