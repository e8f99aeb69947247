"""The HTTP side of the starter: who may ask, what is too much, and which answer belongs to which end."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from batch_manager.errors import BatchManagerError, InputError
from starter.starting import RefusedError, Starter

KEY_HEADER = "X-Starter-Key"
START_PATH = "/jobs"
HEALTH_PATH = "/health"

MAX_BODY = 256 * 1024
"""Bytes of a request's body."""

READ_SECONDS = 20.0
"""How long a client may be silent within a request."""

_log = logging.getLogger(__name__)


class StarterServer(ThreadingHTTPServer):
    """Listens until it is shut down; each request has a thread.

    Args:
        address: host and port; port 0 means any free one.
        starter: does the work.
        keys: one of them must stand in the header ``X-Starter-Key``.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], starter: Starter, keys: Sequence[str]) -> None:
        self.starter = starter
        self._keys = [key.encode() for key in keys]
        super().__init__(address, _Handler)

    def knows(self, key: str) -> bool:
        """Whether this is one of the keys, in a time that does not tell how much of it is."""
        given = key.encode("utf-8", "surrogateescape")
        return any([hmac.compare_digest(given, known) for known in self._keys])  # noqa: C419 - all are compared


class _Handler(BaseHTTPRequestHandler):
    server: StarterServer
    protocol_version = "HTTP/1.1"
    server_version = "starter"
    sys_version = ""
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        """Start a job."""
        self.close_connection = True  # whatever is left of the body is nobody's next request
        body = self._read_body()  # before any answer: a connection that is closed on unread bytes loses the answer
        if body is None:
            return
        if self.path.partition("?")[0] != START_PATH:
            self._refuse(HTTPStatus.NOT_FOUND, "NotFound", f"POST to {START_PATH}")
        elif not self.server.knows(self.headers.get(KEY_HEADER, "")):
            self._refuse(HTTPStatus.UNAUTHORIZED, "WrongKey", f"give the starter's key in the header {KEY_HEADER}")
        else:
            self._start(body)

    def do_GET(self) -> None:
        """Say that the starter is up."""
        if self.path.partition("?")[0] == HEALTH_PATH:
            self._answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "NotFound", f"POST to {START_PATH}, or GET {HEALTH_PATH}")

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "NoLength", "give the body with a Content-Length")
        elif len(length) > 9 or int(length) > MAX_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "TooLarge", f"give a body of at most {MAX_BODY} bytes")
        else:
            try:
                return self.rfile.read(int(length))
            except TimeoutError:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT, "TooSlow", f"send the body within {READ_SECONDS:g} seconds")
        return None

    def _start(self, body: bytes) -> None:
        try:
            record = self.server.starter.accept(body)
        except InputError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, "BadRequest", str(error))
        except RefusedError as error:
            self._refuse(error.status, error.code, str(error))
        except BatchManagerError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, type(error).__name__.removesuffix("Error"), str(error))
        except Exception:  # noqa: BLE001 - the outermost frame of a request: what nobody foresaw is answered too
            _log.exception("a request could not be answered")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal", "the starter's log tells more")
        else:
            self._answer(HTTPStatus.ACCEPTED, {"jobId": record.job_id, "state": record.state.value})

    def _refuse(self, status: HTTPStatus, code: str, message: str) -> None:
        self._answer(status, {"error": {"code": code, "message": message}})
        _log.warning("refused", extra={"status": int(status), "code": code, "why": message})

    def _answer(self, status: HTTPStatus, values: object) -> None:
        content = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: what a client put into its request line may be anything."""
