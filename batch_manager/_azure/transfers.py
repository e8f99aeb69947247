"""The blobs of a storage account for ``transfer``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from azure.storage.blob import BlobServiceClient

from batch_manager._azure.blob_listing import BlobPages, blob_info, read_staged_blocks
from batch_manager._azure.blob_requests import BlobRequests, b64, place
from batch_manager._azure.blob_sharing import SharedContainer
from batch_manager._azure.lean_transport import lean_transport
from batch_manager._azure.listing import Listing
from batch_manager._azure.storage_account import patience, storage_sdk
from batch_manager.errors import ConflictError, NotFoundError, ServiceError
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings
from batch_manager.transfer.seam import BlobInfo, BlobSource, BlobStore


def connect_transfer(settings: BatchClientSettings) -> BlobStore:
    """The blobs of the storage account that the settings name. Makes no request.

    Raises:
        ConfigurationError: the settings name none, or the connection string is not one.
    """
    sdk = storage_sdk(settings, retry_total=0)
    transport = lean_transport(str(sdk.url))
    if transport is not None:
        sdk = storage_sdk(settings, retry_total=0, transport=transport)
    return AzureBlobStore(sdk, patience(settings))


class AzureBlobStore:
    """A ``BlobStore`` through the pipeline of the official client."""

    def __init__(self, sdk: BlobServiceClient, patience: Patience) -> None:
        self._sdk = sdk
        self._requests = BlobRequests(sdk)
        self._patience = patience

    @property
    def account_url(self) -> str:
        """See ``BlobStore``."""
        return self._requests.account_url

    @property
    def patience(self) -> Patience:
        """See ``BlobStore``."""
        return self._patience

    def create_container(self, container: str) -> None:
        """See ``BlobStore``."""
        operation = f"create container {container!r}"
        try:
            self._requests.send(operation, "PUT", place(container), query={"restype": "container"}, expected=(201,))
        except ConflictError as error:
            if error.code != "ContainerAlreadyExists":
                raise

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """See ``BlobStore``."""
        operation = f"list the blobs of container {container!r}"
        return Listing(operation, BlobPages(self._requests, operation, container, prefix), lambda info: info)

    def describe(self, container: str, blob: str) -> BlobInfo:
        """See ``BlobStore``."""
        operation = f"look at {_words(container, blob)}"
        reply = self._requests.send(operation, "HEAD", place(container, blob), expected=(200,))
        return blob_info(blob, reply.headers)

    def put(
        self,
        container: str,
        blob: str,
        content: bytes,
        md5: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """See ``BlobStore``."""
        headers = {
            "x-ms-blob-type": "BlockBlob",
            "x-ms-blob-content-md5": b64(md5),
            "Content-MD5": b64(md5),
            "x-ms-blob-content-type": content_type,
            "Content-Type": "application/octet-stream",
            **_metadata_headers(metadata),
        }
        operation = f"write {_words(container, blob)}"
        self._requests.send(operation, "PUT", place(container, blob), headers=headers, body=content, expected=(201,))

    def put_block(self, container: str, blob: str, block_id: str, content: bytes, md5: bytes) -> None:
        """See ``BlobStore``."""
        self._requests.send(
            f"write a block of {_words(container, blob)}",
            "PUT",
            place(container, blob),
            query={"comp": "block", "blockid": block_id},
            headers={"Content-MD5": b64(md5), "Content-Type": "application/octet-stream"},
            body=content,
            expected=(201,),
        )

    def staged_blocks(self, container: str, blob: str) -> Mapping[str, int]:
        """See ``BlobStore``."""
        query = {"comp": "blocklist", "blocklisttype": "uncommitted"}
        operation = f"list the blocks of {_words(container, blob)}"
        try:
            reply = self._requests.send(operation, "GET", place(container, blob), query=query, expected=(200,))
        except NotFoundError as error:
            if error.code != "BlobNotFound":
                raise
            return {}
        return read_staged_blocks(reply.body)

    def commit(
        self,
        container: str,
        blob: str,
        block_ids: Sequence[str],
        *,
        md5: bytes | None,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """See ``BlobStore``."""
        headers = {"x-ms-blob-content-type": content_type, "Content-Type": "application/xml"}
        if md5 is not None:
            headers["x-ms-blob-content-md5"] = b64(md5)
        headers |= _metadata_headers(metadata)
        blocks = "".join(f"<Latest>{block_id}</Latest>" for block_id in block_ids)
        self._requests.send(
            f"put the blocks of {_words(container, blob)} together",
            "PUT",
            place(container, blob),
            query={"comp": "blocklist"},
            headers=headers,
            body=f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode(),
            expected=(201,),
        )

    def get(self, container: str, blob: str, offset: int, length: int, etag: str) -> bytes:
        """See ``BlobStore``."""
        headers = {"x-ms-range": f"bytes={offset}-{offset + length - 1}", "If-Match": etag}
        operation = f"read {_words(container, blob)}"
        return self._requests.send(operation, "GET", place(container, blob), headers=headers, expected=(200, 206)).body

    def share(self, container: str) -> BlobSource:
        """See ``BlobStore``."""
        return SharedContainer(self._sdk, self._requests, container)

    def copy(self, container: str, blob: str, source: str, info: BlobInfo) -> None:
        """See ``BlobStore``."""
        operation = f"copy {info.name!r} to {_words(container, blob)}"
        headers = {"x-ms-copy-source": source, "x-ms-requires-sync": "true", "x-ms-source-if-match": info.etag}
        if info.md5 is not None:
            headers["x-ms-source-content-md5"] = b64(info.md5)
        reply = self._requests.send(operation, "PUT", place(container, blob), headers=headers, expected=(202,))
        status = reply.headers.get("x-ms-copy-status")
        if status != "success":
            raise ServiceError(f"{operation}: the copy ended as {status}", operation=operation)

    def put_block_from(
        self, container: str, blob: str, block_id: str, source: str, info: BlobInfo, offset: int, length: int
    ) -> None:
        """See ``BlobStore``."""
        self._requests.send(
            f"copy a block of {info.name!r} to {_words(container, blob)}",
            "PUT",
            place(container, blob),
            query={"comp": "block", "blockid": block_id},
            headers={
                "x-ms-copy-source": source,
                "x-ms-source-range": f"bytes={offset}-{offset + length - 1}",
                "x-ms-source-if-match": info.etag,
            },
            expected=(201,),
        )


def _words(container: str, blob: str) -> str:
    return f"blob {blob!r} in container {container!r}"


def _metadata_headers(metadata: Mapping[str, str] | None) -> dict[str, str]:
    return {f"x-ms-meta-{name}": value for name, value in (metadata or {}).items()}
