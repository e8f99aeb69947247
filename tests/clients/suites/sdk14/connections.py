"""How the client reaches the account, and who it says it is."""

from __future__ import annotations

import base64

import pytest
from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials
from azure.identity import ManagedIdentityCredential
from msrest.authentication import BasicTokenAuthentication

from tests.clients.suites.sdk14.support import connect, refused
from tests.clients.suites.support import Account

SCOPE = "https://batch.core.windows.net//.default"


def test_key_works_over_https(account: Account, pool: str) -> None:
    """The bundle of the environment vouches for the service's certificate."""
    assert connect(account, account.https).pool.get(pool).id == pool


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_token_works(account: Account, pool: str, scheme: str) -> None:
    """This client sends one over plain http too."""
    token = BasicTokenAuthentication({"access_token": ManagedIdentityCredential().get_token(SCOPE).token})
    client = BatchServiceClient(token, batch_url=getattr(account, scheme))
    assert client.pool.get(pool).id == pool


def test_wrong_key_is_refused(account: Account) -> None:
    """403, as Azure says."""
    wrong = base64.b64encode(b"not the key").decode()
    client = BatchServiceClient(SharedKeyCredentials(account.name, wrong), batch_url=account.http)
    with refused(403, "AuthenticationFailed"):
        client.pool.get("any")


def test_foreign_token_is_refused(account: Account) -> None:
    """A token that the service did not sign is none."""
    token = BasicTokenAuthentication({"access_token": "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0."})
    client = BatchServiceClient(token, batch_url=account.https)
    with pytest.raises(models.BatchErrorException) as caught:
        client.pool.get("any")
    assert caught.value.response.status_code == 401


def test_account_has_a_path_of_its_own(account: Account, pool: str) -> None:
    """A prefix is part of what is signed, and of the links of a list."""
    client = connect(account, f"{account.http.rstrip('/')}/a/{account.name}")
    options = models.AccountListSupportedImagesOptions(max_results=5)
    assert client.pool.get(pool).id == pool
    assert len(list(client.account.list_supported_images(options))) > 5


def test_request_id_comes_back_when_asked_for(client: BatchServiceClient, pool: str) -> None:
    """And the service's own always."""
    wanted = "11111111-2222-3333-4444-555555555555"
    options = models.PoolGetOptions(client_request_id=wanted, return_client_request_id=True)
    headers = client.pool.get(pool, options, raw=True).headers
    assert headers["client-request-id"] == wanted
    assert headers["request-id"]
    silent = client.pool.get(pool, models.PoolGetOptions(client_request_id=wanted), raw=True).headers
    assert silent["client-request-id"] is None
