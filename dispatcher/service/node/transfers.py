"""What brings files to a node and from it: storage as it is, or as an attempt meets it that is to have faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dispatcher.service.node.blob_urls import BlobItem


class Transfers(Protocol):
    """The requests to storage that an attempt needs; `StorageAccess` says what they do."""

    def download(
        self,
        url: str,
        target: Path,
        *,
        uses_identity: bool = False,
        is_current: Callable[[int, datetime], bool] = ...,
        keep_going: Callable[[], None] = ...,
    ) -> None:
        """Write what a URL names to a file."""
        ...

    def list_blobs(self, container_url: str, prefix: str, *, uses_identity: bool = False) -> Iterator[BlobItem]:
        """Yield the blobs of a container whose names begin with a prefix."""
        ...

    def upload(
        self,
        source: Path,
        url: str,
        *,
        uses_identity: bool = False,
        headers: Mapping[str, str] | None = None,
        keep_going: Callable[[], None] = ...,
    ) -> datetime | None:
        """Write a file to a blob."""
        ...
