"""What the job manager of a job that runs another one again does with its drafts: leaves out what is done."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from batch_manager.client import BlobStorage
from batch_manager.errors import NotFoundError
from batch_manager.naming import LOGS_FOLDER, OWN_FOLDER, RERUN_BLOB, RERUN_READY_BLOB, container_name
from batch_manager.specification import TaskSpecification
from batch_manager.takeover import Takeover, encode_takeover, read_takeover, stale_outputs, tasks_to_run

PARALLEL_REQUESTS = 8
"""Blobs that are deleted at the same time."""


def leave_out_done(
    storage: BlobStorage, job_id: str, tasks: Sequence[TaskSpecification]
) -> Sequence[TaskSpecification]:
    """The tasks that run again. What an earlier try left of their outputs is deleted first, once: a job manager that is
    started again must not delete what they have written since.

    Raises:
        DefinitionError: the job manager adds other tasks now than it did then.
        NotFoundError: nothing says what is taken over.
        ServiceError: Blob Storage refused something.
    """
    container = container_name(job_id)
    takeover = read_takeover(storage.read(container, RERUN_BLOB))
    kept = tasks_to_run(tasks, takeover)
    if not _is_ready(storage, container):
        running = {id(task) for task in kept}
        done = [task for task in tasks if id(task) not in running]
        blobs = (blob for blob in storage.list_blobs(container) if not blob.startswith((OWN_FOLDER, LOGS_FOLDER)))
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            list(pool.map(lambda blob: storage.delete(container, blob), stale_outputs(kept, done, container, blobs)))
        taken = {task.id: takeover.done[task.id] for task in done if task.id in takeover.done}
        storage.upload(container, RERUN_READY_BLOB, encode_takeover(Takeover(job_id=takeover.job_id, done=taken)))
    return kept


def _is_ready(storage: BlobStorage, container: str) -> bool:
    try:
        storage.read(container, RERUN_READY_BLOB)
    except NotFoundError:
        return False
    return True
