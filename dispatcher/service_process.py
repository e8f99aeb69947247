"""The life of a local service: started in the foreground or without a terminal, and stopped."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console

from batch_manager.definitions import PoolDefinition
from batch_manager.errors import ServiceError
from dispatcher.local import POOL_ID, local_client
from dispatcher.processes import send_signal
from dispatcher.service.disk import disk_failures
from dispatcher.service_folder import Running, ServiceFolder
from dispatcher.stack import LocalStack, StackError
from dispatcher.storage import StorageEndpoint

STOP_SECONDS = 90.0
"""How long a service may take to end its tasks and clear up."""

_EXIT_SECONDS = 5.0
_CONFLICT = 409


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSettings:
    """A pool to make at the start."""

    nodes: int
    slots: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StartSettings:
    """How to start a service.

    Attributes:
        folder: its folder.
        ports: those it must have, besides free ones.
        options: the Batch service's own command line.
        storage: a storage account in the place of Azurite.
        pool: a pool named ``local`` to make if there is none.
    """

    folder: ServiceFolder
    ports: Sequence[int]
    options: Sequence[str]
    storage: StorageEndpoint | None = None
    pool: PoolSettings | None = None


class DetachedFailed(Exception):  # noqa: N818 - it says what happened
    """A service without a terminal did not start; the message is what it said."""

    def __init__(self, message: str, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(message)


def serve(settings: StartSettings, ready: Callable[[], None], console: Console) -> None:
    """Start a service, call ``ready`` when it answers, and end it at Ctrl-C or SIGTERM.

    Raises:
        FolderInUse, PrivacyError, DiskFailed: the folder cannot be used now.
        StackError: a port is taken, or a process of the service did not start or ended early.
        StorageUnavailable: there is no Azurite.
    """
    with disk_failures(settings.folder.path), settings.folder.claim() as lock:
        for port in settings.ports:
            _check_port(port)
        stack = LocalStack(
            settings.folder.path, storage=settings.storage, service_options=settings.options, held=(lock,)
        )
        with stack:
            stack.write_secrets_of_accounts()
            if settings.pool is not None:
                _make_pool(stack, settings.pool, console)
            settings.folder.tell_ready()
            ready()
            stack.wait_until_interrupted(console)


def detach(folder: ServiceFolder) -> Callable[[], None] | None:
    """Split in two: this process, which returns None once the service is ready, and one without a terminal.

    In the other it returns what that must call when the service is ready, and everything it prints goes to the
    start log.

    Raises:
        DetachedFailed: the other ended before it was ready.
        DiskFailed: the disk is so full that it could not say why.
    """
    readable, writable = os.pipe()
    folder.start_log.unlink(missing_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(readable)
        _leave_terminal(folder)
        return lambda: _say_ready(writable)
    os.close(writable)
    try:
        with open(readable, "rb") as pipe:
            if pipe.read():
                return None
    except KeyboardInterrupt:
        send_signal(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    exit_code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = folder.start_log.read_text(encoding="utf-8", errors="replace").strip()
    if not said and not os.statvfs(folder.path).f_bavail:  # it could not even say so
        with disk_failures(folder.path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise DetachedFailed(said, exit_code)


def stop(folder: ServiceFolder) -> bool:
    """End the service that runs on a folder, with all its processes; say whether there was one.

    Raises:
        StackError: it does not end.
    """
    if (state := folder.running()) is Running.NO:
        return False
    main = None
    while state is not Running.NO:
        if (pid := folder.process_id()) is not None:
            main = pid
            send_signal(pid, signal.SIGTERM)
        previous, state = state, folder.await_change(state, STOP_SECONDS)
        if state is previous:
            raise StackError(f"the service on {folder.path} is {state.value} and does not end; see {folder.path}/logs")
    if main is not None:
        folder.await_end(main, _EXIT_SECONDS)
    return True


def _check_port(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
            trial.listen(1)
        except OSError as error:
            message = f"port {port} of 127.0.0.1 cannot be had: {error.strerror}. Choose others: --port, --https-port"
            raise StackError(message) from None


def _make_pool(stack: LocalStack, pool: PoolSettings, console: Console) -> None:
    definition = PoolDefinition(id=POOL_ID, target_dedicated_nodes=pool.nodes, task_slots_per_node=pool.slots)
    try:
        local_client(stack).create_pool(definition)
    except ServiceError as error:
        if error.status != _CONFLICT:
            raise
        console.print(f"There is a pool {POOL_ID!r} already, which stays as it is.")


def _leave_terminal(folder: ServiceFolder) -> None:
    os.setsid()
    folder.start_log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = os.open(folder.start_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)


def _say_ready(descriptor: int) -> None:
    os.write(descriptor, b"ready")
    os.close(descriptor)
