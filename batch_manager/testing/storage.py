"""A storage account in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from batch_manager.preflight import CONTAINER_NAME
from batch_manager.testing.refusals import missing, refusal

TEST_IDENTITY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/test"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
)


class InMemoryBlobStorage:
    """A ``BlobStorage`` in a dictionary."""

    def __init__(
        self, *, account_url: str = "https://test.blob.core.windows.net", identity_reference: str | None = TEST_IDENTITY
    ) -> None:
        self._account_url = account_url
        self._identity_reference = identity_reference
        self._containers: dict[str, dict[str, bytes]] = {}
        self._metadata: dict[str, dict[str, str]] = {}

    @property
    def account_url(self) -> str:
        """The blob endpoint, without a slash at its end."""
        return self._account_url

    @property
    def identity_reference(self) -> str | None:
        """ARM id of the managed identity that nodes use."""
        return self._identity_reference

    def create_container(self, container: str, metadata: Mapping[str, str] | None = None) -> None:
        """See ``BlobStorage``. A name that Azure refuses is ``InvalidResourceName``."""
        if not CONTAINER_NAME.fullmatch(container):
            raise refusal(f"create container {container!r}", 400, "InvalidResourceName")
        if container not in self._containers:
            self._containers[container] = {}
            self._metadata[container] = dict(metadata or {})

    def container_metadata(self, container: str) -> Mapping[str, str]:
        """What a container was created with, for a test to look at."""
        return self._metadata[container]

    def upload(self, container: str, blob: str, source: Path | bytes) -> None:
        """See ``BlobStorage``."""
        blobs = self._blobs(container, f"write blob {blob!r} in container {container!r}")
        blobs[blob] = source if isinstance(source, bytes) else source.read_bytes()

    def upload_new(self, container: str, blob: str, content: bytes) -> bool:
        """See ``BlobStorage``."""
        blobs = self._blobs(container, f"write blob {blob!r} in container {container!r}")
        return blobs.setdefault(blob, content) == content

    def download(self, container: str, blob: str, target: Path) -> None:
        """See ``BlobStorage``."""
        content = self.read(container, blob)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def read(self, container: str, blob: str) -> bytes:
        """See ``BlobStorage``."""
        operation = f"read blob {blob!r} in container {container!r}"
        try:
            return self._blobs(container, operation)[blob]
        except KeyError:
            raise missing(operation, "BlobNotFound") from None

    def list_blobs(self, container: str, prefix: str = "") -> Iterator[str]:
        """See ``BlobStorage``."""
        blobs = self._blobs(container, f"list the blobs of container {container!r}")
        yield from sorted(name for name in blobs if name.startswith(prefix))

    def copy(self, container: str, blob: str, target_container: str) -> None:
        """See ``BlobStorage``."""
        content = self.read(container, blob)
        self.upload(target_container, blob, content)

    def delete(self, container: str, blob: str) -> None:
        """See ``BlobStorage``."""
        self._blobs(container, f"delete blob {blob!r} in container {container!r}").pop(blob, None)

    def _blobs(self, container: str, operation: str) -> dict[str, bytes]:
        try:
            return self._containers[container]
        except KeyError:
            raise missing(operation, "ContainerNotFound") from None
