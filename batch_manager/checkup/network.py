"""Goes the way to an endpoint step by step, as Microsoft's clients would: proxy, name, connection, TLS, an answer."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

PROBE_SECONDS = 10.0
"""For each step."""

AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name the file of trusted authorities, the first that is set; Microsoft's clients obey them."""


class Step(Enum):
    """A step on the way; the value is said where it fails."""

    URL = "the URL cannot be used"
    NAME = "the name cannot be resolved"
    CONNECTION = "nothing accepts a connection"
    TLS = "TLS could not be agreed on"
    ANSWER = "there is no HTTP answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How far the way to an endpoint went.

    Attributes:
        place: scheme, host and port; never a path or query, where a secret may be.
        failed: the step that failed; None if none did.
        reason: why, in the system's words.
        proxy: host and port of the proxy in between; None for none.
        server_time: the answer's ``Date``; None if it has none, or nothing was asked.
        at: our clock when the answer came.
        not_trusted: of a failed TLS step: the certificate is what is wrong.
    """

    place: str
    failed: Step | None = None
    reason: str = ""
    proxy: str | None = None
    server_time: datetime | None = None
    at: datetime | None = None
    not_trusted: bool = False


def probe(url: str, *, ask: bool = True, environment: Mapping[str, str] | None = None) -> Probe:
    """Go the way to an endpoint.

    Args:
        url: the endpoint.
        ask: whether to send ``GET /`` too. Without it not a byte of HTTP is sent but to a proxy: a callback's receiver
            must not be called.
        environment: variables; those of this process if not given.
    """
    variables = os.environ if environment is None else environment
    parts = urlsplit(url)
    try:
        place = f"{parts.scheme}://{parts.hostname}:{_port(parts)}"
    except ValueError:
        return Probe(place=parts.scheme, failed=Step.URL, reason="its port is no number")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Probe(place=place, failed=Step.URL, reason="give https://HOST")
    proxy = _proxy(parts)
    proxied = f"{proxy.hostname}:{_port(proxy)}" if proxy is not None else None
    step = Step.NAME
    try:
        first = proxy or parts
        socket.getaddrinfo(first.hostname, _port(first), type=socket.SOCK_STREAM)
        step = Step.CONNECTION
        with closing(_connection(parts, proxy)) as connection:
            connection.connect()
            step = Step.TLS
            if parts.scheme == "https":
                _wrap(connection, parts, variables)
            step = Step.ANSWER
            server_time = _ask(connection, parts, proxy) if ask else None
    except (OSError, http.client.HTTPException) as error:
        return Probe(
            place=place,
            failed=step,
            reason=_words(error),
            proxy=proxied,
            not_trusted=isinstance(error, ssl.SSLCertVerificationError),
        )
    return Probe(place=place, proxy=proxied, server_time=server_time, at=datetime.now(UTC))


def authorities(environment: Mapping[str, str]) -> str | None:
    """The variable that names the trusted authorities; None where the clients' own are."""
    return next((name for name in AUTHORITIES if environment.get(name)), None)


def _connection(parts: SplitResult, proxy: SplitResult | None) -> http.client.HTTPConnection:
    """Not connected yet; TLS is put on it later, so that each step fails for itself."""
    first = proxy or parts
    connection = http.client.HTTPConnection(str(first.hostname), _port(first), timeout=PROBE_SECONDS)
    if proxy is not None and parts.scheme == "https":
        connection.set_tunnel(str(parts.hostname), _port(parts), _proxy_headers(proxy))
    return connection


def _wrap(connection: http.client.HTTPConnection, parts: SplitResult, variables: Mapping[str, str]) -> None:
    connection.sock = _context(variables).wrap_socket(connection.sock, server_hostname=parts.hostname)


def _context(variables: Mapping[str, str]) -> ssl.SSLContext:
    name = authorities(variables)
    if name is None:
        import certifi  # what requests, under Microsoft's clients, trusts

        return ssl.create_default_context(cafile=certifi.where())
    path = variables[name]
    if os.path.isdir(path):
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


def _ask(connection: http.client.HTTPConnection, parts: SplitResult, proxy: SplitResult | None) -> datetime | None:
    target = f"http://{parts.netloc}/" if proxy is not None and parts.scheme == "http" else "/"
    headers = _proxy_headers(proxy) if proxy is not None and parts.scheme == "http" else {}
    connection.request("GET", target, headers={"Host": parts.netloc, "User-Agent": "batch-manager-doctor", **headers})
    header = connection.getresponse().headers.get("Date")
    try:
        return parsedate_to_datetime(header).astimezone(UTC) if header else None
    except ValueError:
        return None


def _proxy(parts: SplitResult) -> SplitResult | None:
    address = getproxies().get(parts.scheme)
    if not address or proxy_bypass(str(parts.hostname)):
        return None
    return urlsplit(address if "//" in address else f"http://{address}")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    """Who asks the proxy, where its address says so."""
    if not proxy.username:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
