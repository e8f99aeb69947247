"""What to say of pools that go on with what they have: Batch installs a pool's packages when a node joins, restarts or
is reimaged, and at no other time."""

from __future__ import annotations

from collections.abc import Sequence

from batch_manager.account_management import PackageUse, UserKind
from batch_manager.deploying.defaults import DefaultChange
from batch_manager.deploying.inventory import Uses


def advise(uses: Uses, application: str, version: str, change: DefaultChange | None) -> tuple[str, ...]:
    """Warnings after a version came or the default changed, each a sentence or two; none if no pool is concerned.

    Args:
        uses: what refers to packages.
        application: the application.
        version: what shall be used from now on.
        change: what became of the default version; None if it was left alone.
    """
    if uses.unknown is not None:
        return (f"it cannot be told which pools use {application!r}: {uses.unknown}",)
    pools = [use for use in uses.of_application(application) if use.kind is UserKind.POOL]
    follow = [use for use in pools if use.version is None]
    stay = [use for use in pools if use.version is not None and use.version.lower() != version.lower()]
    found = [*_following(follow, version, change), *_staying(stay)]
    if found:
        found.append(
            "A task's own reference does not wait for nodes: "
            f"batch-manager submit WORKLOAD --pool POOL --package {application}:{version}"
        )
    return tuple(found)


def _following(pools: Sequence[PackageUse], version: str, change: DefaultChange | None) -> list[str]:
    if change is None or not change.changed or not pools:
        return []
    return [
        f"{_pools(pools)} to the default version: new nodes get {version}, nodes that run keep what they have "
        f"({change.before or 'nothing'}) until they are restarted or reimaged (batch-manager pool restart POOL)."
    ]


def _staying(pools: Sequence[PackageUse]) -> list[str]:
    return [f"{_pools([use])} to version {use.version} and stays with it." for use in pools]


def _pools(pools: Sequence[PackageUse]) -> str:
    named = ", ".join(f"{use.user_id!r} ({use.nodes} {'node' if use.nodes == 1 else 'nodes'})" for use in pools)
    return f"Pool {named} refers" if len(pools) == 1 else f"Pools {named} refer"
