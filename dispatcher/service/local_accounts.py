"""The accounts of a service on this machine: each a folder with its state, its nodes and its keys.

The default account's folder is the service's own; the others lie below ``accounts/``. All run on one event loop.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dispatcher.service.account import Service
from dispatcher.service.accounts import AccountKeys, AccountLeaving, KeyName, Removal
from dispatcher.service.authentication import Authenticator
from dispatcher.service.clock import Clock
from dispatcher.service.faults.injector import Faults
from dispatcher.service.identity.authority import TokenAuthority
from dispatcher.service.keyring import Keyring
from dispatcher.service.local_nodes import LocalNodes
from dispatcher.service.node.removal import remove_tree
from dispatcher.service.options import ACCOUNT_NAME, ServiceOptions
from dispatcher.service.private_files import make_private_folder
from dispatcher.service.shared_key import Credential
from dispatcher.service.store import Store, StoreFailed

logger = logging.getLogger(__name__)

_REMOVED = ".removed-"
_UNFINISHED = ".new-"


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSettings:
    """What all accounts of a service have in common."""

    data: Path
    """The service's folder."""
    default: str
    """The name of the account that is also served at the root."""
    url: str
    """Of the service over HTTP, without a slash at the end."""
    tls_host: str
    """``127.0.0.1:PORT`` of the service over HTTPS."""
    options: ServiceOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hosted:
    name: str
    folder: Path
    keyring: Keyring
    service: Service


class LocalAccounts:
    """See `Accounts`. It opens what the folder holds; nothing runs before `start`."""

    def __init__(
        self, settings: HostSettings, *, tokens: TokenAuthority, clock: Clock, faults: Faults | None = None
    ) -> None:
        """Open every account of the folder.

        Raises:
            KeyFileError, PrivacyError, SchemaError: an account's folder cannot be used.
        """
        self._settings = settings
        self._tokens = tokens
        self._clock = clock
        self._faults = faults
        self._stop: Callable[[], None] | None = None
        self._hosted: dict[str, _Hosted] = {}
        self._leaving: set[str] = set()
        """Accounts that are being removed: their folders are still there."""
        make_private_folder(self._others, is_ours=True)
        with ExitStack() as undo:
            undo.callback(self.close)
            self._open(settings.default)
            for name in _kept_names(self._others):
                self._open(name)
            undo.pop_all()

    @property
    def _others(self) -> Path:
        return self._settings.data / "accounts"

    @property
    def failed(self) -> bool:
        """Whether the worker of an account met a fault and stopped."""
        return any(hosted.service.failed for hosted in self._hosted.values())

    @property
    def failure(self) -> StoreFailed | None:
        """What the disk did to the state of an account, so that all had to stop; None where it did nothing."""
        return next((hosted.service.failure for hosted in self._hosted.values() if hosted.service.failure), None)

    def start(self, stop: Callable[[], None]) -> None:
        """Let every account run on the running loop; ``stop`` is called if a step of one fails."""
        self._stop = stop
        for hosted in self._hosted.values():
            hosted.service.start(stop)

    def stop(self) -> None:
        """Let no account make another step."""
        for hosted in self._hosted.values():
            hosted.service.stop()

    def close(self) -> None:
        """End every task and close everything."""
        with ExitStack() as closing:
            for hosted in self._hosted.values():
                closing.callback(hosted.service.close)

    def names(self) -> tuple[str, ...]:
        """See `Accounts`."""
        return tuple(self._hosted)

    def find(self, name: str) -> Service | None:
        """See `Accounts`."""
        hosted = self._hosted.get(name.lower())
        return None if hosted is None else hosted.service

    def create(self, name: str, document: str | None = None) -> Service:
        """See `Accounts`.

        Raises:
            ValueError: that is no name of an account.
            AccountLeaving: an account of that name is being removed.
        """
        if name.lower() in self._leaving:
            raise AccountLeaving(name)
        if (service := self.find(name)) is not None:
            return service
        if ACCOUNT_NAME.fullmatch(name.lower()) is None:
            raise ValueError(f"{name!r} is no account name: 3 to 24 lower-case letters and digits")
        if document is not None:
            self._prepare(name.lower(), document)
        service = self._open(name.lower()).service
        if self._stop is not None:
            service.start(self._stop)
        return service

    def remove(self, name: str) -> Removal:
        """See `Accounts`.

        Raises:
            ValueError: it is the default account.
        """
        if name.lower() == self._settings.default:
            raise ValueError(f"{name} is the default account, which cannot be removed")
        hosted = self._hosted.pop(name.lower())
        self._leaving.add(hosted.name)
        hosted.service.stop()
        return Removal(end=hosted.service.end_nodes, finish=partial(self._finish, hosted))

    def _finish(self, hosted: _Hosted) -> None:
        hosted.service.close_store()
        removed = self._others / f"{_REMOVED}{secrets.token_hex(8)}"
        hosted.folder.rename(removed)  # from here on it is gone, whenever the process dies
        self._leaving.discard(hosted.name)
        threading.Thread(target=_clear, args=(removed,), name="remove account", daemon=True).start()

    def keys(self, name: str) -> AccountKeys:
        """See `Accounts`."""
        return self._hosted[name.lower()].keyring.keys()

    def regenerate(self, name: str, key: KeyName) -> AccountKeys:
        """See `Accounts`."""
        return self._hosted[name.lower()].keyring.regenerate(key)

    def host(self, name: str) -> str:
        """See `Accounts`."""
        return f"{self._settings.tls_host}/a/{name.lower()}"

    def _prepare(self, name: str, document: str) -> None:
        """Make the folder of an account that has a document, all at once."""
        unfinished = self._others / f"{_UNFINISHED}{name}"
        _clear(unfinished)
        make_private_folder(unfinished)
        store = Store(unfinished / "state.sqlite3")
        store.account.put(document)
        store.close()
        unfinished.rename(self._others / name)

    def _open(self, name: str) -> _Hosted:
        is_default = name == self._settings.default
        folder = self._settings.data if is_default else self._others / name
        make_private_folder(folder, is_ours=True)
        keyring = Keyring(folder / "secrets")
        nodes = LocalNodes(
            data=folder,
            account=name,
            account_url=f"{self._settings.url}/" if is_default else f"{self._settings.url}/a/{name}/",
            clock=self._clock,
            link_folder=self._settings.data,
            warm=self._settings.options.warm,
            variables={
                variable: value.replace("{account}", name)
                for variable, value in self._settings.options.node_variables.items()
            },
        )
        service = Service(
            account=name,
            store=Store(folder / "state.sqlite3"),
            maker=nodes,
            authenticator=Authenticator(
                credentials=lambda: [Credential(account=name, key=key) for key in keyring.decoded()],
                clock=self._clock,
                tokens=self._tokens,
            ),
            clock=self._clock,
            options=self._settings.options,
            faults=self._faults,
        )
        self._hosted[name] = _Hosted(name=name, folder=folder, keyring=keyring, service=service)
        return self._hosted[name]


def _kept_names(folder: Path) -> Iterator[str]:
    """Return the accounts of a folder, by name; what is left of removed and unfinished ones is cleared."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((_REMOVED, _UNFINISHED)):
            _clear(path)
        elif ACCOUNT_NAME.fullmatch(path.name) is not None and path.is_dir():
            yield path.name


def _clear(folder: Path) -> None:
    with suppress(OSError):
        remove_tree(folder)
    if folder.exists():
        logger.warning("could not delete all of the removed account's folder %s", folder)
