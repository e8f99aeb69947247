"""The listeners' sockets."""

from __future__ import annotations

import asyncio
import socket

from dispatcher.service.listeners import ADDRESS, listen


def test_answers_are_sent_without_delay() -> None:
    """An answer's body must not wait until its head was acknowledged, which takes 40 ms."""

    async def delays() -> bool:
        found: list[int] = []

        def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen(0) as listener:
            async with await asyncio.start_server(note, sock=listener):
                reader, writer = await asyncio.open_connection(ADDRESS, listener.getsockname()[1])
                await reader.read()
                writer.close()
        return found == [0]

    assert not asyncio.run(delays())


def test_only_the_loopback_address_is_listened_on() -> None:
    """Other machines do not reach the service."""
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
