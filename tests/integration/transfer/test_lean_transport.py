"""The connections of many small requests: certificates, idle connections that a server ends, proxies."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpRequest

from batch_manager._azure.lean_transport import LeanTransport, lean_transport
from tests.support.certificates import self_signed

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[list[list[bytes]]], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server with TLS that gives each connection its answers and then ends it; returns its URL."""
    certificate, key = self_signed("127.0.0.1")
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def run(connections: list[list[bytes]]) -> None:
        for answers in connections:
            try:
                with listener.accept()[0] as plain, context.wrap_socket(plain, server_side=True) as connection:
                    for answer in answers:
                        while not connection.recv(65536).endswith(b"\r\n\r\n"):
                            pass
                        connection.sendall(answer)
            except OSError:  # a client that does not like the certificate
                continue

    def start(connections: list[list[bytes]]) -> str:
        threading.Thread(target=run, args=[connections], daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}/a"

    yield start
    listener.close()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is one that is believed, as the local service's is."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))


def _body(transport: LeanTransport, url: str) -> bytes:
    return transport.send(HttpRequest("GET", url)).body()


@pytest.mark.usefixtures("trusted")
def test_connection_is_used_again(serve: Serve) -> None:
    """The server takes no second one."""
    url = serve([[ANSWER, ANSWER]])
    with LeanTransport() as transport:
        assert [_body(transport, url) for _ in range(2)] == [b"ok", b"ok"]


@pytest.mark.usefixtures("trusted")
def test_connection_that_the_server_ended_is_made_anew(serve: Serve) -> None:
    """Without an error, since it had been idle."""
    url = serve([[ANSWER], [ANSWER]])
    with LeanTransport() as transport:
        assert [_body(transport, url) for _ in range(2)] == [b"ok", b"ok"]


@pytest.mark.usefixtures("trusted")
def test_reply_that_is_cut_off_is_an_error_and_the_next_is_whole(serve: Serve) -> None:
    """What is left in a connection is not read as another reply."""
    url = serve([[ANSWER[:-1]], [ANSWER]])
    with LeanTransport() as transport:
        with pytest.raises(ServiceResponseError):
            _body(transport, url)
        assert _body(transport, url) == b"ok"


def test_certificate_that_nobody_vouches_for_is_refused(serve: Serve) -> None:
    """As the default transport would."""
    with LeanTransport() as transport, pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        _body(transport, serve([[ANSWER]]))


def test_proxy_is_left_to_the_default_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the host is one that is reached directly."""
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert lean_transport("https://acc.blob.core.windows.net/") is None
    assert isinstance(lean_transport("https://127.0.0.1:1/acc"), LeanTransport)
