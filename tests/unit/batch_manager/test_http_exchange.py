"""Requests and replies of HTTP on one connection."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from batch_manager._azure.http_exchange import Exchange, head_of

HEAD = head_of("GET", urlsplit("http://host:1/a?b=c"), {"X-Name": "value"})


@pytest.fixture
def pair() -> Iterator[tuple[Exchange, socket.socket]]:
    """A connection and the server's end of it."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    exchange = Exchange(ours)
    yield exchange, theirs
    exchange.close()
    theirs.close()


def test_request_is_what_was_asked(pair: tuple[Exchange, socket.socket]) -> None:
    """With its content behind it."""
    exchange, server = pair
    server.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    exchange.ask("PUT", HEAD, b"content")
    expected = b"GET /a?b=c HTTP/1.1\r\nHost: host:1\r\nAccept-Encoding: identity\r\nX-Name: value\r\n\r\ncontent"
    assert server.recv(1000) == expected


def test_replies_come_one_after_the_other(pair: tuple[Exchange, socket.socket]) -> None:
    """By length, in chunks, without content, and after an interim reply."""
    exchange, server = pair
    server.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: "1"\r\n\r\nabc'
        b"HTTP/1.1 206 Some\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nde\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204\r\n\r\n"
    )
    replies = [exchange.ask(method, HEAD, None) for method in ("GET", "GET", "HEAD", "GET")]
    assert [reply.content for reply in replies] == [b"abc", b"de0123456789", b"", b""]
    assert [reply.status for reply in replies] == [200, 206, 200, 204]
    assert replies[0].headers["etag"] == '"1"'
    assert not any(reply.is_last for reply in replies)


def test_reply_without_a_length_ends_with_the_connection(pair: tuple[Exchange, socket.socket]) -> None:
    """Which is not used again."""
    exchange, server = pair
    server.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    server.shutdown(socket.SHUT_WR)
    reply = exchange.ask("GET", HEAD, None)
    assert (reply.content, reply.is_last) == (b"all of it", True)


def test_request_that_is_refused_before_it_was_sent_has_its_reply(pair: tuple[Exchange, socket.socket]) -> None:
    """The server closed its end; what it said first is the answer, and the connection is not used again."""
    exchange, server = pair
    server.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    server.close()
    reply = exchange.ask("PUT", HEAD, b"x" * 1_000_000)
    assert (reply.status, reply.content, reply.is_last) == (403, b"no", True)


def test_connection_on_which_something_came_unasked_is_not_quiet(pair: tuple[Exchange, socket.socket]) -> None:
    """As a server says 408 to one that is idle: it is no reply to the next request."""
    exchange, server = pair
    assert exchange.is_quiet()
    server.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert not exchange.is_quiet()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", ConnectionError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", http.client.IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nContent-Le", http.client.IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", http.client.HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", http.client.IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nab", http.client.HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n", http.client.HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", http.client.HTTPException),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", http.client.HTTPException),
        (b"SSH-2.0\r\n", http.client.BadStatusLine),
    ],
)
def test_reply_that_is_cut_off_or_none_is_an_error(
    pair: tuple[Exchange, socket.socket], reply: bytes, error: type[Exception]
) -> None:
    """Half of one is never taken for a whole."""
    exchange, server = pair
    server.sendall(reply)
    server.shutdown(socket.SHUT_WR)
    with pytest.raises(error):
        exchange.ask("GET", HEAD, None)


def test_line_break_in_a_header_is_refused() -> None:
    """It would be a header of its own."""
    with pytest.raises(ValueError, match="line break"):
        head_of("GET", urlsplit("http://host/"), {"X": "a\r\nY: b"})
