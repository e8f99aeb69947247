"""The service as a process: its data folder, its life on a port, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import fcntl
import json
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from dispatcher.service.account import Service
from dispatcher.service.app import make_app
from dispatcher.service.clock import SystemClock
from dispatcher.service.local_nodes import LocalNodes
from dispatcher.service.orphans import end_orphans
from dispatcher.service.shared_key import Credential
from dispatcher.service.store import SchemaError, Store

logger = logging.getLogger(__name__)

_KEY_BYTES = 64
_BACKLOG = 512


class ConfigurationError(Exception):
    """The service cannot start as it was told; the message says why and what to do."""


class ServiceFailed(Exception):  # noqa: N818 - it says what happened
    """The service ended because of a fault of its own."""


class _Server(uvicorn.Server):
    """A server that says when it listens, and leaves signals to `serve`."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)
        self._listening()


def run(data: Path, *, port: int, account: str, exit_on_stdin_eof: bool) -> None:
    """Serve an account from a data folder until SIGTERM, SIGINT or, if asked for, the end of standard input.

    When it listens, it writes ``endpoint.json`` into the folder and prints ``ready <endpoint>``.

    Raises:
        ConfigurationError: the folder cannot be used, or the port is taken.
        ServiceFailed: the worker failed; the log says why.
    """
    _make_private(data)
    with _lock(data), _listen(port) as listener:
        if orphans := end_orphans(data / "pools"):
            logger.warning("ended %d processes that an earlier service had left running", orphans)
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        clock = SystemClock()
        nodes = LocalNodes(data=data, account=account, account_url=f"{endpoint}/", clock=clock)
        credential = Credential(account=account, key=_account_key(data))
        store = _open_store(data / "state.sqlite3")
        service = Service(store=store, maker=nodes, credential=credential, clock=clock)
        try:
            asyncio.run(_serve(service, listener, data, endpoint, exit_on_stdin_eof))
        finally:
            service.close()
            (data / "endpoint.json").unlink(missing_ok=True)
    if service.failed:
        raise ServiceFailed("the worker of the service failed; the log says why")


async def _serve(service: Service, listener: socket.socket, data: Path, endpoint: str, exit_on_stdin_eof: bool) -> None:
    config = uvicorn.Config(
        make_app(service.pipeline), access_log=False, log_config=None, lifespan="off", timeout_graceful_shutdown=2
    )

    def listening() -> None:
        _announce(data, endpoint, service.core.account)

    server = _Server(config, listening)

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if exit_on_stdin_eof:
        threading.Thread(target=_await_eof, args=(loop, stop), name="stdin", daemon=True).start()
    service.start(stop)
    try:
        await server.serve(sockets=[listener])
    finally:
        service.stop()  # while the loop is there for what nodes report


def _await_eof(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stop)


def _announce(data: Path, endpoint: str, account: str) -> None:
    facts = json.dumps({"endpoint": endpoint, "account": account, "pid": os.getpid()})
    draft = data / ".endpoint.json"
    draft.write_text(facts, encoding="utf-8")
    draft.replace(data / "endpoint.json")
    print(f"ready {endpoint}", flush=True)


def _make_private(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "secrets").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot use the data folder {data}: {error.strerror}") from None


@contextmanager
def _lock(data: Path) -> Iterator[None]:
    with (data / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = f"another service runs on the data folder {data}: stop it, or use another folder"
            raise ConfigurationError(message) from None
        yield


@contextmanager
def _listen(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigurationError(f"cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
        listener.listen(_BACKLOG)
        yield listener


def _account_key(data: Path) -> bytes:
    """Return the account's key; it is made at the first start."""
    path = data / "secrets" / "batch_account_key"
    with contextlib.suppress(FileExistsError), open(path, "x", opener=_open_private) as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii"))
    try:
        key = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
    except (UnicodeDecodeError, binascii.Error):
        raise ConfigurationError(f"{path} does not hold a base64 key: delete it for a new one") from None
    if not key:
        raise ConfigurationError(f"{path} is empty: delete it for a new key")
    return key


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _open_store(path: Path) -> Store:
    try:
        return Store(path)
    except SchemaError as error:
        raise ConfigurationError(str(error)) from None
