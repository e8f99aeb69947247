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
        is_time_limit: whether it failed because the job's time limit was over.
        tasks: how many tasks the job manager added, gates not counted; None when that is not known.
        gates: the ids of the gates: they are no tasks of the workload and are not counted.
        guarded: the tasks that have a gate before them, in the order of their gates' numbers.
        plain: the tasks that Batch runs as they are, with no process of ours: an exit code of theirs that means
            something to this project is their own.
        has_work: whether the workload has finalize work of its own (``WorkloadBase.finalize`` is overridden); None when
            that is not known, since whoever adds FinalizeTask could not ask the workload.
        taken_over: tasks of the workload that this job did not add, since the job that it runs again did them.
    """

    cause: str | None = None
    is_time_limit: bool = False
    tasks: int | None = None
    gates: TaskDependencies = TaskDependencies()
    guarded: TaskDependencies = TaskDependencies()
    plain: TaskDependencies = TaskDependencies()
    has_work: bool | None = False
    taken_over: int = 0

    def to_json(self) -> str:
        """As the task's inputs, a JSON object."""
        values = {
            "cause": self.cause,
            "isTimeLimit": self.is_time_limit,
            "tasks": self.tasks,
            "gates": encode_ids(self.gates),
            "guarded": encode_ids(self.guarded),
            "plain": encode_ids(self.plain),
            "hasWork": self.has_work,
            "takenOver": self.taken_over,
        }
        return json.dumps(values, separators=(",", ":"))

    @classmethod
    def from_values(cls, values: Mapping[str, object]) -> FinalizeInputs:
        """The reverse; what is missing has its default."""
        cause, tasks, taken_over = values.get("cause"), values.get("tasks"), values.get("takenOver")
        has_work = values.get("hasWork", False)
        return cls(
            cause=cause if isinstance(cause, str) else None,
            is_time_limit=values.get("isTimeLimit") is True,
            tasks=tasks if isinstance(tasks, int) else None,
            gates=decode_ids(str(values.get("gates") or "")),
            guarded=decode_ids(str(values.get("guarded") or "")),
            plain=decode_ids(str(values.get("plain") or "")),
            has_work=has_work if isinstance(has_work, bool | None) else False,
            taken_over=taken_over if isinstance(taken_over, int) else 0,
        )
