"""Blob Storage over its REST protocol: the four requests that a node makes.

A URL may carry a SAS. It goes out as it came, and nowhere else: errors and log lines name the path alone, and the HTTP
client's own log line is stripped of queries.
"""

from __future__ import annotations

import base64
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from threading import Lock

import httpx
import stamina

from dispatcher.service.node.blob_signing import StorageLink, authorization
from dispatcher.service.node.blob_urls import BlobItem, path_of, read_page, read_time, with_query

__all__ = ["BlobError", "BlobItem", "StorageAccess", "StorageLink"]

API_VERSION = "2021-12-02"
SINGLE_PUT_BYTES = 256 * 1024 * 1024
"""A file up to this size is one request; a larger one is a list of blocks."""
BLOCK_BYTES = 32 * 1024 * 1024

_CHUNK_BYTES = 1024 * 1024
_PASSING_STATUSES = {429, 500, 502, 503, 504}
_NO_CREDENTIAL = "NoStorageCredential"
_NOT_A_LISTING = "NotAListing"
_LASTING_CODES = {_NO_CREDENTIAL, _NOT_A_LISTING, "InvalidURL", "UnsupportedProtocol", "TooManyRedirects"}
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


class BlobError(Exception):
    """A request to storage failed for good; no message of it holds a query."""

    def __init__(self, *, status: int | None, code: str, path: str) -> None:
        answer = "no answer" if status is None else f"HTTP {status}"
        super().__init__(f"{path}: {code} ({answer})")
        self.status = status
        """HTTP status, None when there was no answer."""
        self.code = code
        """Storage's error code, the kind of the connection error, or ``NoStorageCredential``."""
        self.path = path
        """The URL without its query."""

    @property
    def passes(self) -> bool:
        """Whether trying again may help."""
        return self.status in _PASSING_STATUSES if self.status is not None else self.code not in _LASTING_CODES


_NO_CREDENTIAL = "NoStorageCredential"


