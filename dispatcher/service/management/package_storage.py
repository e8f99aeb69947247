"""Where application packages lie: containers of the service's storage account, as Azure lays them out.

Each application has a container ``app-<application>-<hash>``, which the account's name is part of, so that accounts
can share a storage account. Requests are made on a thread of their own, one after the other.
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.sas import VERSION, blob_url, signed_blob_url
from dispatcher.service.node.blob_signing import StorageLink, authorization

if TYPE_CHECKING:
    import httpx  # with all that it brings, most services never ask a storage account for anything

logger = logging.getLogger(__name__)

_SECONDS, _CONNECT_SECONDS = 10.0, 3.0
_LONGEST_WORD = 18
_MISSING = 404
_EXISTS = 409


class PackageStorage(Protocol):
    """What the management plane asks of a storage account."""

    @property
    def account(self) -> str:
        """The storage account's name."""
        ...

    def upload_url(self, container: str, blob: str, expiry: datetime) -> str:
        """Return a URL with which anyone can read and write a blob until ``expiry``."""
        ...

    def make_container(self, container: str) -> None:
        """Make a container, unless it is there.

        Raises:
            ManagementError: storage does not answer.
        """
        ...

    def has(self, container: str, blob: str) -> bool:
        """Say whether there is a blob.

        Raises:
            ManagementError: storage does not answer.
        """
        ...

    def remove(self, container: str, blob: str | None = None) -> bool:
        """Delete a blob, or a container, and say whether it is gone; what cannot be deleted is left and logged."""
        ...


StorageFinder = Callable[[], PackageStorage | None]
"""Tells the storage account there is now, None where there is none."""


def container_of(account: str, application_id: str) -> str:
    """Return the name of an application's container; ids that differ in case alone have the same."""
    word = re.sub(r"[^a-z0-9]+", "-", application_id.lower()).strip("-")[:_LONGEST_WORD].strip("-") or "x"
    digest = hashlib.sha1(f"{account}/{application_id}".lower().encode(), usedforsecurity=False).hexdigest()
    return f"app-{word}-{digest}"


def new_blob_of(application_id: str, version: str) -> str:
    """Return a name for the blob of a version, never the same twice."""
    return f"{application_id}-{version}-{uuid.uuid4()}"


class LinkedStorage:
    """A storage account whose key the service holds."""

    def __init__(self, link: StorageLink, transport: httpx.BaseTransport | None = None) -> None:
        """Describe it; ``transport`` is for tests."""
        self._link = link
        self._transport = transport

    @property
    def account(self) -> str:
        """The storage account's name."""
        return self._link.account

    def upload_url(self, container: str, blob: str, expiry: datetime) -> str:
        """Return a URL with which anyone can read and write a blob until ``expiry``."""
        return signed_blob_url(self._link, container, blob, permissions="rw", expiry=expiry)

    def make_container(self, container: str) -> None:
        """Make a container, unless it is there."""
        url = f"{self._link.endpoint.rstrip('/')}/{container}?restype=container"
        _require(self._send("PUT", url), _EXISTS)

    def has(self, container: str, blob: str) -> bool:
        """Say whether there is a blob."""
        answer = self._send("HEAD", blob_url(self._link, container, blob))
        _require(answer, _MISSING)
        return answer.is_success

    def remove(self, container: str, blob: str | None = None) -> bool:
        """Delete a blob, or a container; say whether it is gone."""
        url = f"{self._link.endpoint.rstrip('/')}/{container}?restype=container"
        try:
            _require(self._send("DELETE", url if blob is None else blob_url(self._link, container, blob)), _MISSING)
        except ManagementError:
            logger.warning("could not delete %s from the storage account", blob or container)
            return False
        return True

    def _send(self, method: str, url: str) -> httpx.Response:
        import httpx

        timeout = httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS)
        headers = {"x-ms-date": format_datetime(datetime.now(UTC), usegmt=True), "x-ms-version": VERSION}
        if method == "PUT":
            headers["content-length"] = "0"
        headers["authorization"] = authorization(self._link, method, url, headers)
        try:
            # No proxy from the environment: it would not reach a storage emulator on this machine's loopback.
            with httpx.Client(timeout=timeout, transport=self._transport, trust_env=False) as client:
                return client.request(method, url, headers=headers)
        except httpx.HTTPError as error:
            logger.warning("the storage account does not answer: %s", type(error).__name__)
            raise ManagementError(Fault.AUTO_STORAGE_UNAVAILABLE) from None


def expiry_of(now: datetime) -> datetime:
    """Return when a storage URL that is handed out now expires."""
    return (now + timedelta(hours=4)).replace(microsecond=0)


def _require(answer: httpx.Response, passing: int) -> None:
    """Refuse to go on after an answer that is neither a success nor the one status that may pass."""
    if not answer.is_success and answer.status_code != passing:
        logger.warning("the storage account answered %d to %s", answer.status_code, answer.request.method)
        raise ManagementError(Fault.AUTO_STORAGE_UNAVAILABLE)
