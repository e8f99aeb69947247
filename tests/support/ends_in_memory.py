"""Jobs of the workload ``ends`` in memory: Batch says of some tasks what a test wants, the others run here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from batch_manager import Application, JobRequest, WorkloadBase, submit_job
from batch_manager.definitions import AllocationState, NodeRecord, PoolRecord, TaskDefinition, TaskState
from batch_manager.environment import TIME_LIMIT
from batch_manager.errors import CallbackError
from batch_manager.gates import guarded_task_of
from batch_manager.naming import FINALIZE_TASK_ID, JOB_MANAGER_TASK_ID, OUTCOME_BLOB, container_name
from batch_manager.node.finalizing import finalize_job
from batch_manager.node.gate import keep_gate
from batch_manager.outcome import Outcome
from batch_manager.testing import InMemoryBatchClient
from tests.support.truth_table import GUARDED, TaskEnd

JOB = "ends"
NOW = datetime(2026, 1, 31, tzinfo=UTC)

_FAR_OFF = "4000000000"
"""A time limit that is not over yet."""


@dataclass
class JobInMemory:
    """A job."""

    folder: Path
    client: InMemoryBatchClient = field(default_factory=InMemoryBatchClient)
    has_work: bool = False
    """Whether the workload has finalize work of its own."""
    printed: dict[str, str] = field(default_factory=dict)
    """What tasks wrote to standard output, by id."""

    def submit(self, parameters: dict[str, Any], callback_url: str, *, has_limit: bool = False) -> int:
        """Submit the job and be its job manager; the exit code of that."""
        pool = PoolRecord(
            id="pool",
            state="active",
            allocation_state=AllocationState.STEADY,
            task_slots_per_node=1,
            current_nodes=3,
            target_nodes=3,
            inter_node_communication=True,
            has_containers=True,
        )
        self.client.put_pool(pool, [NodeRecord(id=f"node{number}", state="idle") for number in range(3)])
        request = JobRequest(
            job_id=JOB,
            pool_id="pool",
            module="ends",
            parameters=parameters,
            callback_url=callback_url,
            time_limit=timedelta(days=1) if has_limit else None,
        )
        submit_job(self._workload(), self.client, request, clock=lambda: 0.0)
        (manager,) = self.client.task_definitions(JOB)
        self.client.start_task(JOB, JOB_MANAGER_TASK_ID)
        code = self.execute(manager, "job-manager", **({TIME_LIMIT: _FAR_OFF} if has_limit else {}))
        self.client.end_task(JOB, JOB_MANAGER_TASK_ID, code)
        return code

    def execute(self, task: TaskDefinition, *words: str, **settings: str) -> int:
        """Run a process of the workload here."""
        environ = {**self.environ(task), **settings}
        with redirect_stdout(StringIO()) as out:
            code = Application(self._workload(), arguments=words, environ=environ, module="ends").execute()
        self.printed[task.id] = out.getvalue()
        return code

    def _workload(self) -> WorkloadBase:
        from ends.last_work.workload import LastWorkWorkload
        from ends.workload import EndsWorkload

        return (LastWorkWorkload if self.has_work else EndsWorkload)(batch_client=self.client)

    def environ(self, task: TaskDefinition) -> dict[str, str]:
        """The environment of a task's process."""
        own = {"AZ_BATCH_JOB_ID": JOB, "AZ_BATCH_TASK_ID": task.id, "AZ_BATCH_TASK_WORKING_DIR": str(self.folder)}
        return {**own, **self.client.job_definition(JOB).common_environment, **task.environment}

    def end_all(self, rows: Mapping[str, TaskEnd]) -> None:
        """End all tasks but FinalizeTask: those of a row as it says, gates and children as they do; each gate comes
        before the task it guards."""
        definitions = self.client.task_definitions(JOB)
        gates = {guarded_task_of(task.display_name): task for task in definitions}
        for task in definitions:
            name = task.display_name or ""
            if name in rows:
                self.end_as(task, rows[name])
            elif name == "mends" or "/" in name:
                if task.id in gates:
                    gate = gates[task.id]
                    self.client.end_task(JOB, gate.id, keep_gate(self.environ(gate), self.client))
                self._end_child(task)

    def _end_child(self, task: TaskDefinition) -> None:
        if self.client.get_task(JOB, task.id).record.state is TaskState.COMPLETED:
            return
        name = "Deed" if task.display_name == "mends" else "Child"
        is_plain = any(f"/{kind}/" in str(task.display_name) for kind in GUARDED)
        self.client.end_task(JOB, task.id, 0 if is_plain else self.execute(task, "task", name))

    def end_as(self, task: TaskDefinition, end: TaskEnd) -> None:
        """Let Batch say what a row says."""
        record = replace(
            self.client.get_task(JOB, task.id).record,
            state=TaskState.COMPLETED,
            exit_code=end.exit_code,
            succeeded=end.outcome is Outcome.SUCCEEDED,
            failure_code=end.code,
            failure_message=end.reason,
            retry_count=end.retries,
            requeue_count=end.requeues,
            end_time=NOW,
        )
        self.client.change_task(JOB, record)

    def finalize(self, why_work_failed: str | None = None) -> int:
        """Be FinalizeTask; its exit code."""
        task = self.client.task_definitions(JOB)[-1]
        assert task.id == FINALIZE_TASK_ID
        self.client.start_task(JOB, FINALIZE_TASK_ID)
        try:
            code: int = finalize_job("ends", self.environ(task), self.client, lambda outcome: why_work_failed)
        except CallbackError as error:
            code = int(error.exit_code)
        self.client.end_task(JOB, FINALIZE_TASK_ID, code)
        return code

    def child(self, name: str) -> tuple[int | None, bool]:
        """The exit code of the task with this display name, and whether its own code ran."""
        from ends.workload import CHILD_SAYS

        (record,) = (record for record in self.client.list_tasks(JOB) if record.display_name == name)
        return record.exit_code, CHILD_SAYS in self.printed.get(record.id, "")

    def outcome(self) -> dict[str, Any]:
        """What the blob says."""
        document: dict[str, Any] = json.loads(self.client.storage.read(container_name(JOB), OUTCOME_BLOB))
        return document
