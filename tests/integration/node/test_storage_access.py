"""Requests to Blob Storage, against a real Azurite and the official client on the other side."""

import gzip
import logging
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from azure.storage.blob import ContentSettings

from dispatcher.service.node import blobs
from dispatcher.service.node.blob_urls import blob_url
from dispatcher.service.node.blobs import BlobError, StorageAccess
from tests.integration.node.support import Container

ODD_NAME = "fol der/ü+%2F&=#?.bin"


def _nobody_listens(url: str) -> str:
    return re.sub(r":\d+/", ":1/", url, count=1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 9)
    return path


@pytest.mark.parametrize("uses_identity", [False, True])
def test_file_travels_to_a_blob_and_back(
    storage: StorageAccess, container: Container, source: Path, tmp_path: Path, uses_identity: bool
) -> None:
    """With a SAS, and with a signature where the URL has none; whatever the blob's name."""
    url = blob_url(container.plain_url if uses_identity else container.url(), ODD_NAME)
    storage.upload(source, url, uses_identity=uses_identity)
    assert container.blobs() == {ODD_NAME: source.read_bytes()}
    storage.download(url, tmp_path / "back", uses_identity=uses_identity)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert [item.name for item in storage.list_blobs(container.plain_url, "fol der/", uses_identity=True)] == [ODD_NAME]


@pytest.mark.parametrize("size", [0, 99, 100, 101, 250])
def test_large_file_travels_in_blocks(
    storage: StorageAccess, container: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Its parts come in order and none is missing, at the edges too."""
    monkeypatch.setattr(blobs, "SINGLE_PUT_BYTES", 100)
    monkeypatch.setattr(blobs, "BLOCK_BYTES", 50)
    data = bytes(index % 251 for index in range(size))
    (tmp_path / "large").write_bytes(data)
    storage.upload(tmp_path / "large", blob_url(container.url(), "large"))
    storage.upload(tmp_path / "large", blob_url(container.plain_url, "signed"), uses_identity=True)
    assert container.blobs() == {"large": data, "signed": data}


def test_listing_goes_on_behind_a_full_page(storage: StorageAccess, container: Container) -> None:
    """Storage gives 5,000 blobs at most at once; the page is made smaller here by the URL."""
    names = [f"a/{number}" for number in range(5)]
    for name in [*names, "b"]:
        container.put(name, b"x")
    listed = list(storage.list_blobs(container.url() + "&maxresults=2", "a/"))
    assert [item.name for item in listed] == names
    assert {item.size for item in listed} == {1}


def test_download_sets_the_time_and_may_be_spared(storage: StorageAccess, container: Container, tmp_path: Path) -> None:
    """Who has a file of that size and time need not write it again."""
    container.put("a", b"12345")
    target = tmp_path / "a"
    storage.download(container.url(blob="a"), target)
    told: list[tuple[int, float]] = []

    def remember(size: int, modified: datetime) -> bool:
        told.append((size, modified.timestamp()))
        return True

    storage.download(container.url(blob="a"), target, is_current=remember)
    assert told == [(5, target.stat().st_mtime)]


def test_download_broken_off_leaves_no_file(storage: StorageAccess, container: Container, tmp_path: Path) -> None:
    """Neither a part of it, nor its draft."""

    def stop() -> None:
        raise KeyboardInterrupt

    container.put("a", b"12345")
    with pytest.raises(KeyboardInterrupt):
        storage.download(container.url(blob="a"), tmp_path / "a", keep_going=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda it: it.url(valid_for=-timedelta(hours=1), blob="a"), 403, "AuthorizationFailure"),
        (lambda it: it.url("w", blob="a"), 403, "AuthorizationPermissionMismatch"),
        (lambda it: it.url(blob="missing"), 404, "BlobNotFound"),
        (lambda it: it.url(blob="a").replace(it.client.container_name, "no-such-container"), 403, ""),
        (lambda it: _nobody_listens(it.url(blob="a")), None, "ConnectError"),
        (lambda it: it.url(blob="a").replace("http:", "nonsense:"), None, "UnsupportedProtocol"),
    ],
)
def test_error_names_the_path_and_no_secret(
    storage: StorageAccess,
    container: Container,
    tmp_path: Path,
    spoil: Callable[[Container], str],
    status: int | None,
    code: str,
) -> None:
    """With storage's status and code."""
    container.put("a", b"12345")
    with pytest.raises(BlobError) as caught:
        storage.download(spoil(container), tmp_path / "a")
    assert caught.value.status == status
    assert code in caught.value.code
    assert "sig=" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"


def test_identity_without_a_link_is_refused(
    storage: StorageAccess, no_storage: StorageAccess, container: Container, tmp_path: Path
) -> None:
    """So is one for another account: no signature is made for it."""
    for access, url in ((no_storage, container.plain_url), (storage, "http://127.0.0.1:1/other/c")):
        with pytest.raises(BlobError) as caught:
            access.download(f"{url}/a", tmp_path / "a", uses_identity=True)
        assert caught.value.code == "NoStorageCredential"


def test_no_log_line_holds_a_sas(
    storage: StorageAccess, container: Container, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even with every library telling everything, through retries too."""
    container.put("a", b"12345")
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="httpx"):
        storage.download(container.url(blob="a"), tmp_path / "a")
        with pytest.raises(BlobError):
            storage.download(_nobody_listens(container.url(blob="a")), tmp_path / "b")
    assert f"/{container.client.container_name}/a" in caplog.text
    assert "sig=" not in caplog.text


class _MoodyServer(ThreadingHTTPServer):
    """Answers with the statuses that it is given, then with 200."""

    statuses: list[int] = []
    requests = 0


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _MoodyServer)
        self.server.requests += 1
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"data")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_MoodyServer]:
    with _MoodyServer(("127.0.0.1", 0), _Answer) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.mark.parametrize("statuses", [[], [503, 429], [500, 302, 502], [302, 302]])
def test_passing_error_is_tried_again(
    no_storage: StorageAccess, server: _MoodyServer, tmp_path: Path, statuses: list[int]
) -> None:
    """And a redirection of any other server than storage is followed."""
    server.statuses = list(statuses)
    no_storage.download(f"http://127.0.0.1:{server.server_port}/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"data"


@pytest.mark.parametrize(("status", "requests"), [(503, 3), (404, 1), (403, 1)])
def test_lasting_error_is_told(
    no_storage: StorageAccess, server: _MoodyServer, tmp_path: Path, status: int, requests: int
) -> None:
    """After all attempts, or at once where another would not help."""
    server.statuses = [status] * 9
    with pytest.raises(BlobError) as caught:
        no_storage.download(f"http://127.0.0.1:{server.server_port}/file", tmp_path / "file")
    assert (caught.value.status, server.requests) == (status, requests)


def test_blob_is_brought_as_it_is_stored(storage: StorageAccess, container: Container, tmp_path: Path) -> None:
    """A compressed one is not unpacked: its size is the blob's."""
    packed = gzip.compress(b"12345")
    settings = ContentSettings(content_encoding="gzip")
    container.client.upload_blob("packed", packed, content_settings=settings)
    storage.download(container.url(blob="packed"), tmp_path / "packed")
    assert (tmp_path / "packed").read_bytes() == packed


def test_proxy_of_the_environment_is_not_asked_for_loopback(
    server: _MoodyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office's proxy cannot reach this machine's own loopback; nobody listens at this one."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    access = StorageAccess(lambda: None, attempts=1)
    access.download(f"http://127.0.0.1:{server.server_port}/file", tmp_path / "file")
    access.close()
    assert (tmp_path / "file").read_bytes() == b"data"
