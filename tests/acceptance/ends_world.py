"""One local stack on which every job of the truth table runs, several at a time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Any, Self

from azure.batch import BatchClient as SdkBatchClient
from azure.batch import models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from batch_manager import BatchClient, DependencyRule, JobRequest, WorkloadBase, submit_job
from batch_manager.cancelling import cancel_job
from batch_manager.definitions import JobRecord, TaskRecord, TaskState
from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.errors import NotFoundError
from batch_manager.naming import CALLBACK_BODY_BLOB, JOB_MANAGER_TASK_ID, OUTCOME_BLOB, container_name, log_folder
from batch_manager.supervision import supervise_job
from dispatcher.local import local_client
from dispatcher.receiver import Answer, CallbackReceiver, Delivery
from dispatcher.stack import LocalStack
from dispatcher.watch import LOCAL_LIMITS
from tests.acceptance.conftest import RUN_SECONDS, WORKLOADS, wait_for
from tests.service.support import pool_options, present
from tests.support.truth_table import KINDS, Setting, TaskEnd, rows_of
from tests.support.truth_table_jobs import JOB_ENDS, Hand, JobEnd, Where

ROOT = Path(__file__).parents[2]

AT_THE_SAME_TIME = 3
"""Jobs."""

POLL_INTERVAL = 0.3
"""Seconds between two looks at a job; quicker ones would take the processors from its tasks."""

REASON = "no longer needed"
"""Why a job is cancelled or terminated."""

_TIME_LIMIT = 30
"""Seconds, for the job whose tasks run when time is over: enough for its job manager."""

_QUICK = {"pool_empty", "start_task_fails", "job_manager_left"}
_LIMITS = replace(LOCAL_LIMITS, **dict.fromkeys(_QUICK, timedelta(seconds=1)))  # type: ignore[arg-type]

_FAULTS = "; ".join(
    [
        "lose-node lasting=500ms job=ends-lossy task=1 max=1",
        "preempt lasting=500ms dedicated=yes job=ends-lossy task=5 max=1",
        *(f"{end.faults} job=ends-{end.name}" for end in JOB_ENDS if end.faults),
    ]
)


@dataclass(frozen=True, kw_only=True)
class EndedJob:
    """A job that has ended, whoever told it."""

    record: JobRecord
    tasks: Mapping[str, TaskRecord]
    """By display name; the framework's own have their ids for it."""
    outcome: Mapping[str, Any]
    """What the blob says."""
    deliveries: tuple[Delivery, ...]
    """What the callback's receiver got."""
    client: BatchClient

    def printed(self, task_id: str) -> str:
        """What a task wrote to its standard output; nothing if it never started."""
        try:
            blob = f"{log_folder(task_id)}/stdout.txt"
            return self.client.storage.read(container_name(self.record.id), blob).decode()
        except NotFoundError:
            return ""

    def kept_body(self) -> bytes | None:
        """The body of a callback that could not be delivered."""
        try:
            return self.client.storage.read(container_name(self.record.id), CALLBACK_BODY_BLOB)
        except NotFoundError:
            return None

    def told_of(self, name: str) -> Mapping[str, Any] | None:
        """What the outcome spells out of a task: one that failed, was cancelled, or succeeded after a retry."""
        told = [*self.outcome["failures"], *self.outcome["retried"]]
        return next((task for task in told if task["displayName"] == name), None)


