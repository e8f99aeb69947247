"""The seam to Azure Resource Manager: what the Batch service itself does not offer to its users. Application packages
are created and activated there, pools get their identity there, quotas are told there.

Implementation: ``_azure.account_management``. The module is light.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

JsonObject: TypeAlias = Mapping[str, Any]

Advance: TypeAlias = Callable[[int], None]
"""Takes note of so many more bytes that were sent or received; from any thread."""

USER_SUBSCRIPTION = "UserSubscription"
"""The allocation mode of an account whose pools' machines, and their quotas, belong to the user's subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """A Batch account as Resource Manager knows it.

    Attributes:
        resource_id: its ARM id.
        location: its region, such as ``westeurope``.
        endpoint: host of the account's Batch service, without ``https://``.
        provisioning_state: ``Succeeded`` of an account that can be used.
        allocation_mode: ``BatchService``, or ``USER_SUBSCRIPTION``.
        allowed_authentication: how the Batch service may be asked: ``SharedKey``, ``AAD``, ``TaskAuthenticationToken``.
        public_network_access: ``Enabled``, ``Disabled`` or ``SecuredByPerimeter``.
        storage_account_id: ARM id of the storage account that is linked to it; None if none is. Without one there are
            no application packages.
        storage_authentication: how the account opens that: ``StorageKeys`` or ``BatchAccountManagedIdentity``.
        key_vault_url: the key vault of an account in user subscription mode.
        identity_ids: ARM ids of the account's own user-assigned identities.
        pool_quota: pools that it may have.
        active_job_quota: jobs and schedules, not completed, that it may have.
        dedicated_core_quota: cores of dedicated nodes in all; None where the subscription sets it.
        low_priority_core_quota: cores of spot nodes in all; likewise.
        core_quota_by_family: cores of dedicated nodes by the family of machine sizes, as Azure spells it
            (``standardDSv3Family``).
        family_quota_enforced: whether the quota by family counts.
    """

    name: str
    resource_id: str
    location: str
    endpoint: str
    provisioning_state: str
    allocation_mode: str
    allowed_authentication: tuple[str, ...] = ()
    public_network_access: str = ""
    storage_account_id: str | None = None
    storage_authentication: str = ""
    key_vault_url: str | None = None
    identity_ids: tuple[str, ...] = ()
    pool_quota: int | None = None
    active_job_quota: int | None = None
    dedicated_core_quota: int | None = None
    low_priority_core_quota: int | None = None
    core_quota_by_family: Mapping[str, int] = field(default_factory=dict)
    family_quota_enforced: bool = False

    @property
    def is_user_subscription(self) -> bool:
        """Whether its pools' machines belong to the user's subscription."""
        return self.allocation_mode == USER_SUBSCRIPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSku:
    """A size of machines that a region offers to Batch.

    Attributes:
        name: the size, such as ``Standard_D2s_v3``.
        family: the family that its quota is counted in.
        cores: of one machine; None if Azure does not say.
        memory_gb: likewise.
        capabilities: all that Azure says of it, as it spells it.
        end_of_life: when Batch stops to offer it; None if no date is set.
    """

    name: str
    family: str
    cores: int | None = None
    memory_gb: float | None = None
    capabilities: Mapping[str, str] = field(default_factory=dict)
    end_of_life: datetime | None = None


class PackageState(Enum):
    """Whether a version of an application can be used."""

    PENDING = "pending"
    """It was created; its zip file may still be missing."""
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """An application of an account.

    Attributes:
        default_version: what a reference without a version means; None if it means nothing.
        allow_updates: whether an active version may be uploaded again. This project makes applications that refuse it.
        tags: its tags as a resource; empty where Azure keeps none.
    """

    id: str
    default_version: str | None = None
    display_name: str | None = None
    allow_updates: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """A version of an application."""

    application_id: str
    version: str
    state: PackageState
    last_activation: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageContent:
    """What the zip file of a version holds.

    Attributes:
        size: bytes.
        sha256: hexadecimal.
        origin: where it came from, as its uploader said; None if he did not.
    """

    size: int
    sha256: str
    origin: str | None = None


