"""What a team would point a job's progress URL, or its callback, at."""

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class EventReceiver:
    """Keeps every event it is sent while its context lasts.

    Args:
        status: what it answers.
        holds_answers: whether it takes requests and answers none until ``let_go``.
        tls: what it serves https with; None for http.
    """

    def __init__(self, *, status: int = 202, holds_answers: bool = False, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str | None, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        """The ``Idempotency-Key`` of each request."""
        self._status = status
        self._may_answer = threading.Event()
        if not holds_answers:
            self._may_answer.set()
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_type())
        self._server.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/events"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What came, in the order of coming."""
        return [event for _, _, event in self.requests]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The events of a type, by its last words: ``task.ended``."""
        return [event for event in self.events if event["type"].endswith(f".{kind}")]

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> bool:
        """Whether it came to hold in time."""
        with self._arrived:
            return self._arrived.wait_for(condition, seconds)

    def let_go(self) -> None:
        """Answer from now on."""
        self._may_answer.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler_type(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._arrived:
                    receiver.keys.append(self.headers["Idempotency-Key"])
                    receiver.requests.append((self.path, self.headers["Content-Type"], body))
                    receiver._arrived.notify_all()
                receiver._may_answer.wait()
                self.send_response(receiver._status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        return Handler
