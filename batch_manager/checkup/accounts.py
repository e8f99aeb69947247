"""Whether settings, identity, account, storage and quotas are right. Pure: the facts are parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from batch_manager.account_management import AccountFacts, MachineSku
from batch_manager.checkup.findings import Finding, ok, unknown, warning, wrong
from batch_manager.identity_probe import IdentityFacts
from batch_manager.pool_operations import PoolSummary

LOOPBACK = ("127.0.0.1", "localhost", "::1")
FULL = 0.8
"""The part of a quota from which on its use is worth a warning."""

NO_LIMIT = 2**31 - 1
"""What stands for none where a number is expected, as with the local service."""

_MORE_QUOTA = "ask for more in the portal: Batch account, Quotas, Request quota increase"


def judge_batch_settings(endpoint: str | None, account_name: str | None, *, has_key: bool) -> Iterator[Finding]:
    """Whether the Batch account is named as it has to be."""
    check = "batch_settings"
    if endpoint is None:
        yield wrong(
            check,
            "batch_endpoint is not set",
            "set AZURE_BATCH_ENDPOINT to the account's URL, https://ACCOUNT.REGION.batch.azure.com",
            is_setting=True,
        )
    elif has_key and account_name is None:
        yield wrong(
            check,
            "there is a key in AZURE_BATCH_ACCESS_KEY, and batch_account_name is not set",
            "set AZURE_BATCH_ACCOUNT to the account's name",
            is_setting=True,
        )
    elif _is_open(endpoint):
        yield warning(check, f"{endpoint} is asked without TLS", "use https: anybody on the way can read it")
    elif has_key:
        yield ok(check, f"{endpoint}, with a shared key; a token of an identity could be taken back for one person")
    else:
        yield ok(check, f"{endpoint}, with tokens")


def judge_storage_settings(url: str | None, *, has_connection_string: bool, identity: str | None) -> Iterator[Finding]:
    """Whether the storage account is named as it has to be, and nodes have an identity for it."""
    check = "storage_settings"
    if url is None and not has_connection_string:
        yield wrong(
            check,
            "neither storage_account_url nor storage_connection_string is set",
            "set AZURE_STORAGE_ACCOUNT_URL to https://ACCOUNT.blob.core.windows.net",
            is_setting=True,
        )
        return
    if url is not None and not has_connection_string and _is_open(url):
        yield warning(check, f"{url} is asked without TLS", "use https: anybody on the way can read it")
    elif identity is None:
        yield warning(
            check,
            "identity_reference is not set: a task with input or output files is refused",
            "set BATCH_MANAGER_IDENTITY_REFERENCE to the ARM id of the identity that the pool's nodes have",
        )
    else:
        how = "a connection string" if has_connection_string else "tokens"
        yield ok(check, f"{'the account of the connection string' if url is None else url}, with {how}")


def judge_identity(check: str, facts: IdentityFacts) -> Finding:
    """Who asks. That a credential answers is right; whether it may do what it must, other checks find out."""
    who = facts.name or (f"application {facts.application_id}" if facts.application_id else "somebody")
    of = f", object {facts.object_id}" if facts.object_id else ""
    tenant = f" of tenant {facts.tenant_id}" if facts.tenant_id else ""
    return ok(check, f"{facts.credential} answers for {who}{of}{tenant}")


def judge_account(facts: AccountFacts, endpoint: str, *, has_key: bool) -> Iterator[Finding]:
    """Whether the Batch account is one that can be used like this."""
    found = tuple(_faults(facts, (urlsplit(endpoint).hostname or "").lower(), has_key=has_key))
    yield from found or (ok("account", f"{facts.name} in {facts.location}, pools by {facts.allocation_mode}"),)


def _faults(facts: AccountFacts, host: str, *, has_key: bool) -> Iterator[Finding]:
    check = "account"
    if facts.provisioning_state != "Succeeded":
        yield wrong(check, f"account {facts.name} is in state {facts.provisioning_state}", "wait, or make it anew")
    if has_key and facts.is_user_subscription:
        yield wrong(
            check,
            f"account {facts.name} makes pools in the user's subscription and takes no shared key for that",
            "unset AZURE_BATCH_ACCESS_KEY and use an identity",
            is_setting=True,
        )
    elif has_key and facts.allowed_authentication and "SharedKey" not in facts.allowed_authentication:
        yield wrong(
            check,
            f"account {facts.name} takes no shared key, only {', '.join(facts.allowed_authentication)}",
            "unset AZURE_BATCH_ACCESS_KEY and use an identity, or allow SharedKey on the account",
            is_setting=True,
        )
    if facts.public_network_access not in ("", "Enabled"):
        yield warning(
            check,
            f"account {facts.name} has public network access {facts.public_network_access}",
            "requests must come through its private endpoint, or from networks it allows",
        )
    if host not in LOOPBACK and facts.endpoint and facts.endpoint.lower() != host:
        yield wrong(
            check,
            f"account {facts.name} is at {facts.endpoint}, and the settings ask {host}",
            "let AZURE_BATCH_ENDPOINT, AZURE_SUBSCRIPTION_ID and AZURE_RESOURCE_GROUP name the same account",
            is_setting=True,
        )


def judge_storage_link(facts: AccountFacts, storage_account: str | None) -> Finding:
    """Whether the storage account that is linked to the Batch account is the one that jobs use.

    Args:
        facts: the account.
        storage_account: the name of the settings' account; None if it is not known.
    """
    check = "storage_link"
    if facts.storage_account_id is None:
        return wrong(
            check,
            f"no storage account is linked to account {facts.name}: it has no application packages",
            "link one as auto-storage, without a hierarchical namespace, and not behind a firewall",
        )
    linked = facts.storage_account_id.rpartition("/")[2]
    if storage_account is None:
        return unknown(check, f"{linked} is linked; the name of the settings' account is not known")
    if linked.lower() != storage_account.lower():
        return warning(
            check,
            f"{linked} is linked, and jobs use {storage_account}",
            "that works if both may be reached from nodes; packages lie in the linked one",
        )
    return ok(check, f"{linked} is linked, and is the one that jobs use")


def storage_account_name(url: str | None) -> str | None:
    """The name of the account in a blob endpoint: of its host, or of its path for an address that has no name."""
    if url is None:
        return None
    parts = urlsplit(url)
    name = parts.path.strip("/").partition("/")[0]
    return name or (parts.hostname or "").partition(".")[0] or None


def judge_quotas(
    facts: AccountFacts, pools: Iterable[PoolSummary], skus: Mapping[str, MachineSku], active_jobs: int
) -> Iterator[Finding]:
    """Whether the account may have more pools, jobs and cores than it has.

    Args:
        facts: the account.
        pools: all of its pools; nodes that are asked for count as if they were there.
        skus: the region's sizes by their names in lower case.
        active_jobs: jobs that have not completed.
    """
    found = tuple(pools)
    yield _quota("pools", facts.pool_quota, len(found))
    yield _quota("active jobs and schedules", facts.active_job_quota, active_jobs)
    if facts.is_user_subscription:
        yield unknown("quotas", "cores are counted in the user's subscription", "see its compute quotas in the portal")
        return
    dedicated, spot, unsized = _cores(found, skus)
    yield _quota("cores of dedicated nodes", facts.dedicated_core_quota, sum(dedicated.values()))
    yield _quota("cores of spot nodes", facts.low_priority_core_quota, spot)
    if facts.family_quota_enforced:
        limits = {family.lower(): limit for family, limit in facts.core_quota_by_family.items()}
        for family, used in sorted(dedicated.items()):
            yield _quota(f"cores of {family or 'a family that Azure does not name'}", limits.get(family.lower()), used)
    for size in sorted(unsized):
        yield unknown("quotas", f"the region does not list the size {size}", "its nodes are not counted here")


def _quota(what: str, limit: int | None, used: int) -> Finding:
    words = f"{what}: {used} of {limit}"
    if limit is None:
        return unknown("quotas", f"{what}: {used} used; Azure tells no limit")
    if limit >= NO_LIMIT:
        return ok("quotas", f"{what}: {used}, without a limit")
    if limit == 0:
        return wrong("quotas", f"{words}: none can be had", _MORE_QUOTA)
    if used >= limit:
        return wrong("quotas", f"{words}: no more can be had", f"clean up ('batch-manager report'), or {_MORE_QUOTA}")
    if used >= FULL * limit:
        return warning("quotas", words, f"clean up ('batch-manager report'), or {_MORE_QUOTA}")
    return ok("quotas", words)


def _cores(pools: Iterable[PoolSummary], skus: Mapping[str, MachineSku]) -> tuple[Counter[str], int, set[str]]:
    """Cores of dedicated nodes by family, those of spot nodes, and sizes that are not known."""
    dedicated: Counter[str] = Counter()
    spot, unsized = 0, set()
    for pool in pools:
        sku = skus.get(pool.vm_size.lower())
        many = max(pool.current_dedicated_nodes, pool.target_dedicated_nodes)
        many_spot = max(pool.current_low_priority_nodes, pool.target_low_priority_nodes)
        if not many and not many_spot:
            continue
        if sku is None or sku.cores is None:
            unsized.add(pool.vm_size)
            continue
        if many:
            dedicated[sku.family] += many * sku.cores
        spot += many_spot * sku.cores
    return dedicated, spot, unsized


def _is_open(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK
