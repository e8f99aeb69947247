"""Lets another storage account read a container's blobs for a short time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from batch_manager._azure.blob_requests import BlobRequests, place
from batch_manager._azure.translate import translated

SHARED_FOR = timedelta(hours=1)
"""How long one SAS is good for; one that has less than half of it left is not handed out any more."""


def _now() -> datetime:
    return datetime.now(UTC)


class SharedContainer:
    """A ``BlobSource``: a container by a SAS for reading its blobs.

    Args:
        sdk: Microsoft's client of the account.
        requests: knows the account's URL, and the SAS that it is asked with, which is then the only one there can be.
        container: the container.
        now: the time, in UTC.
    """

    def __init__(
        self,
        sdk: BlobServiceClient,
        requests: BlobRequests,
        container: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._sdk, self._container, self._now = sdk, container, now
        self._account_url, self._sas = requests.account_url, requests.sas
        self._renewed_at = datetime.max.replace(tzinfo=UTC) if self._sas else datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"SharedContainer({self._account_url}/{self._container})"

    def url(self, blob: str) -> str:
        """See ``BlobSource``. Sometimes a request: for the key that the SAS is signed with."""
        with self._lock:
            now = self._now()
            if now >= self._renewed_at:
                self._sas = self._signed(now)
                self._renewed_at = now + SHARED_FOR / 2
            return f"{self._account_url}/{place(self._container, blob)}?{self._sas}"

    def _signed(self, now: datetime) -> str:
        ends = now + SHARED_FOR
        credential: Any = self._sdk.credential
        signer: dict[str, Any]
        if hasattr(credential, "get_token"):
            with translated("ask for a user delegation key"):
                signer = {"user_delegation_key": self._sdk.get_user_delegation_key(now - timedelta(minutes=15), ends)}
        else:
            signer = {"account_key": credential.account_key}
        return generate_container_sas(
            str(self._sdk.account_name),
            self._container,
            permission=ContainerSasPermissions(read=True),
            expiry=ends,
            **signer,
        )