class UserKind(Enum):
    """What refers to an application package."""

    POOL = "pool"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUse:
    """A pool, or a job that is not completed, that refers to a version of an application.

    Attributes:
        user_id: of the pool or the job.
        application_id: as the reference spells it, without what stands before it in an ARM id.
        version: None for whatever the default version is.
        nodes: of a pool: how many it has now.
    """

    kind: UserKind
    user_id: str
    application_id: str
    version: str | None = None
    nodes: int = 0


class AccountManagement(Protocol):
    """A Batch account as a resource of Azure. Every method raises a ``ServiceError`` of the fitting kind when Resource
    Manager says no, and a ``ConfigurationError`` when the settings do not say which account is meant. Requests are
    repeated while a service is busy; each may be made twice."""

    def facts(self) -> AccountFacts:
        """What the account is and may."""
        ...

    def list_skus(self, location: str | None = None) -> Iterator[MachineSku]:
        """The sizes of machines that a region, by default the account's own, offers to Batch."""
        ...

    def create_pool(self, pool_id: str, body: JsonObject) -> None:
        """Create a pool that may have a user-assigned identity.

        Args:
            pool_id: its id.
            body: the resource as Azure Resource Manager takes it, ``{"identity": ..., "properties": ...}``.

        Raises:
            ConflictError: the id is taken (``code`` is ``PoolExists``), maybe by a request of this very call whose
                reply was lost.
        """
        ...

    def list_applications(self) -> Iterator[ApplicationFacts]:
        """The applications of the account."""
        ...

    def find_application(self, application_id: str) -> ApplicationFacts | None:
        """An application; None if there is none."""
        ...

    def create_application(self, application_id: str, *, display_name: str | None = None) -> None:
        """Create an application whose active versions cannot be uploaded again; success if there is one, which stays as
        it is."""
        ...

    def set_default_version(self, application_id: str, version: str, *, tags: Mapping[str, str]) -> None:
        """Let references without a version mean this one, and replace the application's tags, in one request."""
        ...

    def delete_application(self, application_id: str) -> None:
        """Delete an application that has no versions; success if there is none. ``ConflictError`` if it has some."""
        ...

    def list_versions(self, application_id: str) -> Iterator[VersionFacts]:
        """The versions of an application. ``NotFoundError`` if there is no such application."""
        ...

    def find_version(self, application_id: str, version: str) -> VersionFacts | None:
        """A version; None if there is none, or no such application."""
        ...

    def upload_version(
        self, application_id: str, version: str, source: Path, content: PackageContent, advance: Advance
    ) -> None:
        """Create a version, or take one that is pending, and write its zip file over what was there, which appears
        whole or not at all. ``ConflictError`` if the version is active.

        Args:
            application_id: the application.
            version: its version.
            source: the file.
            content: what is in it, which is kept beside it.
            advance: told of each part that has arrived.
        """
        ...

    def read_content(self, application_id: str, version: str) -> PackageContent | None:
        """What the zip file of a version holds; None if there is no such version, or its file is missing. Of a file
        that another tool uploaded, the whole is read to find out."""
        ...

    def download_version(self, application_id: str, version: str, target: Path, advance: Advance) -> None:
        """Write the zip file of a version to a file. ``NotFoundError`` if there is none."""
        ...

    def activate_version(self, application_id: str, version: str) -> None:
        """Let a version be used whose zip file was uploaded. ``ConflictError`` if the file is missing."""
        ...

    def delete_version(self, application_id: str, version: str) -> None:
        """Delete a version and its zip file; success if there is none. ``ConflictError`` while a pool refers to it."""
        ...

    def list_package_uses(self) -> Iterator[PackageUse]:
        """The references of pools and of the job managers of jobs that are not completed, by two lists of the Batch
        service. What a task of a job refers to for itself is not told."""
        ...
