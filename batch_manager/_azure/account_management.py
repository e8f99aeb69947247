"""The Batch account as a resource, through Microsoft's client of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from azure.batch import BatchClient as SdkBatchClient
from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.mgmt.batch import BatchManagementClient, models

from batch_manager._azure import package_blobs
from batch_manager._azure.account_records import (
    account_facts,
    application_facts,
    job_uses,
    machine_sku,
    pool_uses,
    version_facts,
)
from batch_manager._azure.connect import batch_sdk, patience
from batch_manager._azure.credentials import token_credential
from batch_manager._azure.listing import Listing
from batch_manager._azure.translate import translated
from batch_manager.account_management import (
    AccountFacts,
    Advance,
    ApplicationFacts,
    JsonObject,
    MachineSku,
    PackageContent,
    PackageUse,
    VersionFacts,
)
from batch_manager.errors import ConfigurationError, ConflictError, NotFoundError, PreconditionError
from batch_manager.patience import Patience
from batch_manager.settings import BatchClientSettings

T = TypeVar("T")

_PUBLIC = "https://management.azure.com"
_SOVEREIGN = ("management.usgovcloudapi.net", "management.chinacloudapi.cn")
_POOL_SELECT = ["id", "applicationPackageReferences", "currentDedicatedNodes", "currentLowPriorityNodes"]
_JOB_SELECT = ["id", "jobManagerTask", "poolInfo"]
_NOT_ENDED = "state ne 'completed' and state ne 'deleting'"


def connect_account_management(settings: BatchClientSettings) -> AzureAccountManagement:
    """For the account that the settings name. Makes no request.

    Raises:
        ConfigurationError: the settings name no subscription, or neither the account nor its endpoint.
    """
    credential = token_credential(settings)
    if settings.subscription_id is None:
        raise ConfigurationError(
            "subscription_id is not set: give the id of the Batch account's subscription in AZURE_SUBSCRIPTION_ID"
        )
    # Repeated by our patience alone: the client's own retries would each begin it anew, with pauses of their own.
    sdk = BatchManagementClient(
        credential,
        settings.subscription_id,
        base_url=settings.management_endpoint,
        credential_scopes=[f"{_audience(settings.management_endpoint)}/.default"],
        retry_total=0,
    )
    return AzureAccountManagement(
        sdk=sdk,
        credential=credential,
        batch=lambda: batch_sdk(settings),
        account_name=account_name(settings),
        resource_group=settings.resource_group,
        patience=patience(settings),
    )


def account_name(settings: BatchClientSettings) -> str:
    """The Batch account's name: as it is set, or the first label of its endpoint.

    Raises:
        ConfigurationError: neither is set.
    """
    if settings.batch_account_name is not None:
        return str(settings.batch_account_name)
    host = urlsplit(settings.batch_endpoint or "").hostname
    if host is None:
        raise ConfigurationError(
            "batch_account_name is not set: give the Batch account's name in AZURE_BATCH_ACCOUNT, or its URL in "
            "AZURE_BATCH_ENDPOINT (https://ACCOUNT.REGION.batch.azure.com)"
        )
    return host.partition(".")[0]


class AzureAccountManagement:
    """``AccountManagement`` over the official client; every request is repeated while Azure is busy."""

    def __init__(
        self,
        *,
        sdk: BatchManagementClient,
        credential: TokenCredential,
        batch: Callable[[], SdkBatchClient],
        account_name: str,
        resource_group: str | None,
        patience: Patience,
    ) -> None:
        self._sdk = sdk
        self._credential = credential
        self._batch = batch
        self._account_name = account_name
        self._resource_group = resource_group
        self._patience = patience

    @cached_property
    def _at(self) -> tuple[str, str]:
        """Resource group and name of the account."""
        if self._resource_group is not None:
            return self._resource_group, self._account_name
        words = f"find Batch account {self._account_name!r}"
        for account in self._list(words, lambda: self._sdk.batch_account.list().by_page(), account_facts):
            if account.name.lower() == self._account_name.lower():
                return account.resource_id.split("/")[4], account.name
        raise ConfigurationError(
            f"the subscription has no Batch account {self._account_name!r} that this identity can see: check "
            "AZURE_SUBSCRIPTION_ID and AZURE_BATCH_ACCOUNT, or give the resource group in AZURE_RESOURCE_GROUP"
        )

    def facts(self) -> AccountFacts:
        """See ``AccountManagement``."""
        words = f"get Batch account {self._account_name!r}"
        return account_facts(self._ask(words, lambda: self._sdk.batch_account.get(*self._at)))

    def list_skus(self, location: str | None = None) -> Iterator[MachineSku]:
        """See ``AccountManagement``."""
        region = location or self.facts().location
        pages = partial(self._sdk.location.list_supported_virtual_machine_skus, region)
        return self._list(f"list the machine sizes of {region!r}", lambda: pages().by_page(), machine_sku)

    def create_pool(self, pool_id: str, body: JsonObject) -> None:
        """See ``AccountManagement``."""
        words = f"create pool {pool_id!r}"
        create = partial(self._sdk.pool.create, *self._at, pool_id, dict(body))
        try:
            self._ask(words, lambda: create(match_condition=MatchConditions.IfMissing))
        except PreconditionError as error:
            message = f"{words}: there is a pool of this id (status 412, code {error.code})"
            raise ConflictError(
                message, operation=words, status=error.status, code="PoolExists", request_id=error.request_id
            ) from None

    def list_applications(self) -> Iterator[ApplicationFacts]:
        """See ``AccountManagement``."""
        return self._list(
            "list applications", lambda: self._sdk.application.list(*self._at).by_page(), application_facts
        )

    def find_application(self, application_id: str) -> ApplicationFacts | None:
        """See ``AccountManagement``."""
        words = f"get application {application_id!r}"
        found = self._find(words, lambda: self._sdk.application.get(*self._at, application_id))
        return None if found is None else application_facts(found)

    def create_application(self, application_id: str, *, display_name: str | None = None) -> None:
        """See ``AccountManagement``."""
        if self.find_application(application_id) is not None:
            return
        of = models.ApplicationProperties(allow_updates=False, display_name=display_name)
        create = partial(self._sdk.application.create, *self._at, application_id, models.Application(properties=of))
        self._ask(f"create application {application_id!r}", create)

    def set_default_version(self, application_id: str, version: str, *, tags: Mapping[str, str]) -> None:
        """See ``AccountManagement``."""
        of = models.ApplicationProperties(default_version=version)
        update = partial(self._sdk.application.update, *self._at, application_id)
        words = f"make version {version!r} the default of application {application_id!r}"
        self._ask(words, lambda: update(models.Application(properties=of, tags=dict(tags))))

    def delete_application(self, application_id: str) -> None:
        """See ``AccountManagement``."""
        delete = partial(self._sdk.application.delete, *self._at, application_id)
        self._find(f"delete application {application_id!r}", delete)

    def list_versions(self, application_id: str) -> Iterator[VersionFacts]:
        """See ``AccountManagement``."""
        return self._list(
            f"list the versions of application {application_id!r}",
            lambda: self._sdk.application_package.list(*self._at, application_id).by_page(),
            partial(version_facts, application_id),
        )

    def find_version(self, application_id: str, version: str) -> VersionFacts | None:
        """See ``AccountManagement``."""
        found = self._get_version(application_id, version)
        return None if found is None else version_facts(application_id, found)

    def upload_version(
        self, application_id: str, version: str, source: Path, content: PackageContent, advance: Advance
    ) -> None:
        """See ``AccountManagement``."""
        create = partial(self._sdk.application_package.create, *self._at, application_id, version)
        made = self._ask(f"create {_named(application_id, version)}", create)
        words = f"upload {_named(application_id, version)}"
        url = self._url(made, words)
        self._ask(words, lambda: package_blobs.upload(url, self._credential, source, content, advance))

    def read_content(self, application_id: str, version: str) -> PackageContent | None:
        """See ``AccountManagement``."""
        found = self._get_version(application_id, version)
        if found is None:
            return None
        words = f"read {_named(application_id, version)}"
        url = self._url(found, words)
        return self._find(words, lambda: package_blobs.read_content(url, self._credential))

    def download_version(self, application_id: str, version: str, target: Path, advance: Advance) -> None:
        """See ``AccountManagement``."""
        words = f"download {_named(application_id, version)}"
        get = partial(self._sdk.application_package.get, *self._at, application_id, version)
        url = self._url(self._ask(words, get), words)
        self._ask(words, lambda: package_blobs.download(url, self._credential, target, advance))

    def activate_version(self, application_id: str, version: str) -> None:
        """See ``AccountManagement``."""
        form = models.ActivateApplicationPackageParameters(format="zip")
        activate = partial(self._sdk.application_package.activate, *self._at, application_id, version, form)
        self._ask(f"activate {_named(application_id, version)}", activate)

    def delete_version(self, application_id: str, version: str) -> None:
        """See ``AccountManagement``."""
        delete = partial(self._sdk.application_package.delete, *self._at, application_id, version)
        self._find(f"delete {_named(application_id, version)}", delete)

    def list_package_uses(self) -> Iterator[PackageUse]:
        """See ``AccountManagement``."""
        batch = self._batch()
        pools = self._list("list pools", lambda: batch.list_pools(select=_POOL_SELECT).by_page(), pool_uses)
        jobs = self._list(
            "list jobs", lambda: batch.list_jobs(filter=_NOT_ENDED, select=_JOB_SELECT).by_page(), job_uses
        )
        return chain.from_iterable(chain(pools, jobs))

    def _get_version(self, application_id: str, version: str) -> models.ApplicationPackage | None:
        get = partial(self._sdk.application_package.get, *self._at, application_id, version)
        return self._find(f"get {_named(application_id, version)}", get)

    def _url(self, package: models.ApplicationPackage, operation: str) -> str:
        """Where the zip file is, with the right to it: for ``package_blobs`` alone."""
        url = package.properties.storage_url if package.properties is not None else None
        if url is None:
            raise ConflictError(f"{operation}: Azure gives no URL for its zip file", operation=operation)
        return url

    def _find(self, operation: str, request: Callable[[], T]) -> T | None:
        """The reply; None if there is no such thing."""
        try:
            return self._ask(operation, request)
        except NotFoundError:
            return None

    def _ask(self, operation: str, request: Callable[[], T]) -> T:
        def translating() -> T:
            with translated(operation):
                return request()

        return self._patience.repeat(translating)

    def _list(self, operation: str, pages: Callable[[], Iterator[object]], record: Callable[..., T]) -> Iterator[T]:
        return self._patience.iterate(lambda: Listing(operation, pages(), record))  # type: ignore[arg-type]


def _named(application_id: str, version: str) -> str:
    return f"version {version!r} of application {application_id!r}"


def _audience(endpoint: str) -> str:
    """What a token for Resource Manager is asked for: a sovereign cloud's own endpoint, else the public cloud's, which
    a proxy or another stand-in takes too."""
    return endpoint if urlsplit(endpoint).hostname in _SOVEREIGN else _PUBLIC
