"""A storage account of Azurite's own, and clients of it."""

import os
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager.transfer import BlobStore
from dispatcher.stack import LocalStack

_numbers = count()


@pytest.fixture(scope="session")
def azurite() -> Iterator[LocalStack]:
    with LocalStack(batch=False) as stack:
        yield stack


@pytest.fixture
def settings(azurite: LocalStack) -> BatchClientSettings:
    return BatchClientSettings(
        storage_connection_string=azurite.storage.connection_string, key_vault_url=None, patience_seconds=10.0
    )


@pytest.fixture
def store(settings: BatchClientSettings) -> BlobStore:
    return BatchClientFactory.create_transfer(settings)


@pytest.fixture
def new_container(store: BlobStore) -> Callable[[], str]:
    """Makes a container of the test's own."""

    def make() -> str:
        name = f"transfer-{next(_numbers)}"
        store.create_container(name)
        return name

    return make


@pytest.fixture
def container(new_container: Callable[[], str]) -> str:
    return new_container()


@pytest.fixture
def environment(azurite: LocalStack) -> dict[str, str]:
    """Of a command that works on the account."""
    return {**os.environ, "AZURE_STORAGE_CONNECTION_STRING": azurite.storage.connection_string}
