"""How the client reaches the account, and who it says it is."""

from __future__ import annotations

import base64

import pytest
from azure.batch.aio import BatchClient
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from tests.clients.suites.sdk15_aio.support import connect, present
from tests.clients.suites.support import Account


class Fixed:
    """A credential that gives one token whatever it is asked for."""

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Return it, good for ever."""
        return AccessToken("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.", 4_000_000_000)

    async def close(self) -> None:
        """Hold nothing."""

    async def __aenter__(self) -> Fixed:
        """Open nothing."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close nothing."""


async def test_key_works_over_https(account: Account, pool: str) -> None:
    """aiohttp trusts what SSL_CERT_FILE names."""
    async with connect(account, account.https) as client:
        assert (await client.get_pool(pool)).id == pool


@pytest.mark.parametrize("kind", [ManagedIdentityCredential, DefaultAzureCredential])
async def test_identity_works_over_https(
    account: Account, pool: str, kind: type[ManagedIdentityCredential | DefaultAzureCredential]
) -> None:
    """The token comes from the service's own identity endpoint."""
    async with kind() as credential, BatchClient(account.https, credential) as client:
        assert pool in [found.id async for found in client.list_pools()]


async def test_wrong_key_is_refused(account: Account) -> None:
    """403, as Azure says."""
    wrong = AzureNamedKeyCredential(account.name, base64.b64encode(b"not the key").decode())
    async with BatchClient(account.http, wrong) as client:
        with pytest.raises(HttpResponseError) as caught:
            await client.get_pool("any")
    assert (caught.value.status_code, present(caught.value.error).code) == (403, "AuthenticationFailed")


async def test_foreign_token_is_refused(account: Account) -> None:
    """A token that the service did not sign is none."""
    async with BatchClient(account.https, Fixed()) as client:
        with pytest.raises(ClientAuthenticationError):
            await client.get_pool("any")
