"""What submitting a job would send: requests and bytes. Bodies are made as they are sent, and thrown away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batch_manager.compilation import JobFrame, needs_blob
from batch_manager.definitions import MAX_REQUEST_BYTES, MAX_TASKS_PER_REQUEST, TaskDefinition
from batch_manager.gates import plan_gates
from batch_manager.specification import TaskSpecification

MEASURED = 2_000
"""Bodies that are made; of a job with more tasks so many, at equal distances, stand for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a submission sends to Batch and to Blob Storage.

    Attributes:
        requests: that add tasks, FinalizeTask among them.
        bytes: of their bodies.
        is_estimate: whether some bodies stand for all.
        uploads: blobs that are written first: local inputs, and inputs of tasks that are too large for a setting.
        upload_bytes: of these.
    """

    requests: int
    bytes: int
    is_estimate: bool
    uploads: int
    upload_bytes: int


def measure_sending(
    frame: JobFrame,
    tasks: Sequence[TaskSpecification],
    sizes: Sequence[int],
    body_length: Callable[[TaskDefinition], int],
) -> Sending:
    """What the job manager and whoever submits would send.

    Args:
        frame: what the tasks share.
        tasks: all of the job.
        sizes: of the local input files.
        body_length: the bytes of a task as it is sent.
    """
    stride = -(-len(tasks) // MEASURED) or 1
    sample = tasks[::stride]
    gates = list(plan_gates(tasks, has_time_limit=frame.has_time_limit).gate_ids)
    length = sum(body_length(definition) for definition in frame.definitions(sample)) if sample else 0
    definitions = len(tasks) + len(gates)
    whole = round(length * len(tasks) / len(sample)) if sample else 0
    finalize = body_length(frame.finalize_definition(tasks, has_work=False))
    large = [len(task.inputs.encode()) for task in tasks if task.command_line is None and needs_blob(task.inputs)]
    a_request = min(MAX_TASKS_PER_REQUEST, max(1, MAX_REQUEST_BYTES * definitions // max(1, whole)))
    return Sending(
        requests=-(-len(tasks) // a_request) + -(-len(gates) // a_request) + 1,
        bytes=whole + finalize,
        is_estimate=stride > 1,
        uploads=len(sizes) + len(large),
        upload_bytes=sum(sizes) + sum(large),
    )
