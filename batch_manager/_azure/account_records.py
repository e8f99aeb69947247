"""Resource Manager's objects as our values: the account, sizes of machines, applications, references. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from azure.batch import models as batch_models
from azure.mgmt.batch import models

from batch_manager.account_management import (
    AccountFacts,
    ApplicationFacts,
    MachineSku,
    PackageState,
    PackageUse,
    UserKind,
    VersionFacts,
)


def account_facts(account: models.BatchAccount) -> AccountFacts:
    """What Resource Manager says of an account."""
    of = account.properties or models.BatchAccountProperties()
    storage, vault, identity = of.auto_storage, of.key_vault_reference, account.identity
    return AccountFacts(
        name=account.name or "",
        resource_id=account.id or "",
        location=account.location or "",
        endpoint=of.account_endpoint or "",
        provisioning_state=_word(of.provisioning_state),
        allocation_mode=_word(of.pool_allocation_mode),
        allowed_authentication=tuple(_word(mode) for mode in of.allowed_authentication_modes or ()),
        public_network_access=_word(of.public_network_access),
        storage_account_id=storage.storage_account_id if storage is not None else None,
        storage_authentication=_word(storage.authentication_mode) if storage is not None else "",
        key_vault_url=vault.url if vault is not None else None,
        identity_ids=tuple(sorted((identity.user_assigned_identities or {}) if identity is not None else ())),
        pool_quota=of.pool_quota,
        active_job_quota=of.active_job_and_job_schedule_quota,
        dedicated_core_quota=of.dedicated_core_quota,
        low_priority_core_quota=of.low_priority_core_quota,
        core_quota_by_family={
            family.name: family.core_quota
            for family in of.dedicated_core_quota_per_vm_family or ()
            if family.name is not None and family.core_quota is not None
        },
        family_quota_enforced=bool(of.dedicated_core_quota_per_vm_family_enforced),
    )


def machine_sku(sku: models.SupportedSku) -> MachineSku:
    """What Resource Manager says of a size of machines."""
    capabilities = {item.name or "": item.value or "" for item in sku.capabilities or ()}
    cores, memory = _number(capabilities.get("vCPUs")), _number(capabilities.get("MemoryGB"))
    return MachineSku(
        name=sku.name or "",
        family=sku.family_name or "",
        cores=int(cores) if cores is not None else None,
        memory_gb=memory,
        capabilities=capabilities,
        end_of_life=sku.batch_support_end_of_life,
    )


def application_facts(application: models.Application) -> ApplicationFacts:
    """What Resource Manager says of an application."""
    of = application.properties or models.ApplicationProperties()
    return ApplicationFacts(
        id=application.name or "",
        default_version=of.default_version or None,
        display_name=of.display_name,
        allow_updates=bool(of.allow_updates),
        tags=dict(application.tags or {}),
    )


def version_facts(application_id: str, package: models.ApplicationPackage) -> VersionFacts:
    """What Resource Manager says of a version."""
    of = package.properties or models.ApplicationPackageProperties()
    return VersionFacts(
        application_id=application_id,
        version=package.name or "",
        state=PackageState(_word(of.state).lower()),
        last_activation=of.last_activation_time,
    )


def pool_uses(pool: batch_models.BatchPool) -> tuple[PackageUse, ...]:
    """What a pool refers to."""
    nodes = (pool.current_dedicated_nodes or 0) + (pool.current_low_priority_nodes or 0)
    return tuple(_uses(UserKind.POOL, pool.id, pool.application_package_references, nodes))


def job_uses(job: batch_models.BatchJob) -> tuple[PackageUse, ...]:
    """What a job's manager refers to, and the pool that Batch makes for the job."""
    manager = job.job_manager_task
    auto = job.pool_info.auto_pool_specification if job.pool_info is not None else None
    pool = auto.pool if auto is not None else None
    found = [
        *(manager.application_package_references or () if manager is not None else ()),
        *(pool.application_package_references or () if pool is not None else ()),
    ]
    return tuple(dict.fromkeys(_uses(UserKind.JOB, job.id, found, 0)))


def _uses(
    kind: UserKind, user_id: str, references: Iterable[batch_models.BatchApplicationPackageReference] | None, nodes: int
) -> Iterator[PackageUse]:
    for reference in references or ():
        yield PackageUse(
            kind=kind,
            user_id=user_id,
            application_id=reference.application_id.rstrip("/").rpartition("/")[2],
            version=reference.version or None,
            nodes=nodes,
        )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _word(value: object) -> str:
    """A value of one of the SDK's enumerations, the plain text that it leaves where it knows none, or nothing."""
    return "" if value is None else str(getattr(value, "value", value))
