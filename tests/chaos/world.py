"""One run: a service in the weather, a job on it, and the evidence that is left."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from shlex import quote

from batch_manager import BatchClient, JobRequest, submit_job
from batch_manager.definitions import PoolDefinition
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.errors import NotFoundError
from batch_manager.naming import OUTCOME_BLOB, container_name
from batch_manager.supervision import supervise_job
from dispatcher.local import local_client
from dispatcher.receiver import Answer, CallbackReceiver
from dispatcher.stack import LocalStack
from dispatcher.storage import StorageEndpoint
from dispatcher.watch import LOCAL_LIMITS
from tests.chaos.diary import Diary
from tests.chaos.evidence import Delivery, Evidence
from tests.chaos.storm.shape import shape
from tests.chaos.storm.workload import StormWorkload
from tests.chaos.weather import Weather

POOL = "pool"
ROOT = Path(__file__).parents[2]
LOOK_INTERVAL = 0.5
"""Seconds between two looks at the job."""

PATIENCE = 240.0
"""Seconds after which a job that has not ended counts as one that never will."""


def run(sky: Weather, folder: Path, storage: StorageEndpoint, *, faults: str | None = None) -> Evidence:
    """Run one job to its end and return what is left of it.

    Args:
        sky: what it meets.
        folder: an empty one for the service's data and the diary; it stays.
        storage: where the job's blobs go.
        faults: a plan in the place of the weather's own, such as ``replay=LOG``.
    """
    written = folder / "diary"
    written.mkdir(parents=True)
    stack = LocalStack(folder / "stack", storage=storage, service_options=("--faults", faults or sky.faults))
    with stack, CallbackReceiver([Answer(status=503)]) as receiver:
        client = local_client(stack)
        client.create_pool(PoolDefinition(id=POOL, target_dedicated_nodes=sky.nodes, task_slots_per_node=sky.slots))
        submit_job(StormWorkload(batch_client=client), client, _request(sky, stack, written, receiver))
        _await_end(client, sky.job_id)
        return _evidence(client, sky, Diary(written), receiver)


def _request(sky: Weather, stack: LocalStack, diary: Path, receiver: CallbackReceiver) -> JobRequest:
    return JobRequest(
        job_id=sky.job_id,
        pool_id=POOL,
        module="tests.chaos.storm",
        launcher=quote(sys.executable),
        parameters={"seed": sky.seed, "diary": str(diary)},
        callback_url=receiver.url,
        environment_settings={"PYTHONPATH": str(ROOT), SECRETS_DIRECTORY: str(stack.secrets_folder)},
    )


def _await_end(client: BatchClient, job_id: str) -> None:
    """Supervise the job, as whoever waits for one does."""
    deadline = time.monotonic() + PATIENCE

    def sleep(seconds: float) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job_id} has not ended after {PATIENCE:g} s")
        time.sleep(seconds)

    with suppress(TimeoutError):  # the laws say what is wrong with it
        supervise_job(client, job_id, LOCAL_LIMITS, interval=LOOK_INTERVAL, sleep=sleep)


def _evidence(client: BatchClient, sky: Weather, diary: Diary, receiver: CallbackReceiver) -> Evidence:
    steps = shape(sky.seed)
    container = container_name(sky.job_id)
    blobs = list(client.storage.list_blobs(container, "out/"))
    return Evidence(
        steps=steps,
        job_state=client.get_job(sky.job_id).state.value,
        records={record.id: record for record in client.list_tasks(sky.job_id)},
        deliveries=_accepted(receiver),
        outcome_blob=_outcome(client, container),
        outputs={int(Path(blob).stem): client.storage.read(container, blob).decode() for blob in blobs},
        diary={step.number: diary.read(step.number) for step in steps},
        processes=_processes(sky.job_id),
    )


def _accepted(receiver: CallbackReceiver) -> tuple[Delivery, ...]:
    """All callbacks, if one was accepted: the first is refused, so that being called again is nothing special."""
    if receiver.wait(0) is None:
        return ()
    return tuple(Delivery(key=arrived.key, body=arrived.body) for arrived in receiver.deliveries)


def _outcome(client: BatchClient, container: str) -> dict[str, object] | None:
    try:
        outcome: dict[str, object] = json.loads(client.storage.read(container, OUTCOME_BLOB))
    except NotFoundError:
        return None
    return outcome


def _processes(job_id: str) -> tuple[str, ...]:
    """The command lines of processes that run as tasks of the job."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                environ = (process / "environ").read_bytes().split(b"\0")
                line = (process / "cmdline").read_bytes()
            except OSError:  # ended meanwhile, or another user's
                continue
            if f"AZ_BATCH_JOB_ID={job_id}".encode() in environ:
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return tuple(found)