class World:
    """The stack, its pools, and the jobs."""

    def __init__(self, image: Callable[[], str]) -> None:
        """
        Args:
            image: a container's image, or the reason to skip.
        """
        self._image = image
        self._jobs: dict[str, Future[EndedJob]] = {}
        self._has_box_pool = False

    def __enter__(self) -> Self:
        """Start it."""
        with ExitStack() as stack:
            self._stack = stack.enter_context(LocalStack(service_options=("--faults", _FAULTS)))
            credential = AzureNamedKeyCredential(self._stack.batch_account, self._stack.batch_key)
            self._sdk = stack.enter_context(SdkBatchClient(self._stack.batch_endpoint, credential))
            self._client = local_client(self._stack)
            self._make_pools()
            self._pool = stack.enter_context(ThreadPoolExecutor(AT_THE_SAME_TIME))
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._exit.close()

    def begin(self, what: Setting | JobEnd) -> Future[EndedJob]:
        """Run a job as soon as there is room; the same each time it is asked for."""
        name = what.value if isinstance(what, Setting) else what.name
        if name not in self._jobs:
            work = partial(self._run_setting, what) if isinstance(what, Setting) else partial(self._run_end, what)
            self._jobs[name] = self._pool.submit(work)
        return self._jobs[name]

    def ended(self, what: Setting | JobEnd) -> EndedJob:
        """A job, once it has ended."""
        if what is Setting.BOX:
            self._make_box_pool(self._image())
        return self.begin(what).result()

    def _run_setting(self, setting: Setting) -> EndedJob:
        rows = rows_of(setting)
        pool = "common" if setting in (Setting.COMMON, Setting.LIMITED) else setting.value
        parameters: dict[str, Any] = {"ends": [end.name for end in rows], "kinds": list(KINDS[setting])}
        if setting is Setting.BOX:
            parameters["image"] = self._image()
        limit = timedelta(seconds=_TIME_LIMIT) if setting is Setting.LIMITED else None
        request = self._request(setting.value, pool, parameters, limit)
        by_hand = partial(self._end_by_hand, request.job_id) if setting is Setting.COMMON else None
        return self._run(request, by_hand=by_hand)

    def _run_end(self, end: JobEnd) -> EndedJob:
        limit = None if end.seconds is None else timedelta(seconds=end.seconds)
        request = self._request(
            end.name, end.pool, {"ends": list(end.ends)}, limit, module="ends.last_work" if end.has_work else "ends"
        )
        if end.where is not Where.NOWHERE:
            orders = {"ENDS_WHERE": end.where.value, "ENDS_HOW": end.how}
            request = replace(request, environment_settings={**request.environment_settings, **orders})
        by_hand = None if end.hand is Hand.NONE else partial(self._lend_a_hand, end.hand, request.job_id)
        return self._run(request, by_hand=by_hand, answers=end.answers)

    def _request(
        self, name: str, pool: str, parameters: Mapping[str, Any], limit: timedelta | None, module: str = "ends"
    ) -> JobRequest:
        return JobRequest(
            job_id=f"ends-{name}",
            pool_id=pool,
            module=module,
            launcher=quote(sys.executable),
            parameters=parameters,
            time_limit=limit,
            environment_settings={
                "PYTHONPATH": os.pathsep.join([str(WORKLOADS), str(ROOT)]),
                SECRETS_DIRECTORY: str(self._stack.secrets_folder),
            },
        )

    def _run(
        self, request: JobRequest, *, by_hand: Callable[[], None] | None, answers: tuple[int, ...] = ()
    ) -> EndedJob:
        """Submit a job and wait for its end as whoever supervises it."""
        from ends.workload import EndsJobManagerBuilder

        client = self._client
        workload = WorkloadBase(batch_client=client, job_manager_builder_type=EndsJobManagerBuilder)
        with CallbackReceiver([Answer(status=status) for status in answers]) as receiver:
            submit_job(workload, client, replace(request, callback_url=receiver.url))
            if by_hand is not None:
                by_hand()
            supervise_job(client, request.job_id, _LIMITS, interval=POLL_INTERVAL)
        return EndedJob(
            record=client.get_job(request.job_id),
            tasks={record.display_name or record.id: record for record in client.list_tasks(request.job_id)},
            outcome=json.loads(client.storage.read(container_name(request.job_id), OUTCOME_BLOB)),
            deliveries=receiver.deliveries,
            client=client,
        )

    def _lend_a_hand(self, hand: Hand, job_id: str) -> None:
        if hand is Hand.END_MANAGER:
            self._end_task(job_id, JOB_MANAGER_TASK_ID)
            return
        self._await_running(job_id, "by-hand")
        _wait(lambda: self._manager_has_ended(job_id), f"the job manager of {job_id} has ended")
        if hand is Hand.CANCEL:
            cancel_job(self._client, job_id, REASON)
        else:
            self._client.terminate_job(job_id, REASON)

    def _manager_has_ended(self, job_id: str) -> bool:
        return self._client.get_task(job_id, JOB_MANAGER_TASK_ID).record.state is TaskState.COMPLETED

    def _end_by_hand(self, job_id: str) -> None:
        """First the task that waits for the other."""
        running = self._await_running(job_id, "by-hand")
        for record in self._client.list_tasks(job_id):
            if record.display_name == "by-hand-early":
                self._client.terminate_task(job_id, record.id)
        self._client.terminate_task(job_id, running)

    def _end_task(self, job_id: str, name: str) -> None:
        self._client.terminate_task(job_id, self._await_running(job_id, name))

    def _await_running(self, job_id: str, name: str) -> str:
        """The id of the task with this display name, once its own code runs."""
        found: list[str] = []

        def sleeps() -> bool:
            if not found:
                found.extend(task.id for task in self._client.list_tasks(job_id) if task.display_name == name)
            return bool(found) and self._has_begun(job_id, found[0])

        _wait(sleeps, f"{name} of {job_id} sleeps")
        return found[0]

    def _has_begun(self, job_id: str, task_id: str) -> bool:
        try:
            return b"sleeping" in b"".join(self._sdk.download_task_file(job_id, task_id, "stdout.txt"))
        except HttpResponseError:  # it is not there yet
            return False

    def _make_pools(self) -> None:
        fails = models.BatchStartTask(command_line="/bin/sh -c 'exit 7'", wait_for_success=True)
        for options in (
            pool_options("common", task_slots_per_node=8),
            pool_options("lossy", target_dedicated_nodes=2, task_slots_per_node=1),
            pool_options("gang", target_dedicated_nodes=3, task_slots_per_node=1, enable_inter_node_communication=True),
            pool_options("unstartable", start_task=fails),
            pool_options("empty", target_dedicated_nodes=0),
        ):
            self._sdk.create_pool(options)

    def _make_box_pool(self, image: str) -> None:
        if self._has_box_pool:
            return
        self._has_box_pool = True
        options = pool_options("box", task_slots_per_node=2)
        containers = models.BatchContainerConfiguration(type="dockerCompatible", container_image_names=[image])
        present(options.virtual_machine_configuration).container_configuration = containers
        self._sdk.create_pool(options)


def _wait(condition: Callable[[], bool], what: str) -> None:
    wait_for(condition, what, RUN_SECONDS, pause=POLL_INTERVAL)


def children(job: EndedJob, end: TaskEnd, kind: str) -> dict[DependencyRule, tuple[int | None, bool]]:
    """The exit code of each child of a kind, and whether its own code ran."""
    from ends.workload import CHILD_SAYS

    found = {}
    for rule in DependencyRule:
        record = job.tasks[f"{end.name}/{kind}/{rule.value}"]
        found[rule] = (record.exit_code, CHILD_SAYS in job.printed(record.id))
    return found


ALL_JOBS: tuple[Setting | JobEnd, ...] = (Setting.LIMITED, Setting.COMMON, Setting.LOSSY, Setting.GANG, *JOB_ENDS)
"""Those that no test has to prepare anything for, the slow ones first."""
