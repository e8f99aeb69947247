"""Support for tests: nodes that run nothing, and an account without HTTP, threads or a running clock.

A `FakeNodes` keeps the contract of `Node`: every launched attempt ends exactly once, when the test says so or when the
service ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from dispatcher.service.account import Service
from dispatcher.service.authentication import Authenticator
from dispatcher.service.calls import Call, Reply
from dispatcher.service.clock import Clock, ManualClock
from dispatcher.service.faults.injector import Faults
from dispatcher.service.handlers import HANDLERS
from dispatcher.service.node.launch import (
    CoordinationDone,
    EndReason,
    ErrorCategory,
    LogRequest,
    NodeListener,
    NodeSetup,
    SetupEnding,
    Stage,
    TaskEnding,
    TaskFailure,
    TaskKey,
    TaskLaunch,
    TaskReturned,
    TaskStarted,
    Usage,
)
from dispatcher.service.operations import BY_NAME
from dispatcher.service.options import ServiceOptions
from dispatcher.service.records import NodeRecord
from dispatcher.service.settlement import TASK_ENDED
from dispatcher.service.shared_key import Credential
from dispatcher.service.store import Store
from dispatcher.service.wire import JsonObject, JsonValue

_BASE_URL = "http://127.0.0.1:1"


class FakeNode:
    """A node whose attempts last until they are ended."""

    def __init__(self, listener: NodeListener, clock: Clock) -> None:
        self.running: dict[TaskKey, TaskLaunch] = {}
        self.ends: list[tuple[TaskKey, EndReason]] = []
        self.forgotten: list[TaskKey] = []
        self.proceeded: list[TaskKey] = []
        self.setups: list[NodeSetup] = []
        self.log_requests: list[LogRequest] = []
        self.setup_failure: TaskFailure | None = None
        self.closed = False
        self._listener = listener
        self._clock = clock

    def launch(self, launch: TaskLaunch) -> None:
        """Begin an attempt."""
        self.running[launch.key] = launch
        self._listener(TaskStarted(key=launch.key, run_number=launch.run_number, at=self._clock.now()))

    def set_up(self, setup: NodeSetup) -> None:
        """Be ready at once; `setups` remembers what was asked for, `setup_failure` is what comes of it."""
        self.setups.append(setup)
        self._listener(SetupEnding(at=self._clock.now(), failure=self.setup_failure))

    def proceed(self, key: TaskKey) -> None:
        """Note that the attempt's own command may start."""
        self.proceeded.append(key)

    def upload_log(self, request: LogRequest) -> int:
        """Note what was asked for, as if the log were one file."""
        self.log_requests.append(request)
        return 1

    def coordinate(self, key: TaskKey) -> None:
        """Let an attempt's coordination command return."""
        run_number = self.running[key].run_number
        self._listener(CoordinationDone(key=key, run_number=run_number, at=self._clock.now()))

    def end(self, key: TaskKey, reason: EndReason) -> None:
        """End a running attempt as if its processes had been killed; a subtask has only waited for that."""
        if key not in self.running:
            return
        self.ends.append((key, reason))
        coordination = self.running[key].coordination
        if coordination is not None and not coordination.is_primary:
            self.finish(key)
        else:
            failure = TaskFailure(category=ErrorCategory.USER_ERROR, code=TASK_ENDED, message=reason.value)
            self.finish(key, exit_code=None, failure=failure)

    def forget(self, key: TaskKey) -> None:
        """Note that the task's folder is gone."""
        self.forgotten.append(key)

    def close(self) -> None:
        """End everything and report nothing."""
        self.running.clear()
        self.closed = True

    def finish(
        self,
        key: TaskKey,
        *,
        exit_code: int | None = 0,
        failure: TaskFailure | None = None,
        stage: Stage = Stage.RUN,
        usage: Usage | None = None,
        started: datetime | None = None,
    ) -> None:
        """End an attempt by itself; without a failure, an exit code other than 0 is one."""
        launch = self.running.pop(key)
        if failure is None and exit_code != 0:
            failure = TaskFailure(category=ErrorCategory.USER_ERROR, code="FailureExitCode", message="it failed")
        now = self._clock.now()
        self._listener(
            TaskEnding(
                key=key,
                run_number=launch.run_number,
                at=now,
                stage=stage,
                exit_code=exit_code,
                failure=failure,
                usage=usage,
                started=started,
            )
        )

    def give_back(self, key: TaskKey) -> None:
        """Let an attempt not begin, as if nothing that runs would soon end."""
        launch = self.running.pop(key)
        self._listener(TaskReturned(key=key, run_number=launch.run_number, at=self._clock.now()))


