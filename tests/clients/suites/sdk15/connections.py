"""How a client reaches the account, and who it says it is."""

from __future__ import annotations

import base64

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from tests.clients.suites.sdk15.support import code_of
from tests.clients.suites.support import Account


class Fixed:
    """A credential that gives one token whatever it is asked for."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Return it, good for ever."""
        return AccessToken(self._token, 4_000_000_000)


def test_key_works_over_https(account: Account, pool: str) -> None:
    """The bundle of the environment vouches for the service's certificate."""
    with BatchClient(account.https, AzureNamedKeyCredential(account.name, account.key)) as client:
        assert client.get_pool(pool).id == pool


def test_managed_identity_works_over_https(account: Account, pool: str) -> None:
    """The token comes from the service's own identity endpoint."""
    with BatchClient(account.https, ManagedIdentityCredential()) as client:
        assert client.get_pool(pool).id == pool


def test_default_credential_works_over_https(account: Account, pool: str) -> None:
    """It finds the managed identity by itself."""
    with BatchClient(account.https, DefaultAzureCredential()) as client:
        assert pool in [found.id for found in client.list_pools()]


def test_account_has_a_path_of_its_own(account: Account, pool: str) -> None:
    """A prefix is part of what is signed, and of the links of a list."""
    endpoint = f"{account.http.split('/a/')[0].rstrip('/')}/a/{account.name}"
    with BatchClient(endpoint, AzureNamedKeyCredential(account.name, account.key)) as client:
        assert len({node.id for node in client.list_nodes(pool, max_results=1)}) == 2


def test_wrong_key_is_refused(account: Account) -> None:
    """403, as Azure says; 401 would be for tokens."""
    wrong = base64.b64encode(b"not the key").decode()
    with BatchClient(account.http, AzureNamedKeyCredential(account.name, wrong)) as client:
        with pytest.raises(HttpResponseError) as caught:
            client.get_pool("any")
    assert (caught.value.status_code, code_of(caught.value)) == (403, "AuthenticationFailed")


def test_key_of_another_account_is_refused(account: Account) -> None:
    """The account that signs is the account that is asked."""
    with BatchClient(account.http, AzureNamedKeyCredential("someoneelse", account.key)) as client:
        with pytest.raises(HttpResponseError) as caught:
            client.get_pool("any")
    assert caught.value.status_code in {401, 403}


def test_foreign_token_is_refused(account: Account) -> None:
    """A token that the service did not sign is none, however often it is offered."""
    with BatchClient(account.https, Fixed("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.")) as client:
        with pytest.raises(ClientAuthenticationError) as caught:
            client.get_pool("any")
    assert caught.value.status_code == 401


def test_token_for_another_service_is_refused(account: Account) -> None:
    """A token for storage opens no Batch account."""
    token = ManagedIdentityCredential().get_token("https://storage.azure.com/.default").token
    with BatchClient(account.https, Fixed(token)) as client:
        with pytest.raises(ClientAuthenticationError):
            client.get_pool("any")


def test_any_version_of_the_api_is_served(account: Account) -> None:
    """Azure retires versions; a local service has no reason to."""
    credential = AzureNamedKeyCredential(account.name, account.key)
    with BatchClient(account.http, credential, api_version="2024-07-01.20.0") as client:
        with pytest.raises(ResourceNotFoundError) as caught:
            client.get_pool("unknown")
    assert code_of(caught.value) == "PoolNotFound"
