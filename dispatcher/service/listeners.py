"""HTTP and HTTPS on the loopback address: two listeners, one application, one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from dispatcher.service.connections import MOST_CONNECTIONS, BoundedProtocol
from dispatcher.service.tls import TlsFiles

ADDRESS = "127.0.0.1"

_BACKLOG = 512


class PortError(Exception):
    """A port cannot be had; the message names it."""


@contextmanager
def listen(port: int) -> Iterator[socket.socket]:
    """Listen on a port, 0 for any; connections wait until somebody serves them.

    Raises:
        PortError: it is taken, or not for this user.
    """
    # Named, because asyncio sends without delay only on sockets that say they are TCP: else each answer takes 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            message = f"cannot listen on {ADDRESS}:{port}: {error.strerror}; choose another port, or 0 for a free one"
            raise PortError(message) from None
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return ``127.0.0.1:PORT``."""
    return f"{ADDRESS}:{listener.getsockname()[1]}"


class Listeners:
    """Serves an application on both listeners until told to stop; one that ends takes the other with it."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        http: socket.socket,
        https: socket.socket,
        tls: TlsFiles,
        ready: Callable[[], None],
        protocol: type[asyncio.Protocol] | None = None,
    ) -> None:
        """Serve nothing yet; ``ready`` is called once both serve. A protocol takes the place of the usual one."""
        self._waiting = 2
        self._ready = ready
        plain = _Server(_config(app, protocol), self._serves)
        secure = _Server(
            _config(app, protocol, ssl_certfile=str(tls.certificate), ssl_keyfile=str(tls.key)), self._serves
        )
        self._servers: Sequence[tuple[_Server, socket.socket]] = ((plain, http), (secure, https))

    async def serve(self) -> None:
        """Serve until `stop`."""
        await asyncio.gather(*(self._serve(server, listener) for server, listener in self._servers))

    def stop(self) -> None:
        """Take no more requests; those that are being answered have a moment."""
        for server, _ in self._servers:
            server.should_exit = True

    async def _serve(self, server: _Server, listener: socket.socket) -> None:
        try:
            await server.serve(sockets=[listener])
        finally:
            self.stop()

    def _serves(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._ready()


class _Server(uvicorn.Server):
    """A server that says when it serves, and leaves signals to others."""

    def __init__(self, config: uvicorn.Config, serves: Callable[[], None]) -> None:
        super().__init__(config)
        self._serves = serves

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, then say so."""
        await super().startup(sockets=sockets)
        self._serves()


def _config(
    app: ASGIApp,
    protocol: type[asyncio.Protocol] | None,
    *,
    ssl_certfile: str | None = None,
    ssl_keyfile: str | None = None,
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol or BoundedProtocol,
        ws="none",
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        access_log=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=2,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=ssl_keyfile,
    )