class StorageAccess:
    """Reads and writes blobs; safe to share between threads.

    A request is made again, with growing pauses, when storage answers 429, 500, 502, 503 or 504 or cannot be reached,
    up to ``attempts`` times in all.
    """

    def __init__(
        self, find_link: Callable[[], StorageLink | None], *, attempts: int = 6, longest_wait: float = 5.0
    ) -> None:
        """Describe access; no request is made.

        Args:
            find_link: asked, whenever a request with ``uses_identity`` is to be signed, for the account it is signed
                for; None if there is none. The link may be made, or change, while nodes are open: a storage emulator
                that starts beside the service has another port each time.
            attempts: how often a request is made at most.
            longest_wait: seconds between two attempts at most.
        """
        self._find_link = find_link
        self._attempts = attempts
        self._longest_wait = longest_wait
        self._lock = Lock()
        self._connections: httpx.Client | None = None
        logging.getLogger("httpx").addFilter(_without_queries)

    def link(self) -> StorageLink | None:
        """Return the account that is linked now; None where none is."""
        return self._find_link()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._connections is not None:
                self._connections.close()

    def download(
        self,
        url: str,
        target: Path,
        *,
        uses_identity: bool = False,
        is_current: Callable[[int, datetime], bool] = lambda size, modified: False,
        keep_going: Callable[[], None] = lambda: None,
    ) -> None:
        """Write what a URL names to a file, whole or not at all, with its last-modified time.

        Args:
            url: of a blob, or any other that answers a GET.
            target: the file; its folder exists.
            uses_identity: sign the request with the link's key.
            is_current: told size and last-modified time, it says whether the file need not be written.
            keep_going: called between pieces; it raises to break off.

        Raises:
            BlobError: the request failed for good.
            OSError: the file could not be written.
        """
        for attempt in self._tries():
            with attempt, self._answer("GET", url, uses_identity=uses_identity) as answer:
                modified = read_time(answer.headers.get("last-modified"))
                length = answer.headers.get("content-length", "")
                if modified is not None and length.isdecimal() and is_current(int(length), modified):
                    return
                _write(answer, target, keep_going)
                if modified is not None:
                    os.utime(target, (modified.timestamp(), modified.timestamp()))

    def list_blobs(self, container_url: str, prefix: str, *, uses_identity: bool = False) -> Iterator[BlobItem]:
        """Yield the blobs of a container whose names begin with a prefix, in storage's order.

        Raises:
            BlobError: the request failed for good.
        """
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix, "marker": marker}
            url = with_query(container_url, {name: value for name, value in query.items() if value})
            for attempt in self._tries():
                with attempt, self._answer("GET", url, uses_identity=uses_identity) as answer:
                    items, marker = _page_of(answer)
            yield from items
            if not marker:
                return

    def upload(
        self,
        source: Path,
        url: str,
        *,
        uses_identity: bool = False,
        headers: Mapping[str, str] | None = None,
        keep_going: Callable[[], None] = lambda: None,
    ) -> datetime | None:
        """Write a file to a block blob, which is replaced whole or not at all; return the blob's last-modified time.

        Args:
            source: the file.
            url: of the blob; its container exists.
            uses_identity: sign the request with the link's key.
            headers: more of the request that makes the blob, such as its content type.
            keep_going: called between pieces; it raises to break off.

        Raises:
            BlobError: the request failed for good.
            OSError: the file could not be read.
        """
        more = dict(headers or {})
        size = source.stat().st_size
        if size <= SINGLE_PUT_BYTES:
            piece = _Piece(source=source, start=0, size=size, keep_going=keep_going)
            return self._put(url, piece, {**more, "x-ms-blob-type": "BlockBlob"}, uses_identity)
        blocks: list[str] = []
        for start in range(0, size, BLOCK_BYTES):
            block = base64.b64encode(b"%08d" % len(blocks)).decode()
            piece = _Piece(source=source, start=start, size=min(BLOCK_BYTES, size - start), keep_going=keep_going)
            self._put(with_query(url, {"comp": "block", "blockid": block}), piece, {}, uses_identity)
            blocks.append(block)
        names = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        listed = f"<BlockList>{names}</BlockList>".encode()
        return self._put(with_query(url, {"comp": "blocklist"}), listed, more, uses_identity)

    def _put(self, url: str, body: bytes | _Piece, headers: Mapping[str, str], uses_identity: bool) -> datetime | None:
        size = len(body) if isinstance(body, bytes) else body.size
        sent = {**headers, "content-length": str(size)}
        for attempt in self._tries():
            with attempt:
                content = body if isinstance(body, bytes) else body.chunks()
                with self._answer("PUT", url, uses_identity=uses_identity, headers=sent, content=content) as answer:
                    modified = read_time(answer.headers.get("last-modified"))
        return modified

    def _client(self) -> httpx.Client:
        """Return the HTTP client, which takes tens of milliseconds to make: most tasks have no files."""
        with self._lock:
            if self._connections is None:
                # The proxy of an office does not reach this machine's own loopback.
                direct = {"all://127.0.0.1": None, "all://localhost": None}
                self._connections = httpx.Client(timeout=_TIMEOUT, mounts=direct)
            return self._connections

    def _tries(self) -> Iterable[stamina.Attempt]:
        return stamina.retry_context(
            on=lambda error: isinstance(error, BlobError) and error.passes,
            attempts=self._attempts,
            timeout=None,
            wait_initial=min(0.1, self._longest_wait),
            wait_max=self._longest_wait,
        )

    @contextmanager
    def _answer(
        self,
        method: str,
        url: str,
        *,
        uses_identity: bool,
        headers: Mapping[str, str] | None = None,
        content: bytes | Iterator[bytes] | None = None,
    ) -> Iterator[httpx.Response]:
        sent = {"accept-encoding": "identity", **(headers or {})}
        if uses_identity:
            self._sign(method, url, sent)
        elif method == "PUT":
            sent["x-ms-version"] = API_VERSION
        try:
            client = self._client()
            request = client.build_request(method, url, headers=sent, content=content)
            answer = client.send(request, stream=True, follow_redirects=not uses_identity and method == "GET")
            try:
                if not answer.is_success:
                    answer.read()
                    raise BlobError(status=answer.status_code, code=_code_of(answer), path=path_of(url))
                yield answer
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # its request holds the query, so it is not chained
            raise BlobError(status=None, code=type(error).__name__, path=path_of(url)) from None

    def _sign(self, method: str, url: str, headers: dict[str, str]) -> None:
        link = self._find_link()
        if link is None or not link.covers(url):
            raise BlobError(status=None, code=_NO_CREDENTIAL, path=path_of(url))
        headers["x-ms-date"] = format_datetime(datetime.now(UTC), usegmt=True)
        headers["x-ms-version"] = API_VERSION
        headers["authorization"] = authorization(link, method, url, headers)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """A stretch of a file, read anew for each attempt."""

    source: Path
    start: int
    size: int
    keep_going: Callable[[], None]

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        with self.source.open("rb") as file:
            file.seek(self.start)
            while left and (chunk := file.read(min(_CHUNK_BYTES, left))):
                self.keep_going()
                yield chunk
                left -= len(chunk)


class _WithoutQueries(logging.Filter):
    """Takes the query from the URLs in a record: httpx logs each request's, and with it the SAS."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(path_of(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


_without_queries = _WithoutQueries()


def _page_of(answer: httpx.Response) -> tuple[list[BlobItem], str]:
    try:
        return read_page(answer.read())
    except ValueError:
        raise BlobError(status=None, code=_NOT_A_LISTING, path=path_of(str(answer.url))) from None


def _code_of(answer: httpx.Response) -> str:
    return answer.headers.get("x-ms-error-code") or answer.reason_phrase or "UnknownError"


def _write(answer: httpx.Response, target: Path, keep_going: Callable[[], None]) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".download-")
    draft = Path(name)
    try:
        with open(descriptor, "wb") as file:
            for chunk in answer.iter_raw(_CHUNK_BYTES):  # as it is stored, also if that is compressed
                keep_going()
                file.write(chunk)
        draft.replace(target)
    except BaseException:
        draft.unlink()
        raise
