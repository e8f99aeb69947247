"""A small callback receiver on this machine: what Azure Data Factory would be, for a run that wants to see its
callback."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a callback's body that are accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the receiver says to one delivery."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One callback as it arrived, whatever was answered.

    Attributes:
        key: its idempotency key; empty if it had none.
        headers: by lower-case name.
        content: the body's bytes, which a signature is for.
        body: the body, as JSON.
    """

    key: str
    headers: Mapping[str, str]
    content: bytes
    body: Any


class CallbackReceiver:
    """Listens on a free loopback port while its context lasts and keeps every delivery.

    Its URL holds a random word, as a real callback URL does: whoever does not know it gets 404.

    Args:
        answers: what to say to the first deliveries, in order; 200 to all later ones.
        certificate: a PEM file with a certificate and its key, for https; None for http.
    """

    def __init__(self, answers: Sequence[Answer] = (), *, certificate: Path | None = None) -> None:
        self._path = f"/callback/{secrets.token_urlsafe(16)}"
        self._answers = list(answers)
        self._deliveries: list[Delivery] = []
        self._accepted: dict[str, Any] = {}
        self._arrived = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_type())
        self._server.daemon_threads = True
        self._scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._serve, name="callback-receiver", daemon=True)

    @property
    def url(self) -> str:
        """Where to call back. Keep it out of logs."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}{self._path}"

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All that arrived so far, refused ones too, in order."""
        with self._arrived:
            return tuple(self._deliveries)

    def wait(self, timeout: float) -> dict[str, Any] | None:
        """The body of the first callback that was accepted, as JSON; None if none came within ``timeout`` seconds."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self._accepted), timeout)
            return next(iter(self._accepted.values()), None)

    def __enter__(self) -> CallbackReceiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)  # which is how long the end of it takes

    def _take(self, delivery: Delivery) -> Answer:
        """The first body for a key counts; a later one changes nothing."""
        with self._arrived:
            answer = self._answers.pop(0) if self._answers else Answer()
            self._deliveries.append(delivery)
            if answer.status < 300:
                self._accepted.setdefault(delivery.key, delivery.body)
                self._arrived.notify_all()
            return answer

    def _handler_type(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if self.path != receiver._path or length > MAX_BODY:
                    self.send_error(404 if self.path != receiver._path else 413)
                    return
                content = self.rfile.read(length)
                try:
                    body = json.loads(content)
                except ValueError:
                    self.send_error(400)
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                key = headers.get("idempotency-key", "")
                answer = receiver._take(Delivery(key=key, headers=headers, content=content, body=body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing: the request line holds the secret word."""

        return Handler
