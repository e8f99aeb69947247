"""Storage as an attempt meets it that is to have faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.node.attempt_faults import AttemptFaults
from dispatcher.service.node.blob_urls import BlobItem
from dispatcher.service.node.blobs import BlobError
from dispatcher.service.node.faulty_transfers import expired, with_faults
from dispatcher.service.node.transfers import Transfers

URL = "https://account.blob.core.windows.net/c/blob?sv=2021&se=2030-01-01&sig=a%2Bb%3D"
PATH = Path("file")
VALUES = st.text(min_size=1, max_size=5)


class _Recorder:
    """Storage that remembers which URLs it was asked for."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def download(
        self,
        url: str,
        target: Path,
        *,
        uses_identity: bool = False,
        is_current: Callable[[int, datetime], bool] = lambda size, modified: False,
        keep_going: Callable[[], None] = lambda: None,
    ) -> None:
        self.urls.append(url)

    def list_blobs(self, container_url: str, prefix: str, *, uses_identity: bool = False) -> Iterator[BlobItem]:
        self.urls.append(container_url)
        return iter(())

    def upload(
        self,
        source: Path,
        url: str,
        *,
        uses_identity: bool = False,
        headers: Mapping[str, str] | None = None,
        keep_going: Callable[[], None] = lambda: None,
    ) -> datetime | None:
        self.urls.append(url)
        return None


class _StoppedError(Exception):
    """The attempt is to end."""


@given(st.dictionaries(st.sampled_from(["sv", "sp", "se", "si", "sr"]), VALUES), VALUES)
def test_sas_of_the_past_differs_in_its_end_alone(fields: dict[str, str], signature: str) -> None:
    """Everything else is sent as it is; the end is long ago, also where a stored policy said it."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in [*fields.items(), ("sig", signature)])
    after = dict(parse_qsl(urlsplit(expired(f"https://a/c/b?{query}")).query, keep_blank_values=True))
    assert after == {**fields, "sig": signature, "se": "2000-01-01T00:00:00Z"}


@pytest.mark.parametrize("url", ["https://a/c/b", "https://a/c/b?comp=list", "https://a/c/sig=x"])
def test_url_without_a_sas_does_not_expire(url: str) -> None:
    """It stays as it is."""
    assert expired(url) == url


def _all(transfers: Transfers) -> list[str]:
    """Make each request; return the codes of those that fail."""
    codes = []
    for request in (
        lambda: transfers.download(URL, PATH),
        lambda: list(transfers.list_blobs(URL, "")),
        lambda: transfers.upload(PATH, URL),
    ):
        try:
            request()
        except BlobError as error:
            codes.append(error.code)
    return codes


@pytest.mark.parametrize(
    ("faults", "codes", "past"),
    [
        (AttemptFaults(expires_downloads=True), [], [True, True, False]),
        (AttemptFaults(expires_uploads=True), [], [False, False, True]),
        (AttemptFaults(fails_download=True), ["ServerBusy"], [False, False]),
        (AttemptFaults(slow_download=0.001), [], [False, False, False]),
    ],
)
def test_requests_meet_their_faults_only(faults: AttemptFaults, codes: list[str], past: list[bool]) -> None:
    """The first one fails, where that was decided, and the others go to storage."""
    storage = _Recorder()
    assert _all(with_faults(storage, faults, lambda: None)) == codes
    assert ["se=2000" in url for url in storage.urls] == past


def test_first_upload_fails_alone() -> None:
    """Those that follow are made."""
    storage = _Recorder()
    transfers = with_faults(storage, AttemptFaults(fails_upload=True), lambda: None)
    with pytest.raises(BlobError) as caught:
        transfers.upload(PATH, URL)
    transfers.upload(PATH, URL)
    assert (caught.value.status, caught.value.passes, len(storage.urls)) == (503, True, 1)
    assert "sig" not in str(caught.value)


def test_storage_without_faults_is_storage() -> None:
    """Nothing stands between them."""
    storage = _Recorder()
    assert with_faults(storage, None, lambda: None) is storage


def test_attempt_that_is_to_end_does_not_wait() -> None:
    """Neither for its files nor for storage."""

    def stop() -> None:
        raise _StoppedError

    storage = _Recorder()
    with pytest.raises(_StoppedError):
        with_faults(storage, AttemptFaults(slow_upload=3600.0), stop).upload(PATH, URL)
    assert storage.urls == []
