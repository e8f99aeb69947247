"""The service's folder: whose it is, who uses it now, and what it holds besides its accounts."""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dispatcher.service.private_files import make_private_folder, read_or_make, write_private
from dispatcher.service.wire import JsonValue

_KEY_BYTES = 64


class FolderError(Exception):
    """The folder cannot be used for this service; the message says why and what to do."""


class DataFolder:
    """A folder that one service uses at a time."""

    def __init__(self, path: Path) -> None:
        """Make it, for this user alone.

        Raises:
            PrivacyError: it cannot be used.
        """
        self.path = path
        make_private_folder(path)
        make_private_folder(self._secrets, is_ours=True)

    @property
    def tls(self) -> Path:
        """The folder of certificates."""
        return self.path / "tls"

    @property
    def _secrets(self) -> Path:
        return self.path / "secrets"

    def pools(self) -> list[Path]:
        """Return the folders of all accounts' nodes, those of removed accounts included."""
        return [self.path / "pools", *self.path.glob("accounts/*/pools")]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other services out.

        Raises:
            FolderError: another service runs on the folder.
        """
        with (self.path / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                message = f"another service runs on the data folder {self.path}: stop it, or use another folder"
                raise FolderError(message) from None
            yield

    def default_account(self, asked: str | None, otherwise: str) -> str:
        """Return the name of the account at the root; it is chosen at the first start and stays.

        Raises:
            FolderError: another was chosen.
        """
        path = self.path / "default_account"
        kept = read_or_make(path, lambda: (asked or otherwise).encode()).decode()
        if asked is not None and asked != kept:
            raise FolderError(f"the first account of {self.path} is {kept}: name it first, or use another folder")
        return kept

    def token_key(self) -> bytes:
        """Return what tokens are signed with; it is made at the first start."""
        return read_or_make(self._secrets / "token_key", lambda: secrets.token_bytes(_KEY_BYTES))

    def identity_header(self) -> str:
        """Return what whoever asks for a token must know; it is made at the first start."""
        return read_or_make(self._secrets / "identity_header", lambda: secrets.token_hex(32).encode()).decode()

    def announce(self, facts: Mapping[str, JsonValue]) -> None:
        """Tell where the service is, in ``endpoint.json``."""
        write_private(self.path / "endpoint.json", json.dumps(facts).encode())

    def withdraw(self) -> None:
        """Take `announce` back; on a disk that can no longer be written it stays, as after a kill."""
        with suppress(OSError):
            (self.path / "endpoint.json").unlink(missing_ok=True)
