"""The storage account, through Microsoft's client."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from batch_manager._azure.listing import Listing
from batch_manager._azure.translate import translated
from batch_manager.errors import ConflictError, NotFoundError, ServiceError

PARALLEL_TRANSFERS = 4
"""Blocks of one blob that travel at the same time."""

COPY_POLL_SECONDS = 0.5
"""Between two looks at a copy that the account has not finished; most are done when they are asked for."""


class AzureBlobStorage:
    """A ``BlobStorage`` over the official client."""

    def __init__(self, *, sdk: BlobServiceClient, identity_reference: str | None) -> None:
        self._sdk = sdk
        self._identity_reference = identity_reference

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end."""
        return str(self._sdk.url).partition("?")[0].rstrip("/")

    @property
    def identity_reference(self) -> str | None:
        """ARM id of the managed identity that nodes use; None if none is set."""
        return self._identity_reference

    def create_container(self, container: str, metadata: Mapping[str, str] | None = None) -> None:
        """See ``BlobStorage``."""
        with translated(f"create container {container!r}"):
            try:
                self._sdk.create_container(container, metadata=dict(metadata or {}))
            except ResourceExistsError as error:
                if getattr(error, "error_code", None) != "ContainerAlreadyExists":
                    raise

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """See ``BlobStorage``."""
        client = self._sdk.get_blob_client(container, blob)
        with translated(f"write blob {blob!r} in container {container!r}"):
            if isinstance(source, bytes):
                client.upload_blob(source, overwrite=True)
                return
            with source.open("rb") as file:
                client.upload_blob(file, overwrite=True, max_concurrency=PARALLEL_TRANSFERS)

    def upload_new(self, container: str, blob: str, content: bytes) -> bool:
        """See ``BlobStorage``. What is there may be of a try whose reply was lost, so it is looked at."""
        try:
            with translated(f"write blob {blob!r} in container {container!r}"):
                self._sdk.get_blob_client(container, blob).upload_blob(content, overwrite=False)
        except ConflictError as error:
            if error.code != "BlobAlreadyExists":
                raise
            return self.read(container, blob) == content
        return True

    def download(self, container: str, blob: str, target: Path) -> None:
        """See ``BlobStorage``. The file appears whole or not at all."""
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with translated(f"read blob {blob!r} in container {container!r}"), part.open("wb") as file:
                client = self._sdk.get_blob_client(container, blob)
                client.download_blob(max_concurrency=PARALLEL_TRANSFERS).readinto(file)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def read(self, container: str, blob: str) -> bytes:
        """See ``BlobStorage``."""
        with translated(f"read blob {blob!r} in container {container!r}"):
            content: bytes = self._sdk.get_blob_client(container, blob).download_blob().readall()
            return content

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """See ``BlobStorage``."""
        client = self._sdk.get_container_client(container)
        pages = client.list_blob_names(name_starts_with=prefix or None).by_page()
        return Listing(f"list the blobs of container {container!r}", pages, str)

    def copy(self, container: str, blob: str, target_container: str) -> None:
        """See ``BlobStorage``."""
        operation = f"copy blob {blob!r} from container {container!r} to {target_container!r}"
        with translated(operation):
            source = self._sdk.get_blob_client(container, blob)
            source.get_blob_properties()  # Azure says of a source that is missing that it cannot be verified
            target = self._sdk.get_blob_client(target_container, blob)
            status = str(target.start_copy_from_url(source.url)["copy_status"])
            while status == "pending":
                time.sleep(COPY_POLL_SECONDS)
                status = str(target.get_blob_properties().copy.status)
        if status != "success":
            raise ServiceError(f"{operation}: the copy ended as {status}", operation=operation)

    def delete(self, container: str, blob: str) -> None:
        """See ``BlobStorage``."""
        try:
            with translated(f"delete blob {blob!r} in container {container!r}"):
                self._sdk.get_blob_client(container, blob).delete_blob()
        except NotFoundError as error:
            if error.code != "BlobNotFound":
                raise
