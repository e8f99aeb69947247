"""What FinalizeTask is told by whoever adds it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from batch_manager.dependencies import TaskDependencies, decode_ids, encode_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeInputs:
    """What is known of a job when FinalizeTask is added.

    Attributes:
        cause: why the job manager failed, in one sentence; None when it did not.
        tasks: how many tasks the job manager added, gates not counted; None when that is not known.
        gates: the ids of the gates: they are no tasks of the workload and are not counted.
        guarded: the tasks that have a gate before them, in the order of their gates' numbers.
        has_work: whether the workload has finalize work of its own (``WorkloadBase.finalize`` is overridden).
    """

    cause: str | None = None
    tasks: int | None = None
    gates: TaskDependencies = TaskDependencies()
    guarded: TaskDependencies = TaskDependencies()
    has_work: bool = False

    def to_json(self) -> str:
        """As the task's inputs, a JSON object."""
        values = {
            "cause": self.cause,
            "tasks": self.tasks,
            "gates": encode_ids(self.gates),
            "guarded": encode_ids(self.guarded),
            "hasWork": self.has_work,
        }
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> FinalizeInputs:
        """The reverse; what is missing has its default."""
        cause, tasks = values.get("cause"), values.get("tasks")
        return cls(
            cause=cause if isinstance(cause, str) else None,
            tasks=tasks if isinstance(tasks, int) else None,
            gates=decode_ids(str(values.get("gates") or "")),
            guarded=decode_ids(str(values.get("guarded") or "")),
            has_work=values.get("hasWork") is True,
        )
