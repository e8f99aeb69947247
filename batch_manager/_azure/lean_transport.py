"""The connections of many small requests, in the place of the default transport of Microsoft's clients.

Of the time that a small blob costs this machine, the default transport takes most, and the pipeline above it, which
signs and logs, a tenth (docs/performance.md). The standard library connects and checks certificates here too; what is
left out is what Blob Storage does not need.
"""

from __future__ import annotations

import http.client
import os
import ssl
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpRequest, HttpResponse, HttpTransport

from batch_manager._azure.http_exchange import Exchange, Received, head_of

TIMEOUT_SECONDS = 60.0
"""For a connection, and between two pieces of a reply: as Microsoft's client of storage has it."""
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Where the default transport looks for certificates."""


def lean_transport(url: str) -> LeanTransport | None:
    """A transport to a host; None where a proxy stands before it, which is the default's affair."""
    host = urlsplit(url)
    if host.scheme in getproxies() and not proxy_bypass(host.netloc):
        return None
    return LeanTransport()


class LeanResponse(HttpResponse):
    """A reply that was read to its end, as it was stored."""

    def __init__(self, request: HttpRequest, received: Received) -> None:
        super().__init__(request, received)
        self.status_code = received.status
        self.headers: Any = received.headers
        self.reason = received.reason
        self.content_type = received.headers.get("Content-Type")
        self._content = received.content

    def body(self) -> bytes:
        """The content."""
        return self._content


class LeanTransport(HttpTransport[HttpRequest, HttpResponse]):
    """One connection for each thread that asks, which lives as long as the thread."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._context: ssl.SSLContext | None = None

    def open(self) -> None:
        """Nothing: a connection is made when it is needed."""

    def close(self) -> None:
        """Close this thread's connection."""
        self._forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def send(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Make a request, and read the reply to its end. All that goes through here may be made twice: one under which
        the server ended a connection that had been idle is made again at once.

        Raises:
            ServiceRequestError: there is no connection.
            ServiceResponseError: there is no reply, or a part of one.
        """
        url = urlsplit(request.url)
        head = head_of(request.method, url, request.headers)
        body = request.data if isinstance(request.data, bytes) else None  # nothing else is sent through here
        exchange, is_fresh = self._exchange(url)
        try:
            try:
                received = exchange.ask(request.method, head, body)
            except ConnectionError:
                self._forget()
                if is_fresh:
                    raise
                exchange, _ = self._exchange(url)
                received = exchange.ask(request.method, head, body)
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            raise ServiceResponseError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self._forget()  # a part of a reply may be left in it
            raise
        if received.is_last:
            self._forget()
        return LeanResponse(request, received)

    def _exchange(self, url: SplitResult) -> tuple[Exchange, bool]:
        key = (url.scheme, url.netloc)
        exchange: Exchange | None = getattr(self._own, "exchange", None)
        if exchange is not None and self._own.key == key and exchange.is_quiet():
            return exchange, False
        self._forget()
        connection = self._connection(url)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            raise ServiceRequestError(f"{type(error).__name__}: {error}") from error
        self._own.exchange, self._own.key = Exchange(connection.sock), key
        return self._own.exchange, True

    def _connection(self, url: SplitResult) -> http.client.HTTPConnection:
        host = url.hostname or ""
        if url.scheme != "https":
            return http.client.HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)
        if self._context is None:
            bundle = next(filter(None, map(os.environ.get, _BUNDLES)), certifi.where())
            by_folder = os.path.isdir(bundle)
            self._context = ssl.create_default_context(
                cafile=None if by_folder else bundle, capath=bundle if by_folder else None
            )
        return http.client.HTTPSConnection(host, url.port, timeout=TIMEOUT_SECONDS, context=self._context)

    def _forget(self) -> None:
        exchange: Exchange | None = getattr(self._own, "exchange", None)
        if exchange is not None:
            self._own.exchange = None
            exchange.close()
