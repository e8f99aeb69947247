"""What the service does not take, whoever sends it."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from tests.service.support import Running

QUERY = "api-version=2025-06-01"


def say(service: Running, content: bytes) -> bytes:
    """Send bytes and return what comes back until the connection ends."""
    address = urlsplit(service.endpoint)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=30) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:10100", "localhost.evil:1", '"<x>']
)
def test_request_to_another_host_is_refused(service: Running, host: str) -> None:
    """A web page whose name was made to lead to this machine gets nothing, not even a challenge."""
    said = say(service, f"GET /pools?{QUERY} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 400")
    assert b"InvalidHeaderValue" in said
    assert b"www-authenticate" not in said.lower()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "two.localhost:80", "[::1]:5", "management.azure.com"])
def test_request_to_this_machine_is_let_in(service: Running, host: str) -> None:
    """Under any of its names, as far as who asks."""
    said = say(service, f"GET /pools?{QUERY} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 401")


def test_page_of_another_origin_is_allowed_nothing(service: Running) -> None:
    """A browser that asks beforehand is refused, and no answer allows reading it."""
    asked = (
        f"OPTIONS /pools?{QUERY} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nConnection: close\r\n"
    )
    said = say(service, f"{asked}Access-Control-Request-Method: PUT\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 401")
    assert b"access-control" not in said.lower()


@pytest.mark.parametrize("path", ["/jobs/%0A", "/%0a/", "//evil.example/%0A/", "/pools/a%0D%0Ab"])
def test_path_with_a_new_line_is_asked_who_it_is(service: Running, path: str) -> None:
    """No path is answered by anything but the service itself."""
    said = say(service, f"GET {path}?{QUERY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 401")
    assert b"AuthenticationFailed" in said


def test_head_that_is_too_large_is_refused(service: Running) -> None:
    """Memory is not for whoever sends most."""
    said = say(service, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 70_000 + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400")
