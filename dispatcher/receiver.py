"""A small callback receiver on this machine: what Azure Data Factory would be, for a run that wants to see its
callback."""

from __future__ import annotations

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a callback's body that are accepted."""


class CallbackReceiver:
    """Listens on a free loopback port while its context lasts and keeps the first body for each idempotency key.

    Its URL holds a random word, as a real callback URL does: whoever does not know it gets 404.
    """

    def __init__(self) -> None:
        self._path = f"/callback/{secrets.token_urlsafe(16)}"
        self._bodies: dict[str, Any] = {}
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_type())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="callback-receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where to call back. Keep it out of logs."""
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def wait(self, timeout: float) -> dict[str, Any] | None:
        """The body of the first callback, as JSON; None if none came within ``timeout`` seconds."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self._bodies), timeout)
            return next(iter(self._bodies.values()), None)

    def __enter__(self) -> CallbackReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, key: str, body: object) -> None:
        with self._arrived:
            self._bodies.setdefault(key, body)
            self._arrived.notify_all()

    def _handler_type(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if self.path != receiver._path or length > MAX_BODY:
                    self.send_error(404 if self.path != receiver._path else 413)
                    return
                try:
                    body = json.loads(self.rfile.read(length))
                except ValueError:
                    self.send_error(400)
                    return
                receiver._take(self.headers.get("Idempotency-Key", ""), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing: the request line holds the secret word."""

        return Handler