class FakeNodes:
    """Makes fake nodes."""

    def __init__(self, clock: Clock) -> None:
        self.opened: dict[str, FakeNode] = {}
        self.discarded: list[str] = []
        self.forgotten_jobs: list[tuple[str, str]] = []
        self.container_problem: str | None = "containers are not for tests"
        self._clock = clock

    def open(self, record: NodeRecord, slots: int, listener: NodeListener) -> FakeNode:
        """Return a node."""
        del slots
        self.opened[record.id] = FakeNode(listener, self._clock)
        return self.opened[record.id]

    def root(self, record: NodeRecord) -> Path:
        """Return a folder that does not exist."""
        return Path("/nonexistent") / record.id

    def storage_url(self, path: str) -> str:
        """Return a URL that leads nowhere."""
        return f"http://storage.invalid/{path}"

    def containers_problem(self) -> str | None:
        """Return what a test says."""
        return self.container_problem

    def forget_job(self, record: NodeRecord, job_id: str) -> None:
        """Note that a job's folders are gone."""
        self.forgotten_jobs.append((record.id, job_id))

    def leftovers(self, records: Iterable[NodeRecord]) -> tuple[Path, ...]:
        """Return nothing: fake nodes have no folders."""
        del records
        return ()

    def sweep(self, folders: Iterable[Path]) -> None:
        """Do nothing."""

    def discard(self, record: NodeRecord) -> None:
        """Note that the node's folder is gone."""
        self.discarded.append(record.id)

    def flush(self) -> None:
        """Do nothing: fake nodes begin attempts at once."""

    def close(self) -> None:
        """Do nothing: fake nodes share nothing."""

    def running(self) -> dict[str, FakeNode]:
        """Return the node of each running task, by task id."""
        return {key.task_id: node for node in self.opened.values() for key in node.running}

    def launch_of(self, task_id: str) -> TaskLaunch:
        """Return what a running task was launched with."""
        node = self.running()[task_id]
        return next(launch for key, launch in node.running.items() if key.task_id == task_id)


class Bench:
    """An account to try things on: calls of handlers, and steps of the worker, when the test says so."""

    def __init__(
        self, store: Store | None = None, options: ServiceOptions | None = None, faults: Faults | None = None
    ) -> None:
        self.clock = ManualClock()
        self.nodes = FakeNodes(self.clock)
        credentials = (Credential(account="bench", key=b"key"),)
        self.service = Service(
            account="bench",
            store=store or Store(None),
            maker=self.nodes,
            authenticator=Authenticator(credentials=lambda: credentials, clock=self.clock),
            clock=self.clock,
            options=options,
            faults=faults,
        )

    def call(
        self,
        operation: str,
        body: JsonObject | None = None,
        *,
        query: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Reply:
        """Call the handler of an operation, by its name in the table."""
        return self._call(operation, parameters, body or {}, query or {})

    def _call(self, operation: str, parameters: Mapping[str, str], body: JsonObject, query: Mapping[str, str]) -> Reply:
        return HANDLERS[operation](
            Call(
                core=self.service.core,
                operation=BY_NAME[operation],
                parameters=parameters,
                query=query,
                headers={},
                body=body,
                base_url=_BASE_URL,
                path=BY_NAME[operation].path,
            )
        )

    def read(self, operation: str, **parameters: str) -> JsonObject:
        """Return the body that an operation answers with."""
        body = self._call(operation, parameters, {}, {}).body
        if body is None:
            raise ValueError(f"{operation} answers without a body")
        return body

    def settle(self) -> None:
        """Step until there is nothing left to do."""
        while self.service.worker.step() or not self.service.is_settled():
            pass

    def add_pool(self, pool_id: str = "pool", **properties: JsonValue) -> None:
        """Add a pool of one node with one slot, unless told otherwise."""
        self.call("create_pool", {**_POOL, "id": pool_id, **properties})
        self.settle()

    def add_job(self, job_id: str = "job", **properties: JsonValue) -> None:
        """Add a job with task dependencies to the pool."""
        body: JsonObject = {"id": job_id, "poolInfo": {"poolId": "pool"}, "usesTaskDependencies": True}
        self.call("create_job", {**body, **properties})
        self.settle()

    def add_task(self, task_id: str, job_id: str = "job", **properties: JsonValue) -> None:
        """Add a task."""
        self.call("create_task", {"id": task_id, "commandLine": "true", **properties}, jobId=job_id)
        self.settle()

    def finish(
        self, task_id: str, *, exit_code: int | None = 0, stage: Stage = Stage.RUN, usage: Usage | None = None
    ) -> None:
        """Let a running task end by itself."""
        node = self.nodes.running()[task_id]
        node.finish(self.nodes.launch_of(task_id).key, exit_code=exit_code, stage=stage, usage=usage)
        self.settle()

    def running(self) -> list[str]:
        """Return the ids of the tasks that run, sorted."""
        return sorted(self.nodes.running())

    def task(self, task_id: str, job_id: str = "job") -> JsonObject:
        """Return a task's body."""
        return self.read("get_task", jobId=job_id, taskId=task_id)

    def execution(self, task_id: str, job_id: str = "job") -> JsonObject:
        """Return a task's execution information, its failure's code as ``failureCode``."""
        info = self.task(task_id, job_id)["executionInfo"]
        if not isinstance(info, dict):
            raise TypeError(f"no execution information: {info!r}")
        failure = info.get("failureInfo")
        return {**info, "failureCode": failure["code"] if isinstance(failure, dict) else None}

    def state(self, task_id: str, job_id: str = "job") -> object:
        """Return a task's state."""
        return self.task(task_id, job_id)["state"]

    def job(self, job_id: str = "job") -> JsonObject:
        """Return a job's body."""
        return self.read("get_job", jobId=job_id)


_POOL: JsonObject = {
    "vmSize": "standard_d2s_v3",
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04-lts"},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
    },
    "targetDedicatedNodes": 1,
}
