"""A proxy for http that writes down every request that passes: what a wiretap between client and service would see."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

_OF_A_CONNECTION = {"connection", "proxy-connection", "keep-alive", "transfer-encoding"}


class Recorder:
    """What passed, each request as one text of bytes: its line, its headers, its body."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._lock = Lock()

    def add(self, request: bytes) -> None:
        """Keep a request; from any thread."""
        with self._lock:
            self.requests.append(request)

    def holding(self, secret: str) -> list[str]:
        """The lines of the requests that hold a secret."""
        return [text.partition(b"\n")[0].decode() for text in self.requests if secret.encode() in text]


@contextmanager
def recording_proxy() -> Iterator[tuple[str, Recorder]]:
    """Run one on a free port; yields its URL, and what it writes down."""
    recorder = Recorder()
    with _Server(("127.0.0.1", 0), _handler(recorder)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", recorder
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no error of a test."""


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

        def pass_on(self) -> None:
            body = self._body()
            recorder.add(f"{self.requestline}\n{self.headers}\n".encode() + body)
            parts = urlsplit(self.path)
            there = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_CONNECTION}
                there.request(self.command, self.path[len(f"{parts.scheme}://{parts.netloc}") :], body, headers)
                self._answer(there.getresponse())
            except OSError:
                self.close_connection = True
            finally:
                there.close()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            content = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def _answer(self, reply: http.client.HTTPResponse) -> None:
            content = reply.read()
            self.send_response_only(reply.status, reply.reason)
            for name, value in reply.getheaders():
                if name.lower() not in _OF_A_CONNECTION | {"content-length"}:
                    self.send_header(name, value)
            length = reply.getheader("Content-Length") if self.command == "HEAD" else None
            if reply.status not in (204, 304):
                self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    for verb in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{verb}", Handler.pass_on)
    return Handler
