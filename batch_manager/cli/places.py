"""The places that ``copy`` takes: URLs, and names in the account of the environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from batch_manager.cli.accounts import account_settings
from batch_manager.cli.telling import read_secret
from batch_manager.errors import InputError

if TYPE_CHECKING:
    from batch_manager.transfer import BlobStore, Place

_CONTAINER = re.compile(r"\$?[a-z0-9][a-z0-9-]{1,62}")
_IP_ADDRESS_OR_NAME = re.compile(r"[0-9.]+|\[.*\]|localhost|[^.]+")


class Words(NamedTuple):
    """A place as it was spelled.

    Attributes:
        account_url: the blob endpoint; None for the account of the environment.
        container: the container.
        path: the blob or the virtual folder; empty for the whole container.
    """

    account_url: str | None
    container: str
    path: str


def read_place(text: str) -> Words:
    """A place of the command line.

    Raises:
        InputError: it is no place; its query, where a SAS would be, is not repeated.
    """
    account_url: str | None = None
    path = text
    if "://" in text:
        url = _split(text)
        if url.query or url.fragment or "@" in url.netloc:
            raise InputError(
                "a URL of a container or a blob must have no query: other processes can read a SAS on a command line; "
                "give --from-connection or --to-connection a file"
            )
        account, path = "", unquote(url.path).lstrip("/")
        if _IP_ADDRESS_OR_NAME.fullmatch(url.hostname or ""):  # an emulator has the account in the path
            account, _, path = path.partition("/")
        account_url = f"{url.scheme}://{url.netloc}/{account}".rstrip("/")
    container, _, blob = path.partition("/")
    if not _CONTAINER.fullmatch(container):
        raise InputError(
            f"{text!r} names no container: give a URL such as https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH, or "
            "CONTAINER/PATH"
        )
    return Words(account_url, container, blob)


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:  # the text may hold a SAS, so it is not repeated
        raise InputError(
            f"the URL of a place cannot be read: {error}; give https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH"
        ) from None


def place_of(text: str, connection: Path | None) -> Place:
    """A place with the client of its account.

    Raises:
        InputError: it is no place, or the connection string is not its account's.
        ConfigurationError: there is nothing to ask its account with.
    """
    from batch_manager.transfer import Place

    words = read_place(text)
    store = _store(words.account_url, connection)
    if words.account_url is not None and words.account_url != store.account_url:
        raise InputError(f"the connection string in {str(connection)!r} is of {store.account_url}, not of {text}")
    return Place(store=store, container=words.container, path=words.path)


def _store(account_url: str | None, connection: Path | None) -> BlobStore:
    from batch_manager.factory import BatchClientFactory
    from batch_manager.settings import BatchClientSettings

    settings = account_settings()
    if connection is not None:
        settings = BatchClientSettings(
            storage_connection_string=read_secret(connection), patience_seconds=settings.patience_seconds
        )
    own = BatchClientFactory.create_transfer(settings)
    if account_url is None or account_url == own.account_url or connection is not None:
        return own
    if not account_url.startswith("https://"):
        raise InputError(
            f"{account_url} is another account than the environment's, and a token must not be sent by http: give a "
            "file with its connection string as --from-connection or --to-connection"
        )
    # Another account, by the identity that the environment gives; the key is its own account's.
    return BatchClientFactory.create_transfer(
        BatchClientSettings(storage_account_url=account_url, storage_connection_string=None)
    )
