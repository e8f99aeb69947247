"""A local Batch account with its storage account: Azurite and the Batch service, in a folder of their own.

Both run under a guard (`dispatcher.guard`), so that they end with the process that started them, however that ends.
"""

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from rich.console import Console

from dispatcher.guard import Child, Event, Order, remove_folder
from dispatcher.guard_client import GuardProcess
from dispatcher.storage import ACCOUNT, AzuriteLaunch, StorageEndpoint, answers_http

CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
"""The file, in the folder of secrets, that tells the storage account."""
BATCH_KEY = "AZURE_BATCH_ACCESS_KEY"
"""The file beside it with the Batch account's key."""

_READY_SECONDS = 60.0
_WATCH_SECONDS = 0.5
_LOG_TAIL_LINES = 20
_T = TypeVar("_T")


class StackError(Exception):
    """A process of the local stack did not start, ended early or was not ready in time; the message says which."""


class LocalStack:
    """A running Azurite and, unless told otherwise, a running Batch service; use it as a context manager.

    The run folder holds ``azurite/`` (blobs), ``batch/`` (the service's state and nodes), ``secrets/`` and ``logs/``.
    Both servers listen on loopback ports that the kernel chose, so any number of stacks run side by side. A stack is
    started once.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        batch: bool = True,
        keep: bool = False,
        storage: StorageEndpoint | None = None,
        service_command: Sequence[str] = (sys.executable, "-P", "-m", "dispatcher.service"),
        service_options: Sequence[str] = (),
        ready_seconds: float = _READY_SECONDS,
        held: Sequence[int] = (),
    ) -> None:
        """Describe a stack; nothing happens yet.

        Args:
            folder: the run folder, made if missing; it is kept at the end, and a later stack finds its blobs and jobs
                again. None makes a temporary one, which is removed at the end.
            batch: whether to start the Batch service; without it there is storage only.
            keep: whether a temporary run folder stays for a look.
            storage: a storage account to use in the place of Azurite, which is not started then.
            service_command: the command that starts the service, without options.
            service_options: further options of the service; it has any free ports unless they say otherwise.
            ready_seconds: how long both may take to answer.
            held: descriptors that stay open until nothing of the stack is left, however this process ends.
        """
        self._given_folder = folder
        self._batch = batch
        self._remove_folder = folder is None and not keep
        self._service_command = tuple(service_command)
        self._service_options = tuple(service_options)
        self._held = tuple(held)
        self._ready_seconds = ready_seconds
        self._guard: GuardProcess | None = None
        self._folder: Path | None = None
        self._given_storage = storage
        self._storage: StorageEndpoint | None = None
        self._batch_endpoint: str | None = None
        self._batch_account: str | None = None

    @property
    def folder(self) -> Path:
        """The run folder, absolute."""
        return _started(self._folder)

    @property
    def logs_folder(self) -> Path:
        """Where the processes' logs lie: ``azurite.log``, ``service.log``, ``guard.log``."""
        return self.folder / "logs"

    @property
    def secrets_folder(self) -> Path:
        """Where a node's processes find their secrets, each in a file named as its environment variable would be."""
        return self.folder / "secrets"

    @property
    def storage(self) -> StorageEndpoint:
        """The storage account."""
        return _started(self._storage)

    @property
    def batch_endpoint(self) -> str:
        """The URL of the Batch account."""
        return _started(self._batch_endpoint)

    @property
    def batch_account(self) -> str:
        """The name of the Batch account."""
        return _started(self._batch_account)

    @property
    def batch_key(self) -> str:
        """The key of the Batch account, base64."""
        return (self.folder / "batch" / "secrets" / "batch_account_key").read_text(encoding="ascii").strip()

    def __enter__(self) -> Self:
        """Start the stack."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the stack."""
        self.stop()

    def start(self) -> Self:
        """Start both processes side by side and return when both answer.

        Raises:
            StorageUnavailable: there is no Azurite and none could be installed.
            StackError: a process ended early or was not ready in time. Nothing is left running then.
        """
        if self._guard is not None:
            raise StackError("this stack was started before; make another")
        self._folder = self._choose_folder()
        try:
            launch = None if self._given_storage is not None else self._prepare_azurite()
            self._start_guard(launch)
            self._await_readiness(launch)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process of the stack, those its tasks left behind included; stopping twice is no error."""
        if self._guard is not None:
            self._guard.stop()
        if self._folder is not None and self._remove_folder:
            remove_folder(self._folder)  # there is nothing left to remove unless the guard was killed or never started

    def write_secrets_of_accounts(self) -> None:
        """Write the secrets of each account's nodes into a folder of ``secrets_folder`` named after the account."""
        keys = {self.batch_account: self.batch_key}
        for key in (self.folder / "batch" / "accounts").glob("*/secrets/batch_account_key"):
            keys[key.parents[1].name] = key.read_text(encoding="ascii").strip()
        for account, key_text in keys.items():
            values = {CONNECTION_STRING: self.storage.connection_string, BATCH_KEY: key_text}
            write_secrets(self.secrets_folder / account, values)

    def wait_until_interrupted(self, console: Console) -> None:
        """Say on the console how to go on, and return at Ctrl-C.

        Raises:
            StackError: a process of the stack ended before that.
        """
        try:
            console.print(
                f"The local stack keeps running. Press Ctrl-C to stop it; its files stay in {self.folder}",
                soft_wrap=True,
            )
            while (reason := self.failure()) is None:
                time.sleep(_WATCH_SECONDS)
        except KeyboardInterrupt:
            return
        raise StackError(reason)

    def failure(self) -> str | None:
        """Return why the stack no longer runs, with the end of the ended process's log; None while it runs."""
        report = _started(self._guard).ended_child()
        if report is None:
            return None
        if report.event is Event.NOT_STARTED:
            return f"{report.name} could not be started: {report.reason}" if report.name else report.reason
        if report.event is Event.STOPPED:
            return f"the guard of the local stack ended; its log is {self.logs_folder / 'guard.log'}"
        log = self.logs_folder / f"{report.name}.log"
        return f"{report.name} ended with exit code {report.exit_code}; the end of its log:\n{_tail(log)}"

    def _choose_folder(self) -> Path:
        """The guard makes it: this process may be killed at any line, and what it made would stay."""
        if self._given_folder is not None:
            return self._given_folder.resolve()
        return Path(tempfile.gettempdir(), f"azure-batch-manager-{secrets.token_hex(6)}").resolve()

    def _prepare_azurite(self) -> AzuriteLaunch:
        try:
            text = (self.secrets_folder / CONNECTION_STRING).read_text(encoding="utf-8")
            previous: StorageEndpoint | None = StorageEndpoint.from_connection_string(text)
        except (OSError, ValueError):  # the guard says what is wrong with the folder
            previous = None
        if previous is not None and previous.account != ACCOUNT:  # one that was given
            previous = None
        return AzuriteLaunch.prepare(self.folder / "azurite", self.logs_folder / "azurite.log", previous)

    def _start_guard(self, launch: AzuriteLaunch | None) -> None:
        children = [] if launch is None else [launch.child()]
        if self._batch:
            children.append(self._service_child())
        order = Order(
            children=children,
            make_folders=[str(self.folder), str(self.logs_folder), *(child.folder for child in children)],
            log=str(self.logs_folder / "guard.log"),
            remove_folder=str(self.folder) if self._remove_folder else None,
        )
        self._guard = GuardProcess(order, self._held)

    def _service_child(self) -> Child:
        data = self.folder / "batch"
        announced = data / "endpoint.json"
        if announced.exists():  # of an earlier run
            announced.unlink()
        options = ("--data", str(data), "--port", "0", "--exit-on-stdin-eof")
        return Child(
            name="service",
            argv=(*self._service_command, *options, *self._service_options),
            folder=str(data),
            log=str(self.logs_folder / "service.log"),
        )

    def _await_readiness(self, launch: AzuriteLaunch | None) -> None:
        deadline = time.monotonic() + self._ready_seconds
        while True:
            ready = self._storage_if_ready(launch)
            if self._storage is None and ready is not None:
                self._storage = ready
                if self._batch:
                    self._link_storage(ready)
            if self._batch and self._batch_endpoint is None:
                self._read_endpoint()
            if self._storage is not None and not (self._batch and self._batch_endpoint is None):
                self._write_node_secrets(self._storage)
                return
            if (reason := self.failure()) is not None:
                raise StackError(reason)
            if time.monotonic() > deadline:
                late = "azurite" if self._storage is None else "service"
                log = _tail(self.logs_folder / f"{late}.log")
                raise StackError(f"{late} was not ready in {self._ready_seconds:g} s; the end of its log:\n{log}")

    def _storage_if_ready(self, launch: AzuriteLaunch | None) -> StorageEndpoint | None:
        if launch is not None:
            return launch.endpoint_if_ready()
        is_made = not self._batch or (self.folder / "batch").exists()  # by the guard, for this user alone
        return self._given_storage if is_made else None

    def _link_storage(self, storage: StorageEndpoint) -> None:
        link = {"account": storage.account, "endpoint": storage.blob_url, "key": storage.key}
        write_secrets(self.folder / "batch" / "secrets", {"storage_link.json": json.dumps(link)})

    def _write_node_secrets(self, storage: StorageEndpoint) -> None:
        values = {CONNECTION_STRING: storage.connection_string}
        if self._batch:
            values[BATCH_KEY] = self.batch_key
        write_secrets(self.secrets_folder, values)

    def _read_endpoint(self) -> None:
        try:
            facts = json.loads((self.folder / "batch" / "endpoint.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):  # not there yet, or half written
            return
        url = urlsplit(facts["endpoint"])
        if url.hostname is not None and url.port is not None and answers_http(url.hostname, url.port):
            self._batch_endpoint = facts["endpoint"]
            self._batch_account = facts["account"]


def write_secrets(folder: Path, values: Mapping[str, str]) -> None:
    """Write each value to a file of its name, whole or not at all, in a folder that this user alone may read.

    Each file is readable and writable by this user alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in values.items():
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=".")  # mode 0600
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(value)
        Path(draft).replace(folder / name)


def _tail(log: Path) -> str:
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL_LINES:])


def _started(value: _T | None) -> _T:
    if value is None:
        raise StackError("the local stack is not running, or runs without the Batch service")
    return value
