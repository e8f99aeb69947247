"""A GET that answers with JSON."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from batch_manager.light.errors import NotLightError

if TYPE_CHECKING:
    import ssl

TIMEOUT = 10.0
"""Seconds for a connection, and for each wait for bytes of an answer."""

PAUSES = (0.1, 0.4, 1.0)
"""Seconds before the second and later tries, where the service is busy or the line is lost. Microsoft's client is more
patient, and comes after these."""

MAX_ANSWER = 16 * 1024 * 1024
"""Bytes; a page of a thousand ids has less than 100,000."""

_BUSY = frozenset({408, 429, 500, 502, 503, 504})


class JsonReader:
    """One connection to one host, made when it is first needed.

    Args:
        url: where; only scheme, host and port count.
        pause: what waits some seconds.
    """

    def __init__(self, url: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = urlsplit(url)
        self._pause = pause
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> JsonReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, target: str, make_headers: Callable[[], Mapping[str, str]]) -> dict[str, Any]:
        """The JSON object at a path with its query.

        Args:
            target: the path and query, encoded.
            make_headers: what gives the headers of each try, since a signature holds the time.

        Raises:
            NotLightError: the answer was not 200 with a JSON object, after a few tries.
        """
        reason = ""
        for wait in (*PAUSES, None):
            try:
                status, body = self._ask(target, make_headers())
            except (OSError, http.client.HTTPException) as error:
                self.close()
                reason = type(error).__name__
            else:
                if status == http.client.OK:
                    return _object(body)
                reason = f"status {status}"
                if status not in _BUSY:
                    break
            if wait is not None:
                self._pause(wait)
        raise NotLightError(f"no answer: {reason}")

    def _ask(self, target: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = _connect(self._url)
        self._connection.request("GET", target, headers=dict(headers))
        response = self._connection.getresponse()
        return response.status, response.read(MAX_ANSWER)


def _connect(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        return http.client.HTTPSConnection(host, url.port, timeout=TIMEOUT, context=_trust())
    return http.client.HTTPConnection(host, url.port, timeout=TIMEOUT)


def _trust() -> ssl.SSLContext:
    """Trust what Microsoft's client trusts when it is told; else what this machine trusts."""
    import ssl  # plain HTTP has no use for it

    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle:
        if os.path.isdir(bundle):
            return ssl.create_default_context(capath=bundle)
        return ssl.create_default_context(cafile=bundle)
    folder = ssl.get_default_verify_paths().capath
    if os.environ.get("SSL_CERT_FILE") or folder is None or not _has_hashes(folder):
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies the certificate and the host's name
    context.load_verify_locations(capath=folder)  # opens the one file it needs; a bundle is read whole: 20 ms
    return context


def _has_hashes(folder: str) -> bool:
    """Whether a folder's certificates have the names by which OpenSSL finds them."""
    try:
        return any(name.endswith(".0") for name in os.listdir(folder))
    except OSError:
        return False


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise NotLightError("the answer is not JSON") from None
    if not isinstance(value, dict):
        raise NotLightError("the answer is not a JSON object")
    return value
