"""Requests and replies of HTTP/1.1 on one connection, one after the other (RFC 9112)."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

from urllib3 import HTTPHeaderDict
from urllib3.util import wait_for_read

MAX_HEAD = 65_536
"""Bytes of a line of a reply's head, and lines of it."""
_BREAK = re.compile(r"[\r\n\0]")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]+")
_END_OF_LINE = (b"\r\n", b"\n")
_WITHOUT_CONTENT = (204, 304)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A reply, read to its end.

    Attributes:
        status: the status code.
        reason: the words beside it.
        headers: by name, in whatever case.
        content: as it came, not decoded.
        is_last: whether the connection ends with it.
    """

    status: int
    reason: str
    headers: HTTPHeaderDict
    content: bytes
    is_last: bool


def head_of(method: str, url: SplitResult, headers: Mapping[str, str]) -> bytes:
    """A request up to its content.

    Raises:
        ValueError: a part of it has a line break.
    """
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {url.netloc}", "Accept-Encoding: identity"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any(map(_BREAK.search, lines)):
        raise ValueError("a line break in the head of a request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Exchange:
    """A connection.

    Args:
        connected: closed by ``close``.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._file = connected.makefile("rb", buffering=MAX_HEAD)

    def is_quiet(self) -> bool:
        """Whether nothing came since the last reply: not the end of the connection, and no words about it either."""
        return not wait_for_read(self._socket, timeout=0)

    def ask(self, method: str, head: bytes, content: bytes | None) -> Received:
        """Make a request and read the reply. The connection cannot be used any more after an error.

        Raises:
            ConnectionError: the server closed the connection instead of an answer.
            http.client.HTTPException: the reply is none, or was cut off.
            OSError: the connection broke, or nothing came for too long.
        """
        is_cut_off = not self._sent(head, content)
        status = 100
        while status // 100 == 1:  # an interim reply comes before the reply
            version, status, reason = self._status()
            headers = self._headers()
        closes = headers.get("Connection", "").lower() == "close" or version == "HTTP/1.0"
        is_empty = method == "HEAD" or status in _WITHOUT_CONTENT
        until_end = not is_empty and "Content-Length" not in headers and "Transfer-Encoding" not in headers
        return Received(
            status=status,
            reason=reason,
            headers=headers,
            content=b"" if is_empty else self._content(headers),
            is_last=closes or until_end or is_cut_off,
        )

    def close(self) -> None:
        """End the connection."""
        self._file.close()
        self._socket.close()

    def _sent(self, head: bytes, content: bytes | None) -> bool:
        """Whether all was taken. A server may refuse a request before it has all of it, and says why."""
        try:
            if content and len(content) <= MAX_HEAD:
                self._socket.sendall(head + content)
            else:
                self._socket.sendall(head)
                if content:
                    self._socket.sendall(content)
        except BrokenPipeError:
            return False
        return True

    def _status(self) -> tuple[str, int, str]:
        line = self._file.readline(MAX_HEAD)
        if not line:
            raise ConnectionResetError("the server closed the connection without an answer")
        words = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
        if len(words) < 2 or words[0] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].isdecimal():
            raise http.client.BadStatusLine(words[0][:40])
        return words[0], int(words[1]), words[2] if len(words) > 2 else ""

    def _headers(self) -> HTTPHeaderDict:
        headers = HTTPHeaderDict()
        for _ in range(MAX_HEAD):
            line = self._line()
            if line in _END_OF_LINE:
                return headers
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon:
                raise http.client.HTTPException("a header without a colon")
            headers.add(name, value.strip())
        raise http.client.HTTPException("too many headers")

    def _content(self, headers: HTTPHeaderDict) -> bytes:
        coding = headers.get("Transfer-Encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise http.client.HTTPException("a Transfer-Encoding that was not asked for")
            return self._chunks()
        length = headers.get("Content-Length")
        if length is None:
            content: bytes = self._file.read()
            return content
        if not length.isdecimal():
            raise http.client.HTTPException("a Content-Length that is no number")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        chunks = []
        while size := self._chunk_size():
            chunks.append(self._exactly(size))
            if self._line() not in _END_OF_LINE:
                raise http.client.HTTPException("a chunk of another size than it says")
        while self._line() not in _END_OF_LINE:
            pass
        return b"".join(chunks)

    def _chunk_size(self) -> int:
        words = self._line().partition(b";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(words):
            raise http.client.HTTPException("a chunk without a size")
        return int(words, 16)

    def _line(self) -> bytes:
        line = self._file.readline(MAX_HEAD)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        return line

    def _exactly(self, size: int) -> bytes:
        content: bytes = self._file.read(size)
        if len(content) != size:
            raise http.client.IncompleteRead(b"", size - len(content))
        return content
