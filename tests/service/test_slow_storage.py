"""A storage account that takes its time."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.service.support import DEADLINE, connect, start_service
from tests.service.test_management import Plane, open_plane

KEY = "a2V5"


@pytest.fixture
def storage() -> Iterator[socket.socket]:
    """Return what listens where the storage account should be."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def plane(tmp_path: Path, storage: socket.socket) -> Iterator[Plane]:
    """Return the management plane of a service with that storage account."""
    endpoint = f"http://127.0.0.1:{storage.getsockname()[1]}/slow"
    (tmp_path / "secrets").mkdir(mode=0o700)
    link = {"account": "slow", "endpoint": endpoint, "key": KEY}
    (tmp_path / "secrets" / "storage_link.json").write_text(json.dumps(link))
    with start_service(tmp_path) as process:
        service = connect(process, tmp_path)
        with open_plane(tmp_path) as client:
            yield Plane(service=service, client=client)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(DEADLINE) == 0


def test_requests_do_not_wait_for_the_storage_of_another(plane: Plane, storage: socket.socket) -> None:
    """Both planes answer while one request waits; that one fails in a way that clients repeat."""
    plane.properties("PUT", "applications/tool")
    with ThreadPoolExecutor() as pool, plane.service.client() as client:
        waiting = pool.submit(plane.send, "PUT", "applications/tool/versions/1.0")
        connection, _ = storage.accept()
        assert list(client.list_pools()) == []
        assert plane.code("GET", "applications/tool/versions/1.0") == "ApplicationPackageNotFound"
        assert not waiting.done()
        connection.close()
        assert waiting.result().status_code == 503
