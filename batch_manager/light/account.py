"""Where the Batch account is and who asks, as the environment says it: the settings of ``_settings_model`` that matter
here, from the same places in the same order, without pydantic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from batch_manager.environment import SECRETS_DIRECTORY
from batch_manager.light.errors import NotLightError

_ENDPOINT = ("batch_endpoint", "AZURE_BATCH_ENDPOINT", "AZ_BATCH_ACCOUNT_URL")
_NAME = ("batch_account_name", "AZURE_BATCH_ACCOUNT", "AZ_BATCH_ACCOUNT_NAME")
_KEY = ("batch_account_key", "AZURE_BATCH_ACCESS_KEY")
_CLIENT_ID = ("identity_client_id", "AZURE_CLIENT_ID")


class Account(NamedTuple):
    """A Batch account, and either a key for it or the identity whose token opens it."""

    endpoint: str
    name: str | None
    key: str | None
    """Base64."""
    client_id: str | None
    """Of the managed identity."""

    def __repr__(self) -> str:
        """Leave the key out."""
        return f"Account(endpoint={self.endpoint!r}, name={self.name!r}, client_id={self.client_id!r})"


def read_account(environ: Mapping[str, str]) -> Account:
    """The account of this environment.

    Raises:
        NotLightError: something is missing or unusual, so that the settings themselves have to be read.
    """
    if os.path.exists(".env"):  # noqa: PTH110 - pathlib is imported where a task needs it
        raise NotLightError("there is a .env file")
    look_up = _Values(environ)
    endpoint = look_up.first(_ENDPOINT)
    if endpoint is None:
        raise NotLightError("no endpoint is set")
    account = Account(
        endpoint=endpoint.rstrip("/"),
        name=look_up.first(_NAME),
        key=look_up.first(_KEY),
        client_id=look_up.first(_CLIENT_ID),
    )
    _check(account, environ)
    return account


def _check(account: Account, environ: Mapping[str, str]) -> None:
    url = urlsplit(account.endpoint)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username is not None:
        raise NotLightError("the endpoint is no plain URL")
    if _goes_through_proxy(url.scheme, url.hostname, environ):
        raise NotLightError("there is a proxy")
    if account.key is not None:
        if account.name is None:
            raise NotLightError("a key is set, and no account name")
    elif account.client_id is None:
        raise NotLightError("neither a key nor a managed identity is set")
    elif url.scheme != "https":
        raise NotLightError("a token goes over https only")


def _goes_through_proxy(scheme: str, host: str, environ: Mapping[str, str]) -> bool:
    """Whether Microsoft's client may ask a proxy; it knows more ways of saying that it must not."""
    lower = {name.lower(): value for name, value in environ.items() if value}
    direct = {name.strip() for name in lower.get("no_proxy", "").split(",")}
    return bool({f"{scheme}_proxy", "all_proxy"} & lower.keys()) and not {host, "*"} & direct


class _Values:
    """Environment and secrets folder; names compare without case, as pydantic-settings compares them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {name.lower(): value for name, value in environ.items()}
        self._folder = environ.get(SECRETS_DIRECTORY)
        self._files = self._list()

    def first(self, names: tuple[str, ...]) -> str | None:
        """The value of the first name that is set in the environment; if none is, of the first in the folder."""
        lower = [name.lower() for name in names]
        for name in lower:
            if name in self._environ:
                return self._environ[name]
        return next((self._read(self._files[name]) for name in lower if name in self._files), None)

    def _list(self) -> dict[str, str]:
        if self._folder is None:
            return {}
        try:
            return {name.lower(): name for name in os.listdir(self._folder)}
        except OSError:
            raise NotLightError("the secrets folder cannot be read") from None

    def _read(self, file: str) -> str:
        try:
            with open(os.path.join(self._folder or "", file), encoding="utf-8") as opened:
                return opened.read().strip()
        except (OSError, ValueError):
            raise NotLightError("a file in the secrets folder cannot be read") from None
