"""Sends small JSON documents to a URL from a thread of its own, as well as it can. Light.

Nothing here raises and nobody waits for the receiver: what it does not take in time is dropped.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import socket
    from ssl import SSLContext

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

MAX_WAITING = 16
"""Documents that wait for the receiver; with one more the oldest is dropped."""

INTERVAL = 1.0
"""Seconds between two documents of ``send_latest``."""

REQUEST_TIMEOUT = 2.0
"""Seconds the receiver has for each step of a request."""

EXIT_PATIENCE = 1.0
"""Seconds that ``close`` waits for what is not sent yet."""

_MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read, so that the receiver can finish it."""

_log = logging.getLogger(__name__)


class EventSender:
    """Sends from a daemon thread, which starts with the first document.

    It belongs to the process that made it: in a fork it does nothing.
    """

    def __init__(
        self,
        url: str,
        *,
        interval: float = INTERVAL,
        timeout: float = REQUEST_TIMEOUT,
        is_quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            url: where to, one that ``events.check_progress_url`` lets pass.
            interval: seconds between two documents of ``send_latest``.
            timeout: seconds the receiver has for each step of a request.
            is_quiet: whether nothing is logged when the receiver takes nothing; else that is said once.
            clock: seconds that never go back.
        """
        self._url = urlsplit(url)
        self._interval = interval
        self._timeout = timeout
        self._clock = clock
        self._owner = os.getpid()
        self._changed = threading.Condition()
        self._waiting: deque[Mapping[str, Any]] = deque(maxlen=MAX_WAITING)
        self._latest: Mapping[str, Any] | None = None
        self._due = clock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._tls: SSLContext | None = None
        self._may_complain = not is_quiet

    def send(self, document: Mapping[str, Any]) -> None:
        """Have a document sent after those that wait. Returns at once."""
        self._put(document, is_latest=False)

    def send_latest(self, document: Mapping[str, Any]) -> None:
        """Have a document sent in the place of an earlier one of this method that still waits. Returns at once.

        At most one goes out in an interval. The last one always goes out, at ``close`` if not before.
        """
        self._put(document, is_latest=True)

    def close(self, patience: float = EXIT_PATIENCE) -> None:
        """Take nothing more, and wait at most so many seconds until what waits is sent."""
        if os.getpid() != self._owner or self._thread is None:
            return
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(patience)

    def _put(self, document: Mapping[str, Any], *, is_latest: bool) -> None:
        if os.getpid() != self._owner:  # a fork has no thread that sends, and perhaps a lock that nobody opens
            return
        with self._changed:
            if self._closed:
                return
            if is_latest:
                self._latest = document
            else:
                if self._latest is not None:
                    self._waiting.append(self._latest)
                    self._latest = None
                self._waiting.append(document)
            if self._thread is None:
                self._start()
            self._changed.notify()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="batch-manager-events", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # this process may have no more threads
            self._closed = True
        else:
            self._thread = thread

    def _run(self) -> None:
        while (document := self._next()) is not None:
            try:
                self._post(document)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is not in the way of the work
                self._complain(type(error).__name__)

    def _next(self) -> Mapping[str, Any] | None:
        """What is to be sent now; waits for it. None once there is nothing more to come."""
        with self._changed:
            while True:
                if self._waiting:
                    return self._waiting.popleft()
                wait = None if self._latest is None else self._due - self._clock()
                if self._latest is not None and wait is not None and (wait <= 0 or self._closed):
                    document, self._latest = self._latest, None
                    self._due = self._clock() + self._interval
                    return document
                if self._closed:
                    return None
                self._changed.wait(wait)

    def _post(self, document: Mapping[str, Any]) -> None:
        body = json.dumps(document, separators=(",", ":")).encode()
        head = (
            f"POST {self._url.path or '/'} HTTP/1.1\r\nHost: {self._url.netloc}\r\nContent-Type: {CONTENT_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with self._connect() as line:
            line.sendall(head.encode("ascii") + body)
            answer = _read_answer(line)
        if (status := _status(answer)) != "2":
            self._complain(f"answer {status}xx" if status else "no answer")

    def _connect(self) -> socket.socket:
        """A connection of its own for each document: there is one in a second at most."""
        import socket  # in this thread, beside the work; http.client would cost four times as much (ADR 25)

        host = self._url.hostname or ""
        port = self._url.port or (80 if self._url.scheme == "http" else 443)
        line = socket.create_connection((host, port), timeout=self._timeout)
        if self._url.scheme == "http":
            return line
        if self._tls is None:
            import ssl

            self._tls = ssl.create_default_context()
        try:
            return self._tls.wrap_socket(line, server_hostname=host)
        except BaseException:  # whatever ends the handshake, the line is ours to close
            line.close()
            raise

    def _complain(self, why: str) -> None:
        if self._may_complain:
            self._may_complain = False
            _log.info("events are not taken", extra={"receiver": self._url.hostname, "why": why})


def _read_answer(line: socket.socket) -> bytes:
    """The answer, or its beginning: the receiver can finish one of a fair size."""
    answer = b""
    while len(answer) < _MAX_ANSWER and (part := line.recv(_MAX_ANSWER)):
        answer += part
    return answer


def _status(answer: bytes) -> str:
    """The first digit of an HTTP answer's status; nothing if it is no such answer."""
    words = answer[:64].split()
    return words[1][:1].decode("ascii", "replace") if len(words) > 1 and words[0].startswith(b"HTTP/1.") else ""
