"""What the tests of a node share: a node that tells what it does, and a container seen from both sides."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue

from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from dispatcher.service.clock import SystemClock
from dispatcher.service.node.agent import NodeIdentity, open_node
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.engine import EngineFinder
from dispatcher.service.node.launch import (
    Node,
    NodeEvent,
    OutputFile,
    ResourceFile,
    TaskEnding,
    TaskKey,
    TaskLaunch,
    TaskReturned,
    TaskStarted,
    UploadCondition,
)
from dispatcher.storage import StorageEndpoint

DEADLINE_SECONDS = 60.0
GRACE_SECONDS = 0.5
IDENTITY = NodeIdentity(
    account_name="acc", account_url="http://127.0.0.1:1", pool_id="pool", node_id="node-1", is_dedicated=True
)


def launch_of(
    command: str,
    task: str = "task",
    *,
    run_number: int = 1,
    environment: dict[str, str] | None = None,
    resource_files: tuple[ResourceFile, ...] = (),
    output_files: tuple[OutputFile, ...] = (),
    wall_clock_limit: float | None = None,
    keep_files: bool = False,
    slots: int = 0,
) -> TaskLaunch:
    """Describe an attempt at a task of the job ``job``."""
    return TaskLaunch(
        key=TaskKey(job_id="job", task_id=task),
        pool_id="pool",
        node_id="node-1",
        run_number=run_number,
        command_line=command,
        environment=environment or {},
        resource_files=resource_files,
        output_files=output_files,
        wall_clock_limit=wall_clock_limit,
        keep_files=keep_files,
        slots=slots,
    )


class NodeUnderTest:
    """A node and what it told."""

    def __init__(
        self,
        root: Path,
        storage: StorageAccess,
        *,
        slots: int = 2,
        grace: float = GRACE_SECONDS,
        engines: EngineFinder | None = None,
    ) -> None:
        self.root = root
        self._storage = storage
        self.events: Queue[NodeEvent] = Queue()
        self.node: Node = open_node(
            root=root,
            identity=IDENTITY,
            slots=slots,
            storage=storage,
            listener=self._take,
            clock=SystemClock(),
            engines=engines,
            grace=grace,
        )

    def _take(self, events: Sequence[NodeEvent]) -> None:
        for event in events:
            self.events.put(event)

    def reopen(self) -> "NodeUnderTest":
        """Return the node opened again, as by the next service; this one is closed."""
        return NodeUnderTest(self.root, self._storage)

    def run(self, launch: TaskLaunch) -> TaskEnding:
        """Make an attempt and return its ending."""
        self.node.launch(launch)
        return self.ending()

    def ending(self) -> TaskEnding:
        """Return the next ending."""
        while not isinstance(event := self.events.get(timeout=DEADLINE_SECONDS), TaskEnding):
            pass
        return event

    def returned(self) -> str:
        """Return the task of the next attempt that is given back."""
        while not isinstance(event := self.events.get(timeout=DEADLINE_SECONDS), TaskReturned):
            assert isinstance(event, TaskStarted), event
        return event.key.task_id

    def await_start(self) -> None:
        """Wait until the next attempt's command runs."""
        assert isinstance(self.events.get(timeout=DEADLINE_SECONDS), TaskStarted)

    def folder(self, task: str = "task") -> Path:
        """Return a task's folder."""
        return self.root / "workitems" / "job" / "job-1" / task


class Container:
    """A container, seen by the official client, and the URLs that a task gets of it."""

    def __init__(self, client: ContainerClient, endpoint: StorageEndpoint) -> None:
        self.client = client
        self._endpoint = endpoint
        self.plain_url = f"{endpoint.blob_url}/{client.container_name}"

    def url(self, permissions: str = "rwl", *, valid_for: timedelta = timedelta(hours=1), blob: str = "") -> str:
        """Return its URL, or a blob's, with a SAS."""
        sas = generate_container_sas(
            self._endpoint.account,
            self.client.container_name,
            account_key=self._endpoint.key,
            permission=ContainerSasPermissions.from_string(permissions),
            start=datetime.now(UTC) - timedelta(days=2),
            expiry=datetime.now(UTC) + valid_for,
        )
        return f"{self.plain_url}{'/' if blob else ''}{blob}?{sas}"

    def output(
        self, pattern: str, path: str | None = None, condition: UploadCondition = UploadCondition.TASK_COMPLETION
    ) -> OutputFile:
        """Return an output file that goes here."""
        return OutputFile(file_pattern=pattern, container_url=self.url("rw"), path=path, condition=condition)

    def put(self, name: str, data: bytes) -> None:
        """Make a blob."""
        self.client.upload_blob(name, data, overwrite=True)

    def blobs(self) -> dict[str, bytes]:
        """Return every blob."""
        names = list(self.client.list_blob_names())
        return {name: self.client.download_blob(name).readall() for name in names}
