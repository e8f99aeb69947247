"""What is left of a run, from four witnesses: the callback's receiver, Batch, the blobs and the tasks' own diary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batch_manager.definitions import TaskRecord
from tests.chaos.storm.shape import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One callback."""

    key: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A run that is over.

    Attributes:
        steps: the tasks the job was to have.
        job_state: Batch's word for the job's state.
        records: Batch's tasks, by id.
        deliveries: the callbacks, in the order they came.
        outcome_blob: the outcome that was kept as a blob; None if there is none.
        outputs: the blobs the steps wrote, by number, with their content.
        diary: the lines of each step.
        processes: command lines of processes of the job that still ran.
    """

    steps: tuple[Step, ...]
    job_state: str
    records: dict[str, TaskRecord]
    deliveries: tuple[Delivery, ...]
    outcome_blob: dict[str, Any] | None
    outputs: dict[int, str]
    diary: dict[int, list[str]]
    processes: tuple[str, ...]
