"""A node that runs real processes, a real Azurite, and ways to wait for both."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from dispatcher.service.node.blobs import StorageAccess, StorageLink
from dispatcher.stack import LocalStack
from dispatcher.storage import StorageEndpoint
from tests.integration.node.support import DEADLINE_SECONDS, Container, NodeUnderTest


@pytest.fixture(scope="session")
def endpoint() -> Iterator[StorageEndpoint]:
    with LocalStack(batch=False) as stack:
        yield stack.storage


@pytest.fixture
def storage(endpoint: StorageEndpoint) -> Iterator[StorageAccess]:
    link = StorageLink(account=endpoint.account, endpoint=endpoint.blob_url, key=endpoint.key)
    access = StorageAccess(lambda: link, attempts=3, longest_wait=0.01)
    yield access
    access.close()


@pytest.fixture
def no_storage() -> Iterator[StorageAccess]:
    access = StorageAccess(lambda: None, attempts=3, longest_wait=0.01)
    yield access
    access.close()


_numbers = count()


@pytest.fixture
def container(endpoint: StorageEndpoint) -> Iterator[Container]:
    name = f"node-{next(_numbers)}"
    with ContainerClient.from_connection_string(endpoint.connection_string, name) as client:
        client.create_container()
        yield Container(client, endpoint)


@pytest.fixture
def node(tmp_path: Path, no_storage: StorageAccess) -> Iterator[NodeUnderTest]:
    """A node with two slots and no storage."""
    made = NodeUnderTest(tmp_path / "node", no_storage)
    yield made
    made.node.close()


@pytest.fixture
def blob_node(tmp_path: Path, storage: StorageAccess) -> Iterator[NodeUnderTest]:
    """A node with two slots and the storage account."""
    made = NodeUnderTest(tmp_path / "node", storage)
    yield made
    made.node.close()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition; fail when it does not come true by a generous deadline."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not true after {DEADLINE_SECONDS} s: {condition}"
            time.sleep(0.01)

    return wait


@pytest.fixture
def runs() -> Callable[[int], bool]:
    """Tell whether a process runs; one that ended and was not collected does not."""

    def is_running(pid: int) -> bool:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] != "Z"

    return is_running
