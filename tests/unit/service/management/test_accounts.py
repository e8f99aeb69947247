"""Batch accounts on the management plane."""

from __future__ import annotations

import json

import pytest

from dispatcher.service.wire import JsonObject
from tests.unit.service.management.fakes import ACCOUNT, SCOPE, FakeStorage, Plane

OTHER = f"{SCOPE}/batchAccounts/other"
STORAGE = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/mine"


def _create(plane: Plane, **properties: object) -> JsonObject:
    return plane.ask("PUT", OTHER, json.loads(json.dumps({"location": "westeurope", "properties": properties})))


def test_account_shows_where_it_is_served(plane: Plane) -> None:
    """Over TLS and without a scheme, as ``az batch account login`` takes it."""
    body = plane.ask("GET", ACCOUNT)
    assert (body["id"], body["name"], body["type"]) == (ACCOUNT, "bench", "Microsoft.Batch/batchAccounts")
    properties = plane.properties("GET", ACCOUNT)
    assert properties["accountEndpoint"] == "127.0.0.1:443/a/bench"
    assert properties["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("name", ["127", "localhost", "BENCH"])
def test_first_label_of_the_host_stands_for_the_default_account(plane: Plane, name: str) -> None:
    """For clients that know an account by its endpoint alone; names match whatever their case."""
    assert plane.ask("GET", f"{SCOPE}/batchAccounts/{name}")["name"] == "bench"


def test_unknown_account_is_not_found(plane: Plane) -> None:
    """With Resource Manager's code."""
    assert plane.refusal("GET", OTHER) == (404, "ResourceNotFound")


def test_account_of_the_service_is_in_every_group(plane: Plane) -> None:
    """A user's own script names the subscription and the group that it has on Azure."""
    path = "/subscriptions/mine/resourcegroups/ours/providers/microsoft.batch/batchaccounts/bench"
    assert plane.ask("GET", path)["id"] == ACCOUNT.replace("/sub/", "/mine/").replace("/group/", "/ours/")


def test_created_account_is_in_its_group_only(plane: Plane) -> None:
    """As on Azure."""
    _create(plane)
    assert plane.ask("GET", OTHER)["location"] == "westeurope"
    elsewhere = OTHER.replace("/group/", "/another/")
    assert plane.refusal("GET", elsewhere) == (404, "ResourceNotFound")
    assert plane.refusal("PUT", elsewhere, {"location": "westeurope"}) == (409, "AccountAlreadyExists")


def test_created_account_is_empty_and_apart(plane: Plane) -> None:
    """It has pools of its own."""
    plane.bench.add_pool()
    _create(plane)
    assert plane.names("pools") == ["pool"]
    assert plane.names(f"{OTHER}/pools") == []


def test_lists_hold_the_accounts_of_their_group(plane: Plane) -> None:
    """And of their subscription."""
    _create(plane)
    assert plane.names(f"{SCOPE}/batchAccounts") == ["bench", "other"]
    assert plane.names("/subscriptions/sub/providers/Microsoft.Batch/batchAccounts") == ["bench", "other"]
    assert plane.names(f"{SCOPE}/batchAccounts".replace("/group/", "/another/")) == ["bench"]


def test_repeated_creation_changes_nothing(plane: Plane) -> None:
    """A PUT may be sent twice."""
    assert _create(plane) == _create(plane)


def test_location_is_required_and_stays(plane: Plane) -> None:
    """With Resource Manager's codes."""
    assert plane.refusal("PUT", OTHER, {}) == (400, "LocationRequired")
    _create(plane)
    assert plane.refusal("PUT", OTHER, {"location": "eastus"}) == (409, "InvalidResourceLocation")


@pytest.mark.parametrize("name", ["ab", "a-b-c", "Upper", "x" * 25])
def test_account_name_has_rules(plane: Plane, name: str) -> None:
    """3 to 24 lower-case letters and digits."""
    path = f"{SCOPE}/batchAccounts/{name}"
    assert plane.refusal("PUT", path, {"location": "local"}) == (400, "InvalidPropertyValue")


@pytest.mark.parametrize(
    "properties",
    [
        {"poolAllocationMode": "UserSubscription"},
        {"publicNetworkAccess": "Disabled"},
        {"keyVaultReference": {"id": "/vault", "url": "https://vault"}},
        {"networkProfile": {"accountAccess": {"defaultAction": "Deny"}}},
        {"encryption": {"keySource": "Microsoft.KeyVault"}},
        {"allowedAuthenticationModes": ["AAD"]},
    ],
)
def test_what_only_the_cloud_has_is_refused(plane: Plane, properties: JsonObject) -> None:
    """By name, with nothing made."""
    body: JsonObject = {"location": "local", "properties": properties}
    assert plane.refusal("PUT", OTHER, body) == (400, "UnsupportedProperty")
    assert plane.refusal("GET", OTHER) == (404, "ResourceNotFound")


def test_update_lays_changes_over_the_account(plane: Plane) -> None:
    """Tags are kept; the rest stays as it was."""
    assert plane.ask("PATCH", ACCOUNT, {"tags": {"team": "blue"}})["tags"] == {"team": "blue"}
    assert plane.ask("PATCH", ACCOUNT, {"identity": {"type": "SystemAssigned"}})["tags"] == {"team": "blue"}
    assert "autoStorage" in plane.properties("GET", ACCOUNT)


def test_account_of_the_service_has_its_storage(plane: Plane) -> None:
    """Where it has one; ``az batch application`` wants to see it."""
    shown = plane.properties("GET", ACCOUNT)["autoStorage"]
    assert isinstance(shown, dict)
    assert str(shown["storageAccountId"]).endswith("/Microsoft.Storage/storageAccounts/fakestorage")
    plane.storage = None
    assert "autoStorage" not in plane.properties("GET", ACCOUNT)


def test_created_account_has_storage_once_it_is_linked(plane: Plane) -> None:
    """Storage accounts of any name stand for the service's own."""
    _create(plane)
    assert "autoStorage" not in plane.properties("GET", OTHER)
    plane.ask("PATCH", OTHER, {"properties": {"autoStorage": {"storageAccountId": STORAGE}}})
    shown = plane.properties("GET", OTHER)["autoStorage"]
    assert isinstance(shown, dict)
    assert shown["storageAccountId"] == STORAGE
    assert shown["lastKeySync"]


def test_storage_cannot_be_linked_without_any(plane: Plane) -> None:
    """Nothing would stand behind it."""
    plane.storage = None
    body: JsonObject = {"location": "local", "properties": {"autoStorage": {"storageAccountId": STORAGE}}}
    assert plane.refusal("PUT", OTHER, body) == (400, "InvalidPropertyValue")


def test_synchronized_keys_are_dated(plane: Plane) -> None:
    """204, and refused without auto-storage."""
    assert plane.send("POST", "syncAutoStorageKeys").status == 204
    plane.storage = None
    assert plane.refusal("POST", "syncAutoStorageKeys") == (409, "AutoStorageNotLinked")
    plane.storage = FakeStorage()
    assert "autoStorage" in plane.properties("GET", ACCOUNT)


def test_keys_are_told_and_replaced(plane: Plane) -> None:
    """One at a time."""
    assert plane.ask("POST", "listKeys") == {"accountName": "bench", "primary": "AAAA", "secondary": "BBBB"}
    assert plane.ask("POST", "regenerateKeys", {"keyName": "Secondary"})["secondary"] == "EEEE"
    assert plane.ask("POST", "listKeys")["primary"] == "AAAA"
    assert plane.refusal("POST", "regenerateKeys", {"keyName": "third"}) == (400, "InvalidPropertyValue")


def test_account_is_deleted_once(plane: Plane) -> None:
    """The second time there is nothing to delete."""
    _create(plane)
    assert [plane.send("DELETE", OTHER).status for _ in range(2)] == [200, 204]
    assert plane.refusal("GET", OTHER) == (404, "ResourceNotFound")


def test_default_account_cannot_be_deleted(plane: Plane) -> None:
    """Clients at the root of the service would lose it."""
    assert plane.refusal("DELETE", ACCOUNT) == (409, "OperationNotAllowed")
