"""Sends requests byte for byte, one after another over one connection, and reads the answers."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from dataclasses import dataclass

from tests.fuzz.requests import RawRequest

PATIENCE_SECONDS = 15.0
"""How long an answer may take: far more than any needs."""
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class RawAnswer:
    """What came back."""

    status: int | None
    """None where the service closed the connection instead."""
    headers: str
    body: bytes
    seconds: float


class Hung(Exception):  # noqa: N818 - it says what happened
    """No answer came in time."""


class Sender:
    """A connection that is made again when it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def send(self, request: RawRequest) -> RawAnswer:
        """Send a request and return its answer.

        Raises:
            Hung: none came in time.
            ConnectionError: the service takes no connections.
        """
        reused = self._socket is not None
        try:
            return self._send(request)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            # A kept connection may have been closed while it was idle; a new one that is closed is the answer.
            return self._send_once(request) if reused else RawAnswer(status=None, headers="", body=b"", seconds=0.0)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send_once(self, request: RawRequest) -> RawAnswer:
        try:
            return self._send(request)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            return RawAnswer(status=None, headers="", body=b"", seconds=0.0)

    def _send(self, request: RawRequest) -> RawAnswer:
        began = time.monotonic()
        connection = self._connection()
        with contextlib.suppress(ConnectionError):  # the answer may come before all is sent
            connection.sendall(request.content)
        if request.closes:
            self.close()
            return RawAnswer(status=None, headers="", body=b"", seconds=time.monotonic() - began)
        answer = http.client.HTTPResponse(connection, method=request.verb)
        try:
            answer.begin()
            body = answer.read(_MOST_BYTES)
        except TimeoutError:
            self.close()
            raise Hung(f"no answer in {PATIENCE_SECONDS:.0f} s") from None
        except http.client.IncompleteRead as error:
            body = error.partial
        finally:
            if answer.will_close or request.kind == "broken":
                self.close()
            answer.close()
        seconds = time.monotonic() - began
        return RawAnswer(status=answer.status, headers=str(answer.headers), body=body, seconds=seconds)

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=PATIENCE_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket
