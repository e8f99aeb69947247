"""Answers that come late or not at all: the only part of the faults that touches sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextvars import ContextVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dispatcher.service.connections import BoundedProtocol
from dispatcher.service.faults.delivery import Cut, Delivery

_connection: ContextVar[asyncio.Transport] = ContextVar("connection")
_NO_LINGER = struct.pack("ii", 1, 0)


class TellingProtocol(BoundedProtocol):
    """HTTP that lets whoever answers a request know the connection it came by; made by uvicorn."""

    def data_received(self, data: bytes) -> None:
        """Read; what answers a request runs in the context that it was read in."""
        _connection.set(self.transport)
        super().data_received(data)


async def deliver(delivery: Delivery, response: Response) -> Response:
    """Wait as long as was asked for, and return what to send."""
    if delivery.seconds:
        await asyncio.sleep(delivery.seconds)
    return response if delivery.cut is None else _NoResponse(delivery.cut)


class _NoResponse(Response):
    """The end of the connection."""

    def __init__(self, cut: Cut) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection, and return once it is: until then the server would answer for us."""
        transport = _connection.get()
        if self._cut is Cut.UNHEARD:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
