"""Bytes that are no HTTP, or HTTP that nobody sends."""

from __future__ import annotations

import random


def broken_http(rng: random.Random, host: str) -> tuple[bytes, bool]:
    """Return bytes, and whether the client goes away after them instead of waiting for an answer."""
    head = f"POST /pools?api-version=1 HTTP/1.1\r\nHost: {host}\r\n".encode()
    whole = (
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        rng.randbytes(200) + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(300),  # as TLS begins
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        f"GET /pools HTTP/9.9\r\nHost: {host}\r\n\r\n".encode(),
        f"GET /{'a' * 100_000} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        f"GET http://elsewhere.example/pools?api-version=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        f"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        f"TRACE / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        f"OPTIONS /pools HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n\r\n".encode(),
        b"GET /pools?api-version=1 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /pools?api-version=1 HTTP/1.1\r\n\r\n",
        b"GET /pools?api-version=1 HTTP/1.0\r\n\r\n",
        b'GET /pools?api-version=1 HTTP/1.1\r\nHost: "<x>\r\n\r\n',
        f"GET /pools?{'&'.join(f'q{index}=1' for index in range(5000))} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        head + b"".join(b"X-%d: y\r\n" % index for index in range(5000)) + b"\r\n",
        head + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        head + b"Content-Length: -1\r\n\r\n",
        head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        head + b"Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        head + b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n",
        head + b" folded\r\n\r\n",
        head + b"No colon here\r\n\r\n",
        head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    )
    if rng.random() < 0.25:
        return rng.choice((b"", b"G", head, head + b"Content-Length: 500000\r\n\r\n{", head + b"X: y")), True
    return rng.choice(whole), False
