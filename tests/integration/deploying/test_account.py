"""The account as a resource of Azure, through Microsoft's client, in bad weather."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from azure.batch import models

from batch_manager import BatchClientFactory, BatchClientSettings
from batch_manager._azure.connect import batch_sdk
from batch_manager.account_management import AccountManagement, PackageUse, UserKind
from batch_manager.definitions import JobState
from batch_manager.deploying import PackageFile, deploy_package
from batch_manager.deploying.package_files import measure
from batch_manager.errors import ConfigurationError, ConflictError, NotFoundError
from tests.service.support import wait_until
from tests.support.local_account import LocalAccount


def _body(*packages: dict[str, str]) -> dict[str, object]:
    """A pool with an identity, as Azure Resource Manager takes it."""
    image = {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204", "version": "latest"}
    machine = {"imageReference": image, "nodeAgentSkuId": "batch.node.ubuntu 22.04"}
    identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nodes"
    return {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "vmSize": "STANDARD_D2S_V3",
            "deploymentConfiguration": {"virtualMachineConfiguration": machine},
            "applicationPackages": list(packages),
        },
    }


def test_facts_tell_the_account(management: AccountManagement, account: LocalAccount) -> None:
    """Its storage and how it may be asked among them."""
    facts = management.facts()
    assert facts.name == account.variables["AZURE_BATCH_ACCOUNT"]
    assert (facts.provisioning_state, facts.is_user_subscription) == ("Succeeded", False)
    assert facts.storage_account_id is not None
    assert "SharedKey" in facts.allowed_authentication
    assert facts.pool_quota
    assert facts.active_job_quota


def test_sizes_of_the_accounts_region_are_told(management: AccountManagement) -> None:
    """With what a machine has."""
    (size,) = [size for size in management.list_skus() if size.name == "Standard_D2s_v3"]
    assert (size.cores, size.memory_gb, size.family) == (2, 8.0, "standardDSv3Family")


def test_pool_with_an_identity_is_created_once(management: AccountManagement) -> None:
    """And can be referred to as any other."""
    with suppress(ConflictError):  # the reply to this very request may have been lost
        management.create_pool("identified", _body())
    with pytest.raises(ConflictError) as caught:
        management.create_pool("identified", _body())
    assert caught.value.code == "PoolExists"
    pool = batch_sdk(BatchClientSettings()).get_pool("identified")
    assert str(pool.vm_size).lower() == "standard_d2s_v3"


def test_account_without_a_resource_group_is_looked_for(of_account: None) -> None:
    """Among those of the subscription; one that is not there is told with what to check."""
    found = BatchClientFactory.create_account_management(BatchClientSettings(resource_group=None)).facts()
    assert found.resource_id.endswith(f"/batchAccounts/{found.name}")
    with pytest.raises(ConfigurationError, match=r"no Batch account 'nowhere' .* check AZURE_SUBSCRIPTION_ID"):
        BatchClientFactory.create_account_management(
            BatchClientSettings(resource_group=None, batch_account_name="nowhere")
        ).facts()


def test_account_that_is_not_there_is_not_found(of_account: None) -> None:
    """Where its resource group is given."""
    settings = BatchClientSettings(batch_account_name="nowhere")
    with pytest.raises(NotFoundError, match="get Batch account 'nowhere'"):
        BatchClientFactory.create_account_management(settings).facts()


def test_settings_without_a_subscription_are_told(of_account: None) -> None:
    """With the variable that sets it."""
    with pytest.raises(ConfigurationError, match="AZURE_SUBSCRIPTION_ID"):
        BatchClientFactory.create_account_management(BatchClientSettings(subscription_id=None))


def _job(job_id: str) -> models.BatchJobCreateOptions:
    """A job whose manager, which gets no node, refers to a version."""
    reference = models.BatchApplicationPackageReference(application_id="used", version="1.0.0")
    manager = models.BatchJobManagerTask(id="m", command_line="true", application_package_references=[reference])
    return models.BatchJobCreateOptions(
        id=job_id, pool_info=models.BatchPoolInfo(pool_id="user"), job_manager_task=manager
    )


def test_users_of_packages_are_pools_and_jobs_that_have_not_ended(
    management: AccountManagement, tmp_path: Path
) -> None:
    """References by an ARM id and by a short one, with a version and without."""
    source = tmp_path / "used.zip"
    source.write_bytes(b"zip")
    package = PackageFile(path=source, application="used", version="1.0.0", content=measure(source))
    deploy_package(management, package, default=True)
    whole = f"{management.facts().resource_id}/applications/used"
    with suppress(ConflictError):
        management.create_pool("user", _body({"id": whole}))
    sdk = batch_sdk(BatchClientSettings())
    sdk.create_job(_job("user-runs"))
    sdk.create_job(_job("user-ended"))
    client = BatchClientFactory.create(BatchClientSettings())
    client.terminate_job("user-ended", "over")
    wait_until(lambda: client.get_job("user-ended").state is JobState.COMPLETED)
    found = [use for use in management.list_package_uses() if use.application_id == "used"]
    assert found == [
        PackageUse(kind=UserKind.POOL, user_id="user", application_id="used"),
        PackageUse(kind=UserKind.JOB, user_id="user-runs", application_id="used", version="1.0.0"),
    ]
    with pytest.raises(ConflictError) as caught:
        management.delete_version("used", "1.0.0")
    assert caught.value.code == "ApplicationPackageInUse"
