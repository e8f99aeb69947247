"""Storage as an attempt meets it whose files are to travel slowly, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.blob_urls import BlobItem, path_of
from dispatcher.service.node.blobs import BlobError
from dispatcher.service.node.transfers import Transfers

_EXPIRY = "2000-01-01T00%3A00%3A00Z"
_LOOK_SECONDS = 0.05


def with_faults(transfers: Transfers, faults: AttemptFaults | None, keep_going: Callable[[], None]) -> Transfers:
    """Return how an attempt reaches storage; ``keep_going`` is called while it waits, and raises to break off."""
    return transfers if faults is None else _FaultyTransfers(transfers, faults, keep_going)


def expired(url: str) -> str:
    """Return a URL whose SAS ended long ago, so that storage refuses it; one without a SAS stays as it is."""
    base, mark, query = url.partition("?")
    fields = query.split("&")
    if not mark or not any(field.startswith("sig=") for field in fields):
        return url
    return f"{base}?{'&'.join([f'se={_EXPIRY}', *(field for field in fields if not field.startswith('se='))])}"


class _FaultyTransfers:
    """See ``Transfers``. One thread uses it, for one attempt: its first request waits or fails, the others do not."""

    def __init__(self, transfers: Transfers, faults: AttemptFaults, keep_going: Callable[[], None]) -> None:
        self._transfers = transfers
        self._faults = faults
        self._keep_going = keep_going
        self._is_first = True

    def download(
        self,
        url: str,
        target: Path,
        *,
        uses_identity: bool = False,
        is_current: Callable[[int, datetime], bool] = lambda size, modified: False,
        keep_going: Callable[[], None] = lambda: None,
    ) -> None:
        self._down(url)
        url = expired(url) if self._faults.expires_downloads else url
        self._transfers.download(url, target, uses_identity=uses_identity, is_current=is_current, keep_going=keep_going)

    def list_blobs(self, container_url: str, prefix: str, *, uses_identity: bool = False) -> Iterator[BlobItem]:
        self._down(container_url)
        url = expired(container_url) if self._faults.expires_downloads else container_url
        yield from self._transfers.list_blobs(url, prefix, uses_identity=uses_identity)

    def upload(
        self,
        source: Path,
        url: str,
        *,
        uses_identity: bool = False,
        headers: Mapping[str, str] | None = None,
        keep_going: Callable[[], None] = lambda: None,
    ) -> datetime | None:
        self._meet(url, seconds=self._faults.slow_upload, fails=self._faults.fails_upload)
        url = expired(url) if self._faults.expires_uploads else url
        return self._transfers.upload(source, url, uses_identity=uses_identity, headers=headers, keep_going=keep_going)

    def _down(self, url: str) -> None:
        self._meet(url, seconds=self._faults.slow_download, fails=self._faults.fails_download)

    def _meet(self, url: str, *, seconds: float, fails: bool) -> None:
        if not self._is_first:
            return
        self._is_first = False
        self._wait(seconds)
        if fails:  # as if all attempts had been answered so
            raise BlobError(status=503, code="ServerBusy", path=path_of(url))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._keep_going()
            time.sleep(min(left, _LOOK_SECONDS))
        self._keep_going()
