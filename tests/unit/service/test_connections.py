"""Connections on which nobody asks for anything end; those that are used stay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvicorn

from dispatcher.service.app import make_app
from dispatcher.service.connections import BoundedProtocol
from dispatcher.service.listeners import ADDRESS, listen
from dispatcher.service.pipeline import Answer

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Hasty(BoundedProtocol):
    """Hardly waits at all."""

    head_seconds = 0.05


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: object = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        self.listening.set()


def talk(conversation: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]) -> bytes:
    """Return what a conversation with a server that hardly waits returns."""

    async def serve() -> bytes:
        app = make_app(lambda request: Answer(status=200, headers={}))
        with listen(0) as listener:
            server = Server(uvicorn.Config(app, http=Hasty, lifespan="off", log_config=None, access_log=False))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await server.listening.wait()
            reader, writer = await asyncio.open_connection(ADDRESS, listener.getsockname()[1])
            said = await asyncio.wait_for(conversation(reader, writer), 30)
            writer.close()
            server.should_exit = True
            await serving
        return said

    return asyncio.run(serve())


@pytest.mark.parametrize("sent", [b"", b"G", REQUEST[:-2], REQUEST[:-2] + b"X: y"])
def test_connection_without_a_whole_head_ends(sent: bytes) -> None:
    """Whether nothing comes or a part."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        return await reader.read()

    assert talk(wait) == b""


def test_second_head_has_to_come_too() -> None:
    """A client that was answered once gets no more time for the next request."""

    async def ask_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(REQUEST[:10])
        return head + await reader.read()

    assert talk(ask_once).startswith(b"HTTP/1.1 200")


def test_body_that_does_not_come_is_not_waited_for() -> None:
    """The client is told that it took too long."""

    async def withhold() -> int:
        sent: list[dict[str, int]] = []

        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            return {}

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b"", "raw_path": b"/"}
        app = make_app(lambda request: Answer(status=200, headers={}), body_seconds=0.01)
        await app(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(withhold()) == 408
