"""Accounts, keys, quotas."""

from __future__ import annotations

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.batch import BatchManagementClient, models

from tests.clients.suites.mgmt.conftest import SUBSCRIPTION
from tests.clients.suites.mgmt.support import Place, refused
from tests.clients.suites.support import Account


class Fixed:
    """A credential that gives one token whatever it is asked for."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Return it, good for ever."""
        return AccessToken(self._token, 4_000_000_000)


def test_account_tells_where_it_is(client: BatchManagementClient, account: Account, place: Place) -> None:
    """Its endpoint is that of the data plane over https, its storage is linked."""
    found = client.batch_account.get(*place)
    assert account.https.rstrip("/").startswith(f"https://{found.properties.account_endpoint.split('/')[0]}")
    assert found.properties.auto_storage is not None
    assert found.name in [listed.name for listed in client.batch_account.list_by_resource_group(place.group)]


def test_keys_are_those_of_the_data_plane(client: BatchManagementClient, account: Account, place: Place) -> None:
    """Either of them signs."""
    keys = client.batch_account.get_keys(*place)
    assert account.key in {keys.primary, keys.secondary}
    for key in (keys.primary, keys.secondary):
        with BatchClient(account.http, AzureNamedKeyCredential(account.name, key)) as data_plane:
            assert list(data_plane.list_jobs()) is not None


def test_account_has_a_life(client: BatchManagementClient, place: Place) -> None:
    """Made, used by its own endpoint and key, its key renewed, deleted, gone."""
    made = client.batch_account.begin_create(
        place.group, "second", models.BatchAccountCreateParameters(location="local")
    ).result()
    own = (place.group, "second")
    old = client.batch_account.get_keys(*own).primary
    endpoint = f"https://{made.properties.account_endpoint}"
    with BatchClient(endpoint, AzureNamedKeyCredential("second", old)) as data_plane:
        assert list(data_plane.list_pools()) == []
    which = models.BatchAccountRegenerateKeyParameters(key_name="Primary")
    assert client.batch_account.regenerate_key(*own, which).primary != old
    with BatchClient(endpoint, AzureNamedKeyCredential("second", old)) as data_plane:
        with pytest.raises(HttpResponseError) as caught:
            list(data_plane.list_pools())
    assert caught.value.status_code == 403
    client.batch_account.begin_delete(*own).wait()
    with refused(404):
        client.batch_account.get(*own)


def test_unknown_account_is_not_found(client: BatchManagementClient, place: Place) -> None:
    """In Azure Resource Manager's form."""
    with refused(404, "ResourceNotFound"):
        client.batch_account.get(place.group, "nobody")


def test_location_tells_quotas_sizes_and_names(client: BatchManagementClient) -> None:
    """As a portal asks before it makes an account."""
    assert client.location.get_quotas("local").account_quota > 0
    assert "standard_d2s_v3" in {
        sku.name.lower() for sku in client.location.list_supported_virtual_machine_skus("local")
    }
    free = models.CheckNameAvailabilityParameters(name="notyetused", type="Microsoft.Batch/batchAccounts")
    assert client.location.check_name_availability("local", free).name_available
    assert list(client.operations.list())


@pytest.mark.parametrize("scope", ["https://storage.azure.com/.default", "https://batch.core.windows.net//.default"])
def test_token_for_another_service_is_refused(account: Account, scope: str) -> None:
    """This plane wants one for itself."""
    token = ManagedIdentityCredential().get_token(scope).token
    client = BatchManagementClient(Fixed(token), SUBSCRIPTION, base_url=account.management)
    with refused(401):
        list(client.batch_account.list())
