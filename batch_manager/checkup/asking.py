"""All checks of ``doctor``, each with what it asks: the one place here that knows the seams."""

from __future__ import annotations

import importlib.metadata
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice

from batch_manager.account_management import AccountFacts, AccountManagement
from batch_manager.checkup import accounts, endpoints, pools
from batch_manager.checkup.findings import CheckState, Finding, ok, unknown
from batch_manager.checkup.network import Probe, probe
from batch_manager.checkup.running import Check
from batch_manager.checkup.versions import judge_versions
from batch_manager.errors import NotFoundError
from batch_manager.factory import BatchClientFactory
from batch_manager.job_operations import JobQuery
from batch_manager.ownership import Ownership
from batch_manager.pool_operations import PoolDetail, PoolOperations, PoolSummary
from batch_manager.settings import BatchClientSettings

MAX_POOLS = 10
"""Pools that are looked at where none is named."""

TRIAL_CONTAINERS = "batch-manager-doctor-"
"""What the name of a container begins with that is made to see whether it can be."""
TRIAL_IS_LEFT = timedelta(hours=1)
"""Age from which on such a container was left by a look that was killed."""

DISTRIBUTION = "azure-batch-manager"

_NOBODY = {
    "": "sign in with the Azure CLI ('az login') or 'azd auth login'; or let the settings name a service principal or "
    "a managed identity (docs/settings.md)"
}
_BATCH_ROLES = {
    "AuthenticationFailed": "look whether AZURE_BATCH_ACCOUNT and AZURE_BATCH_ACCESS_KEY belong together, and at the "
    "clock above",
    "": "give the identity the role 'Azure Batch Data Contributor' on the account, and wait some minutes",
}
_STORAGE_ROLES = {
    "AuthenticationFailed": "look whether the key of the connection string is the account's, and at the clock above",
    "AuthorizationFailure": "the storage account's firewall does not let this network in: allow it, also for the nodes",
    "KeyBasedAuthenticationNotPermitted": "unset AZURE_STORAGE_CONNECTION_STRING and use an identity",
    "": "give the identity the role 'Storage Blob Data Contributor' on the storage account, and wait some minutes",
}
_MANAGEMENT_ROLES = {"": "give the identity the role 'Reader' or 'Contributor' on the Batch account"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the caller wants looked at beside the account.

    Attributes:
        pool: this pool alone; None means the first of all.
        callback_url: a callback's URL, a secret; None for none.
        owner: who asks.
    """

    owner: str
    pool: str | None = None
    callback_url: str | None = None


def all_checks(settings: BatchClientSettings, question: Question) -> tuple[Check, ...]:
    """The checks, each after those it needs. Makes no request.

    Args:
        settings: the account. Their patience should be short: what is busy is to be told.
        question: what else.
    """
    ask = _Asking(settings, question)
    batch, storage, management = ("batch_access",), ("storage_endpoint", "storage_identity"), ("account",)
    manager = ("management_endpoint", "management_identity")
    reached = ("batch_settings", "batch_endpoint")
    checks = [
        Check(name="versions", look=ask.versions),
        Check(name="settings", look=ask.settings),
        Check(name="batch_settings", look=ask.batch_settings, needs=("settings",)),
        Check(name="storage_settings", look=ask.storage_settings, needs=("settings",)),
        Check(name="batch_endpoint", look=ask.batch_endpoint, needs=("batch_settings",)),
        Check(name="clock", look=ask.clock, needs=reached),
        Check(name="storage_endpoint", look=ask.storage_endpoint, needs=("storage_settings",)),
        Check(name="batch_identity", look=ask.batch_identity, needs=("batch_settings",), fixes=_NOBODY),
        Check(name="batch_access", look=ask.batch_access, needs=(*reached, "batch_identity"), fixes=_BATCH_ROLES),
        Check(name="storage_identity", look=ask.storage_identity, needs=("storage_settings",), fixes=_NOBODY),
        Check(name="storage_access", look=ask.storage_access, needs=storage, fixes=_STORAGE_ROLES),
        Check(name="management_settings", look=ask.management_settings, needs=("batch_settings",)),
        Check(name="management_endpoint", look=ask.management_endpoint, needs=("management_settings",)),
        Check(name="management_identity", look=ask.management_identity, needs=manager[:1], fixes=_NOBODY),
        Check(name="account", look=ask.account, needs=manager, fixes=_MANAGEMENT_ROLES),
        Check(name="storage_link", look=ask.storage_link, needs=(*management, "storage_settings")),
        Check(name="quotas", look=ask.quotas, needs=(*management, *batch)),
        Check(name="packages", look=ask.packages, needs=("storage_link",)),
        Check(name="pools", look=ask.pools, needs=batch, fixes={"PoolNotFound": "create it, or name another"}),
    ]
    if question.callback_url is not None:
        checks.append(Check(name="callback", look=ask.callback))
    return tuple(checks)


class _Asking:
    """What is asked for is kept, for the checks that need it too."""

    def __init__(self, settings: BatchClientSettings, question: Question) -> None:
        self._settings = settings
        self._question = question

    def versions(self) -> Iterator[Finding]:
        """Of Microsoft's clients."""
        try:
            required = importlib.metadata.requires(DISTRIBUTION) or []
        except importlib.metadata.PackageNotFoundError:
            yield unknown("versions", f"{DISTRIBUTION} runs from a folder, without being installed")
            return
        installed = {found.name.lower(): found.version for found in importlib.metadata.distributions() if found.name}
        yield from judge_versions(required, installed)

    def settings(self) -> Iterator[Finding]:
        """Whether each can be read, also from the vault that they name."""
        vault = self._settings.key_vault_url
        if vault is not None:
            BatchClientFactory.create_identity_probe(self._settings)  # reads the vault
        yield ok("settings", "each can be read" + (f", those in {vault} too" if vault is not None else ""))

    def batch_settings(self) -> Iterable[Finding]:
        """Whether they are complete."""
        settings = self._settings
        has_key = settings.batch_account_key is not None
        return accounts.judge_batch_settings(settings.batch_endpoint, settings.batch_account_name, has_key=has_key)

    def storage_settings(self) -> Iterable[Finding]:
        """Whether they are complete."""
        connection = self._settings.storage_connection_string
        return accounts.judge_storage_settings(
            self._settings.storage_account_url,
            has_connection_string=connection is not None and bool(connection.get_secret_value()),
            identity=self._settings.identity_reference,
        )

    def management_settings(self) -> Iterator[Finding]:
        """Whether Resource Manager can be asked at all."""
        if not self._settings.subscription_id:
            yield unknown(
                "management_settings",
                "subscription_id is not set: account, quotas and packages are not looked at",
                "set AZURE_SUBSCRIPTION_ID (and AZURE_RESOURCE_GROUP) to the Batch account's",
            )
        else:
            yield ok("management_settings", f"subscription {self._settings.subscription_id}")

    def batch_endpoint(self) -> Iterable[Finding]:
        """Whether it can be reached."""
        return endpoints.judge_endpoint("batch_endpoint", "AZURE_BATCH_ENDPOINT", self._batch_probe)

    def clock(self) -> Iterator[Finding]:
        """Against the Batch service's."""
        yield endpoints.judge_clock("clock", self._batch_probe)

    def storage_endpoint(self) -> Iterable[Finding]:
        """Whether it can be reached."""
        has_url = self._settings.storage_connection_string is None
        variable = "AZURE_STORAGE_ACCOUNT_URL" if has_url else "AZURE_STORAGE_CONNECTION_STRING"
        return endpoints.judge_endpoint("storage_endpoint", variable, probe(self._storage_url))

    def management_endpoint(self) -> Iterable[Finding]:
        """Whether it can be reached."""
        found = probe(self._settings.management_endpoint)
        return endpoints.judge_endpoint("management_endpoint", "AZURE_MANAGEMENT_ENDPOINT", found)

    def batch_identity(self) -> Iterator[Finding]:
        """Who asks Batch."""
        if self._settings.batch_account_key is not None:
            yield ok("batch_identity", "a shared key is used")
        else:
            yield self._identity("batch_identity", "https://batch.core.windows.net/.default")

    def storage_identity(self) -> Iterator[Finding]:
        """Who asks Azure Storage."""
        if self._settings.storage_connection_string is not None:
            yield ok("storage_identity", "a connection string is used")
        else:
            yield self._identity("storage_identity", "https://storage.azure.com/.default")

    def management_identity(self) -> Iterator[Finding]:
        """Who asks Resource Manager, which takes no keys."""
        yield self._identity("management_identity", "https://management.azure.com/.default")

    def batch_access(self) -> Iterator[Finding]:
        """Whether Batch lets us read. Whether it lets us create cannot be asked without creating something."""
        count = sum(1 for _ in islice(self._pool_operations.list_pools(), 1))
        words = "pools can be listed" if count else "pools can be listed; there are none"
        yield ok("batch_access", f"{words}. The right to create jobs is not tried")

    def storage_access(self) -> Iterator[Finding]:
        """Whether storage lets us list containers, make one, and delete it."""
        operations = BatchClientFactory.create_container_operations(self._settings)
        before = datetime.now(UTC) - TRIAL_IS_LEFT
        for left in operations.list_containers(TRIAL_CONTAINERS):
            if left.last_modified < before:
                operations.delete_container(left.name, unmodified_since=left.last_modified)
        name = f"{TRIAL_CONTAINERS}{secrets.token_hex(4)}"
        ownership = Ownership(owner=self._question.owner)
        try:
            BatchClientFactory.create_storage(self._settings).create_container(name, ownership.as_metadata())
        finally:
            operations.delete_container(name)
        yield ok("storage_access", "containers can be listed, made and deleted: one was, for a trial")

    def account(self) -> Iterable[Finding]:
        """Whether it is one that can be used like this."""
        has_key = self._settings.batch_account_key is not None
        return accounts.judge_account(self._facts, str(self._settings.batch_endpoint), has_key=has_key)

    def storage_link(self) -> Iterator[Finding]:
        """Whether the account's storage is the settings'."""
        yield accounts.judge_storage_link(self._facts, accounts.storage_account_name(self._storage_url))

    def quotas(self) -> Iterable[Finding]:
        """Against what there is."""
        operations = BatchClientFactory.create_job_operations(self._settings)
        active = sum(1 for _ in operations.list_jobs(JobQuery.NOT_ENDED))
        skus = {sku.name.lower(): sku for sku in self._management.list_skus(self._facts.location)}
        return accounts.judge_quotas(self._facts, self._pools, skus, active)

    def packages(self) -> Iterable[Finding]:
        """Whether versions can be used."""
        return pools.judge_packages(self._management.list_applications(), self._management.list_versions)

    def pools(self) -> Iterator[Finding]:
        """Their nodes, images and packages."""
        named = self._question.pool
        ids = [named] if named is not None else [pool.id for pool in self._pools[:MAX_POOLS]]
        now, images = datetime.now(UTC), tuple(self._pool_operations.list_supported_images()) if ids else ()
        for pool_id in ids:
            pool = self._pool_operations.get_pool(pool_id)
            yield from pools.judge_pool(pool, self._pool_operations.nodes.list_nodes(pool_id))
            yield from (found for found in pools.judge_image(pool, images, now) if found.state is not CheckState.OK)
            yield from self._packages_of(pool)
        if named is None and len(self._pools) > MAX_POOLS:
            yield unknown("pools", f"{len(self._pools) - MAX_POOLS} more pools were not looked at", "give --pool")

    def callback(self) -> Iterator[Finding]:
        """Whether somebody is there; nothing is sent, so that nobody takes it for the callback."""
        found = probe(self._question.callback_url or "", ask=False)
        for finding in endpoints.judge_endpoint("callback", "the callback's file", found, is_setting=False):
            if finding.state is CheckState.OK:
                yield ok("callback", f"{finding.found} from here; a node may be in another network. Nothing was sent")
            else:
                yield finding

    def _identity(self, check: str, scope: str) -> Finding:
        return accounts.judge_identity(check, BatchClientFactory.create_identity_probe(self._settings).identity(scope))

    def _packages_of(self, pool: PoolDetail) -> Iterator[Finding]:
        client = BatchClientFactory.create(self._settings)

        def find_versions(application_id: str) -> tuple[str, ...] | None:
            try:
                return client.list_package_versions(application_id)
            except NotFoundError:
                return None

        return pools.judge_packages_of_pool(pool, find_versions)

    @cached_property
    def _batch_probe(self) -> Probe:
        return probe(str(self._settings.batch_endpoint))

    @cached_property
    def _pool_operations(self) -> PoolOperations:
        return BatchClientFactory.create_pool_operations(self._settings)

    @cached_property
    def _pools(self) -> tuple[PoolSummary, ...]:
        return tuple(self._pool_operations.list_pools())

    @cached_property
    def _management(self) -> AccountManagement:
        return BatchClientFactory.create_account_management(self._settings)

    @cached_property
    def _facts(self) -> AccountFacts:
        return self._management.facts()

    @cached_property
    def _storage_url(self) -> str:
        return BatchClientFactory.create_storage(self._settings).account_url
