"""Settings, account, storage link and quotas: what is right and what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batch_manager.account_management import USER_SUBSCRIPTION, AccountFacts, MachineSku
from batch_manager.checkup.accounts import (
    judge_account,
    judge_batch_settings,
    judge_identity,
    judge_quotas,
    judge_storage_link,
    judge_storage_settings,
    storage_account_name,
)
from batch_manager.checkup.findings import CheckState
from batch_manager.identity_probe import IdentityFacts
from batch_manager.pool_operations import PoolSummary

OK, WARNING, WRONG, UNKNOWN = CheckState.OK, CheckState.WARNING, CheckState.WRONG, CheckState.UNKNOWN
LINKED = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/Store"
SKUS = {"standard_d2s_v3": MachineSku(name="Standard_D2s_v3", family="standardDSv3Family", cores=2)}


def _facts(**values: Any) -> AccountFacts:
    given = {
        "name": "acc",
        "resource_id": "/acc",
        "location": "westeurope",
        "endpoint": "acc.westeurope.batch.azure.com",
        "provisioning_state": "Succeeded",
        "allocation_mode": "BatchService",
        "storage_account_id": LINKED,
        "pool_quota": 10,
        "active_job_quota": 10,
        "dedicated_core_quota": 10,
        "low_priority_core_quota": 10,
    }
    return AccountFacts(**{**given, **values})


def _pool(**values: Any) -> PoolSummary:
    given = {"state": "active", "allocation_state": "steady", "vm_size": "Standard_D2s_v3"}
    return PoolSummary(id="p", creation_time=datetime(2026, 1, 1, tzinfo=UTC), **{**given, **values})


@pytest.mark.parametrize(
    ("endpoint", "name", "has_key", "state"),
    [
        (None, None, False, WRONG),
        ("https://acc.westeurope.batch.azure.com", None, True, WRONG),
        ("http://acc.westeurope.batch.azure.com", "acc", True, WARNING),
        ("http://127.0.0.1:10100", "acc", True, OK),
        ("https://acc.westeurope.batch.azure.com", None, False, OK),
    ],
)
def test_batch_settings(endpoint: str | None, name: str | None, has_key: bool, state: CheckState) -> None:
    """A key needs the account's name; what leaves this machine needs TLS."""
    (finding,) = judge_batch_settings(endpoint, name, has_key=has_key)
    assert (finding.state, finding.is_setting) == (state, state is WRONG)


@pytest.mark.parametrize(
    ("url", "connection", "identity", "state"),
    [
        (None, False, "id", WRONG),
        ("http://store.blob.core.windows.net", False, "id", WARNING),
        ("https://store.blob.core.windows.net", False, None, WARNING),
        (None, True, "id", OK),
    ],
)
def test_storage_settings(url: str | None, connection: bool, identity: str | None, state: CheckState) -> None:
    """Nodes need an identity for their files."""
    (finding,) = judge_storage_settings(url, has_connection_string=connection, identity=identity)
    assert finding.state is state


def test_identity_is_told_by_name_object_and_tenant() -> None:
    """What whoever gives roles asks for."""
    facts = IdentityFacts(credential="AzureCliCredential", tenant_id="t", object_id="o", name="ann@example.org")
    told = judge_identity("batch_identity", facts).found
    assert told == "AzureCliCredential answers for ann@example.org, object o of tenant t"


@pytest.mark.parametrize(
    ("values", "has_key", "state", "words"),
    [
        ({}, True, OK, "westeurope"),
        ({"provisioning_state": "Creating"}, False, WRONG, "is in state Creating"),
        ({"allocation_mode": USER_SUBSCRIPTION}, True, WRONG, "takes no shared key"),
        ({"allowed_authentication": ("AAD",)}, True, WRONG, "only AAD"),
        ({"allowed_authentication": ("AAD",)}, False, OK, "westeurope"),
        ({"public_network_access": "Disabled"}, False, WARNING, "public network access Disabled"),
        ({"endpoint": "other.westeurope.batch.azure.com"}, False, WRONG, "settings ask acc."),
    ],
)
def test_account(values: dict[str, Any], has_key: bool, state: CheckState, words: str) -> None:
    """One that can be asked as the settings ask it."""
    (finding,) = judge_account(_facts(**values), "https://acc.westeurope.batch.azure.com", has_key=has_key)
    assert (finding.state, words in finding.found) == (state, True)


@pytest.mark.parametrize(
    ("linked", "used", "state"),
    [(LINKED, "store", OK), (LINKED, "other", WARNING), (None, "store", WRONG), (LINKED, None, UNKNOWN)],
)
def test_storage_link(linked: str | None, used: str | None, state: CheckState) -> None:
    """The account of the settings, whose name has no case."""
    assert judge_storage_link(_facts(storage_account_id=linked), used).state is state


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://store.blob.core.windows.net", "store"), ("http://127.0.0.1:10000/local", "local"), (None, None)],
)
def test_storage_account_name(url: str | None, name: str | None) -> None:
    """In the host on Azure, in the path of Azurite."""
    assert storage_account_name(url) == name


def test_quotas_count_nodes_that_are_asked_for_by_family() -> None:
    """Azure refuses more than that, whatever runs yet."""
    facts = _facts(family_quota_enforced=True, core_quota_by_family={"StandardDSv3Family": 4})
    pools = [_pool(current_dedicated_nodes=1, target_dedicated_nodes=2, current_low_priority_nodes=4)]
    found = {finding.found: finding.state for finding in judge_quotas(facts, pools, SKUS, active_jobs=10)}
    assert found == {
        "pools: 1 of 10": OK,
        "active jobs and schedules: 10 of 10: no more can be had": WRONG,
        "cores of dedicated nodes: 4 of 10": OK,
        "cores of spot nodes: 8 of 10": WARNING,
        "cores of standardDSv3Family: 4 of 4: no more can be had": WRONG,
    }


def test_quota_without_a_limit_is_no_number() -> None:
    """The local service's own, where it was given none."""
    first = next(judge_quotas(_facts(pool_quota=2**31 - 1), [], SKUS, active_jobs=0))
    assert first.found == "pools: 0, without a limit"


def test_quota_of_none_is_wrong_and_a_size_that_is_not_listed_not_known() -> None:
    """New accounts have no cores of many families."""
    pools = [_pool(vm_size="Standard_X", target_dedicated_nodes=1)]
    found = [finding.state for finding in judge_quotas(_facts(dedicated_core_quota=0), pools, SKUS, active_jobs=0)]
    assert found == [OK, OK, WRONG, OK, UNKNOWN]


def test_cores_of_a_user_subscription_are_not_known() -> None:
    """Another service counts them."""
    facts = _facts(allocation_mode=USER_SUBSCRIPTION, dedicated_core_quota=None)
    assert [finding.state for finding in judge_quotas(facts, [], SKUS, active_jobs=0)] == [OK, OK, UNKNOWN]
