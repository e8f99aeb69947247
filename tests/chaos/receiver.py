"""A receiver that keeps every callback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from tests.chaos.evidence import Delivery


class Receiver:
    """Listens on a free loopback port while its context lasts. Every third POST is answered as by a receiver that is
    busy, so that being called again is nothing special."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._asked = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_type())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where to call back."""
        return f"http://127.0.0.1:{self._server.server_port}/callback"

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The callbacks that were accepted so far."""
        with self._lock:
            return tuple(self._deliveries)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, key: str, body: bytes) -> int:
        with self._lock:
            self._asked += 1
            if self._asked % 3 == 1:
                return 503
            self._deliveries.append(Delivery(key=key, body=json.loads(body)))
            return 200

    def _handler_type(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver._take(self.headers["Idempotency-Key"], body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler
