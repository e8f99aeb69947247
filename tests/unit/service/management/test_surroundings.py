"""What a region offers, and the little of other providers."""

from __future__ import annotations

import pytest

from tests.unit.service.management.fakes import SCOPE, Plane

SUBSCRIPTION = "/subscriptions/sub"
LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.Batch/locations/westeurope"


def test_sign_in_finds_a_tenant_and_a_subscription(plane: Plane) -> None:
    """``az login --identity`` lists both."""
    tenants, subscriptions = plane.ask("GET", "/tenants")["value"], plane.ask("GET", "/subscriptions")["value"]
    assert isinstance(tenants, list)
    assert isinstance(subscriptions, list)
    tenant, subscription = tenants[0], subscriptions[0]
    assert isinstance(tenant, dict)
    assert isinstance(subscription, dict)
    assert subscription["tenantId"] == tenant["tenantId"]
    assert plane.ask("GET", str(subscription["id"]))["state"] == "Enabled"


def test_any_group_is_there(plane: Plane) -> None:
    """Scripts make it first, or ask for it."""
    made = plane.ask("PUT", f"{SUBSCRIPTION}/resourcegroups/mine", {"location": "eastus", "tags": {"a": "b"}})
    assert (made["location"], made["tags"]) == ("eastus", {"a": "b"})
    assert plane.ask("GET", f"{SUBSCRIPTION}/resourcegroups/mine")["name"] == "mine"
    assert plane.send("HEAD", f"{SUBSCRIPTION}/resourcegroups/mine").status == 204


def test_groups_of_accounts_are_listed(plane: Plane) -> None:
    """Beside the service's own."""
    plane.ask("PUT", f"{SCOPE}/batchAccounts/other", {"location": "eastus"})
    assert plane.names(f"{SUBSCRIPTION}/resourcegroups") == ["group", "local"]


def test_storage_account_is_the_services_own(plane: Plane) -> None:
    """``az batch account create --storage-account`` looks for it by name."""
    assert plane.names(f"{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts") == ["fakestorage"]
    path = SCOPE.replace("Microsoft.Batch", "Microsoft.Storage/storageAccounts/mine")
    assert plane.ask("GET", path)["name"] == "mine"
    plane.storage = None
    assert plane.names(f"{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts") == []
    assert plane.refusal("GET", path) == (404, "ResourceNotFound")


def test_provider_is_registered(plane: Plane) -> None:
    """So that nobody registers it."""
    path = f"{SUBSCRIPTION}/providers/Microsoft.Batch"
    assert plane.ask("GET", path)["registrationState"] == "Registered"


@pytest.mark.parametrize(("name", "reason"), [("fresh", None), ("bench", "AlreadyExists"), ("not-good", "Invalid")])
def test_free_names_are_told(plane: Plane, name: str, reason: str | None) -> None:
    """With the reason where one is not free."""
    body = plane.ask(
        "POST", f"{LOCATION}/checkNameAvailability", {"name": name, "type": "Microsoft.Batch/batchAccounts"}
    )
    assert body["nameAvailable"] is (reason is None)
    assert body.get("reason") == reason


def test_quota_of_accounts_is_told(plane: Plane) -> None:
    """A number, since clients expect one."""
    assert isinstance(plane.ask("GET", f"{LOCATION}/quotas")["accountQuota"], int)


def test_machine_sizes_are_paged_and_filtered(plane: Plane) -> None:
    """By family."""
    path = f"{LOCATION}/virtualMachineSkus"
    family = {"$filter": "familyName eq 'standardDSv3Family'"}
    first = plane.names(path, {**family, "maxresults": "2"})
    link = str(plane.ask("GET", path, query={**family, "maxresults": "2"})["nextLink"])
    rest = plane.names(path, {**family, "$skiptoken": link.partition("$skiptoken=")[2]})
    assert len(first) == 2
    assert first + rest == plane.names(path, family)
    assert len(plane.names(path)) > len(first + rest)


def test_operations_of_the_provider_are_listed(plane: Plane) -> None:
    """As permissions are spelled."""
    names = plane.names("/providers/Microsoft.Batch/operations")
    assert "Microsoft.Batch/batchAccounts/applications/versions/activate/action" in names
    assert "Microsoft.Batch/batchAccounts/write" in names
    assert not [name for name in names if "certificates" in name]
