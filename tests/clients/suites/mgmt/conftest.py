"""azure-mgmt-batch 19, the client of the management plane, with a token and over https: it takes nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.identity import DefaultAzureCredential
from azure.mgmt.batch import BatchManagementClient

from tests.clients.suites.mgmt.support import Place
from tests.clients.suites.support import Account, account

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="session", name="account")
def _account() -> Account:
    return account()


@pytest.fixture(scope="session")
def client(account: Account) -> Iterator[BatchManagementClient]:
    """A client that is told where Azure Resource Manager is, and nothing else."""
    credential = DefaultAzureCredential()
    with BatchManagementClient(credential, SUBSCRIPTION, base_url=account.management) as client:
        yield client


@pytest.fixture(scope="session")
def data_plane(account: Account) -> Iterator[BatchClient]:
    """A client of the same account's data plane."""
    with BatchClient(account.http, AzureNamedKeyCredential(account.name, account.key)) as client:
        yield client


@pytest.fixture(scope="session")
def place(client: BatchManagementClient, account: Account) -> Place:
    """The default account's resource group and name, as the list tells them."""
    found = next(found for found in client.batch_account.list() if found.name == account.name)
    return Place(group=found.id.split("/")[4], account=found.name)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name of the case's own."""
    return f"mgmt-{request.node.name.removeprefix('test_').replace('_', '-')}"[:64]
