"""A stand-in for a key vault, by Microsoft's documented contract: a 401 that names the resource to get a token for,
then a list of secrets and each secret (REST ``secrets``, API version 7.x).

Beside it run what answers for a managed identity, and a proxy that brings the vault's own host name here, since the
client checks that the challenge is of the vault's domain."""

from __future__ import annotations

import json
import select
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from tests.support.certificates import self_signed

HOST = "mine.vault.azure.net"
TOKEN = "token-of-the-stand-in"


@dataclass(frozen=True, kw_only=True)
class StandInVault:
    """A vault that runs."""

    variables: Mapping[str, str]
    """What a process needs that asks it."""
    asked: list[str]
    """The paths that were asked for with a token."""


@contextmanager
def stand_in_vault(folder: Path, secrets: Mapping[str, str]) -> Iterator[StandInVault]:
    """Run a vault with these secrets, by their names in the vault."""
    asked: list[str] = []
    certificate, key = self_signed("127.0.0.1", HOST)
    (folder / "vault.pem").write_bytes(certificate)
    (folder / "vault.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "vault.pem", folder / "vault.key")
    with ExitStack() as stack:
        vault = stack.enter_context(_running(_vault(secrets, asked), context))
        proxy = stack.enter_context(_running(_proxy(vault)))
        identity = stack.enter_context(_running(_Identity))
        yield StandInVault(
            variables={
                "AZURE_KEY_VAULT_URL": f"https://{HOST}",
                "HTTPS_PROXY": f"http://127.0.0.1:{proxy}",
                "NO_PROXY": "127.0.0.1",
                "REQUESTS_CA_BUNDLE": str(folder / "vault.pem"),
                "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity}/token",
                "IDENTITY_HEADER": "header",
            },
            asked=asked,
        )


@contextmanager
def _running(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def answer(self, status: int, body: object, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Identity(_Quiet):
    def do_GET(self) -> None:
        self.answer(200, {"access_token": TOKEN, "expires_on": "9999999999", "resource": "r", "token_type": "Bearer"})


def _vault(secrets: Mapping[str, str], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Vault(_Quiet):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                challenge = 'Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net"'
                self.answer(401, {}, **{"WWW-Authenticate": challenge})
                return
            path = urlsplit(self.path).path.rstrip("/")
            asked.append(path)
            _, _, name = path.partition("/secrets/")
            if path == "/secrets":
                items = [{"id": f"https://{HOST}/secrets/{key}", "attributes": {"enabled": True}} for key in secrets]
                self.answer(200, {"value": items, "nextLink": None})
            elif name.partition("/")[0] in secrets:
                found = name.partition("/")[0]
                self.answer(200, {"id": f"https://{HOST}/secrets/{found}/1", "value": secrets[found], "attributes": {}})
            else:
                self.answer(404, {"error": {"code": "SecretNotFound", "message": "none"}})

    return Vault


def _proxy(port: int) -> type[BaseHTTPRequestHandler]:
    class Proxy(_Quiet):
        def do_CONNECT(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as there:
                self.send_response(200)
                self.end_headers()
                here = self.connection
                while True:
                    for source in select.select([here, there], [], [])[0]:
                        data = source.recv(65536)
                        if not data:
                            return
                        (there if source is here else here).sendall(data)

    return Proxy
