"""The service as a process: put together on a folder and two ports, served, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dispatcher.service.app import make_app
from dispatcher.service.clock import SystemClock
from dispatcher.service.core import Core
from dispatcher.service.data_folder import DataFolder, FolderError
from dispatcher.service.disk import disk_failures
from dispatcher.service.faults.admin import Admin
from dispatcher.service.faults.connections import TellingProtocol
from dispatcher.service.faults.injector import Faults
from dispatcher.service.faults.loading import new_seed
from dispatcher.service.faults.log import FaultLog
from dispatcher.service.faults.nodes import make_commander
from dispatcher.service.faults.plan import Plan, Replay
from dispatcher.service.faults.text import plan_text
from dispatcher.service.host import Host
from dispatcher.service.identity import endpoint as identity
from dispatcher.service.identity.authority import TokenAuthority
from dispatcher.service.identity.endpoint import IdentityEndpoint
from dispatcher.service.keyring import KeyFileError
from dispatcher.service.listeners import Listeners, PortError, address_of, listen
from dispatcher.service.local_accounts import HostSettings, LocalAccounts
from dispatcher.service.management import make_management
from dispatcher.service.node.limits import raise_soft_limit
from dispatcher.service.options import ServiceOptions
from dispatcher.service.orphans import end_orphans
from dispatcher.service.private_files import PrivacyError
from dispatcher.service.storage_link import read_storage_link
from dispatcher.service.store import SchemaError
from dispatcher.service.tls import prepare_tls

logger = logging.getLogger(__name__)

DEFAULT_ACCOUNT = "local"


class ConfigurationError(Exception):
    """The service cannot start as it was told; the message says why and what to do."""


class ServiceFailed(Exception):  # noqa: N818 - it says what happened
    """The service ended because of a fault of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """What a service process is told."""

    data: Path
    """Its folder, absolute."""
    port: int = 0
    """Of HTTP; 0 takes a free one."""
    https_port: int = 0
    accounts: tuple[str, ...] = ()
    """Those to make if missing; the first is served at the root too, and is ``local`` unless given."""
    options: ServiceOptions = field(default_factory=ServiceOptions)
    exit_on_stdin_eof: bool = False
    """Whether it ends with its standard input, as with SIGTERM and SIGINT."""
    faults: Plan | Replay | None = None
    """What to put in on purpose."""
    admin: bool = False
    """Whether clients can see and change that."""


def run(settings: ServerSettings) -> None:
    """Serve until told to stop.

    When it serves, it writes ``endpoint.json`` into the folder and prints ``ready <endpoint>``.

    Raises:
        ConfigurationError: the folder cannot be used, or a port is taken.
        ServiceFailed: the worker of an account failed; the log says why.
        DiskFailed: the disk under the folder is full, read-only or broken; all that was accepted is kept.
    """
    try:
        with disk_failures(settings.data):
            failed = _run(settings)
    except (FolderError, KeyFileError, PortError, PrivacyError, SchemaError) as error:
        raise ConfigurationError(str(error)) from None
    if failed:
        raise ServiceFailed("the worker of the service failed; the log says why")


def _run(settings: ServerSettings) -> bool:
    raise_soft_limit()
    folder = DataFolder(settings.data)
    with ExitStack() as stack:
        stack.enter_context(folder.lock())
        http = stack.enter_context(listen(settings.port))
        https = stack.enter_context(listen(settings.https_port))
        if orphans := sum(end_orphans(pools) for pools in folder.pools()):
            logger.warning("ended %d processes that an earlier service had left running", orphans)
        process = _Process(settings, folder, http, https)
        stack.callback(folder.withdraw)
        stack.callback(process.accounts.close)
        asyncio.run(process.serve())
        if process.accounts.failure is not None:
            raise process.accounts.failure
        return process.accounts.failed


class _Process:
    """The parts of a running service."""

    def __init__(self, settings: ServerSettings, folder: DataFolder, http: socket.socket, https: socket.socket) -> None:
        clock = SystemClock()
        self._settings = settings
        self._folder = folder
        self._url = f"http://{address_of(http)}"
        self._tls_host = address_of(https)
        self._tls = prepare_tls(folder.tls, clock.now())
        tokens = TokenAuthority(folder.token_key(), clock)
        faults = _make_faults(settings, folder, clock)
        self.accounts = _open_accounts(settings, folder, self._url, self._tls_host, tokens, clock, faults)
        management = make_management(self.accounts, find_link=partial(read_storage_link, settings.data), clock=clock)
        host = Host(
            accounts=self.accounts,
            identity=IdentityEndpoint(tokens, folder.identity_header()),
            management=management.answer,
            tokens=tokens,
            clock=clock,
            faults=faults,
            admin=None if faults is None or not settings.admin else _make_admin(faults, self.accounts, clock),
        )
        self._listeners = Listeners(
            make_app(host.answer),
            http=http,
            https=https,
            tls=self._tls,
            ready=self._announce,
            protocol=None if faults is None else TellingProtocol,
        )

    async def serve(self) -> None:
        """Serve until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._listeners.stop)
        if self._settings.exit_on_stdin_eof:
            arguments = (loop, self._listeners.stop)
            threading.Thread(target=_await_eof, args=arguments, name="stdin", daemon=True).start()
        self.accounts.start(self._listeners.stop)
        for name in self._settings.accounts:
            self.accounts.create(name)
        try:
            await self._listeners.serve()
        finally:
            self.accounts.stop()  # while the loop is there for what nodes report

    def _announce(self) -> None:
        names = self.accounts.names()
        self._folder.announce(
            {
                "account": names[0],
                "accounts": list(names),
                "ca": str(self._tls.authority),
                "ca_bundle": str(self._tls.bundle),
                "endpoint": self._url,
                "https_endpoint": f"https://{self._tls_host}",
                "identity_endpoint": f"{self._url}{identity.PATH}",
                "pid": os.getpid(),
            }
        )
        print(f"ready {self._url}", flush=True)


def _open_accounts(
    settings: ServerSettings,
    folder: DataFolder,
    url: str,
    tls_host: str,
    tokens: TokenAuthority,
    clock: SystemClock,
    faults: Faults | None,
) -> LocalAccounts:
    asked = settings.accounts[0] if settings.accounts else None
    host = HostSettings(
        data=settings.data,
        default=folder.default_account(asked, DEFAULT_ACCOUNT),
        url=url,
        tls_host=tls_host,
        options=settings.options,
    )
    return LocalAccounts(host, tokens=tokens, clock=clock, faults=faults)


def _make_admin(faults: Faults, accounts: LocalAccounts, clock: SystemClock) -> Admin:
    account = accounts.names()[0]
    service = accounts.find(account)
    if service is None:
        raise RuntimeError(f"there is no account {account}")

    def find_core(name: str) -> Core | None:
        found = accounts.find(name)
        return None if found is None else found.core

    command = make_commander(find_core)
    return Admin(faults, authenticate=service.authenticator.check, command=command, account=account, clock=clock)


def _make_faults(settings: ServerSettings, folder: DataFolder, clock: SystemClock) -> Faults | None:
    """Return what puts faults in, or None: then nothing in the service asks.

    Raises:
        FolderError: the log of faults cannot be written.
    """
    if settings.faults is None and not settings.admin:
        return None
    log = FaultLog(folder.path / "faults.jsonl")
    try:
        faults = Faults(settings.faults or Plan(seed=new_seed()), log, clock)
    except OSError as error:
        raise FolderError(f"cannot write {log.path}: {error.strerror or error}") from None
    logger.warning("faults on purpose: %s", plan_text(faults.source))
    return faults


def _await_eof(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stop)
