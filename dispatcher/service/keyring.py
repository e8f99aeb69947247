"""An account's two keys, in files of its folder of secrets."""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path

from dispatcher.service.accounts import AccountKeys, KeyName
from dispatcher.service.private_files import make_private_folder, read_or_make, write_private

_KEY_BYTES = 64  # as long as Azure's

_FILES = {KeyName.PRIMARY: "batch_account_key", KeyName.SECONDARY: "batch_account_key_secondary"}


class KeyFileError(Exception):
    """A key's file does not hold one; the message names the file and never its content."""


class Keyring:
    """The keys of one account; they are made when there are none, and outlive the service."""

    def __init__(self, folder: Path) -> None:
        """Read the keys.

        Raises:
            KeyFileError: a file does not hold a base64 key.
            PrivacyError: the folder cannot be used.
        """
        make_private_folder(folder, is_ours=True)
        self._folder = folder
        self._keys = {name: self._read(name) for name in KeyName}

    def keys(self) -> AccountKeys:
        """Return both, base64."""
        primary, secondary = (base64.b64encode(self._keys[name]).decode("ascii") for name in KeyName)
        return AccountKeys(primary=primary, secondary=secondary)

    def decoded(self) -> tuple[bytes, ...]:
        """Return what requests may be signed with."""
        return tuple(self._keys.values())

    def regenerate(self, name: KeyName) -> AccountKeys:
        """Replace a key, durably; return both."""
        write_private(self._folder / _FILES[name], _new_key())
        self._keys[name] = self._read(name)
        return self.keys()

    def _read(self, name: KeyName) -> bytes:
        path = self._folder / _FILES[name]
        try:
            key = base64.b64decode(read_or_make(path, _new_key).strip(), validate=True)
        except binascii.Error:
            raise KeyFileError(f"{path} does not hold a base64 key: delete it for a new one") from None
        if not key:
            raise KeyFileError(f"{path} is empty: delete it for a new key")
        return key


def _new_key() -> bytes:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES))
