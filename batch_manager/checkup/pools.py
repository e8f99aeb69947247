"""Whether pools, their images and the packages are right. Pure: the facts are parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from batch_manager.account_management import ApplicationFacts, PackageState, VersionFacts
from batch_manager.checkup.findings import Finding, ok, unknown, warning, wrong
from batch_manager.pool_operations import PoolDetail, PoolNode, SupportedImage

SOON = timedelta(days=90)
"""How long before the end of an image's support it is worth a warning."""

_BROKEN = ("unusable", "starttaskfailed", "unknown", "offline")


def judge_pool(pool: PoolDetail, nodes: Iterable[PoolNode]) -> Iterator[Finding]:
    """Whether a pool has the nodes it should have, and they can be used."""
    name, check = pool.id, "pools"
    if pool.summary.state == "deleting":
        yield warning(check, f"pool {name} is being deleted", "use another")
        return
    for problem in pool.resize_problems:
        yield wrong(
            check,
            f"pool {name} has {pool.summary.current_nodes} of {pool.summary.target_nodes} nodes: {problem.code}: "
            f"{problem.message}",
            f"see 'quotas' above; then 'batch-manager pool resize {name}' tries again",
        )
    found = tuple(nodes)
    broken = [node for node in found if node.state in _BROKEN or node.start_task_failure is not None]
    for node in broken[:3]:
        yield _broken(name, node)
    if len(broken) > 3:
        yield wrong(check, f"pool {name}: {len(broken) - 3} more nodes are like that", "see 'batch-manager pool show'")
    if not broken and not pool.resize_problems:
        states = Counter(node.state for node in found)
        yield ok(check, f"pool {name}: {_counted(states)}")


def _broken(pool_id: str, node: PoolNode) -> Finding:
    if node.start_task_failure is not None:
        found = f"pool {pool_id}: the start task fails on node {node.id}: {node.start_task_failure}"
        return wrong(
            "pools", found, f"'batch-manager pool show {pool_id}' has its log; repair it, and make the pool anew"
        )
    why = f": {node.errors[0]}" if node.errors else ""
    return wrong(
        "pools", f"pool {pool_id}: node {node.id} is {node.state}{why}", f"'batch-manager pool restart {pool_id}'"
    )


def judge_image(pool: PoolDetail, images: Iterable[SupportedImage], now: datetime) -> Iterator[Finding]:
    """Whether Batch still supports a pool's image with its node agent."""
    machine: Mapping[str, Any] = _mapping(pool.document.get("virtualMachineConfiguration"))
    reference, agent = _mapping(machine.get("imageReference")), str(machine.get("nodeAgentSKUId") or "")
    words = ":".join(str(reference.get(key) or "") for key in ("publisher", "offer", "sku"))
    if reference.get("virtualMachineImageId") or not reference.get("publisher"):
        yield unknown("images", f"pool {pool.id} has an image of one's own, which Batch does not list")
        return
    same = [image for image in images if _key(image) == words.lower()]
    if not same:
        yield wrong(
            "images", f"pool {pool.id}: Batch does not support the image {words}", "see 'batch-manager pool images'"
        )
        return
    fitting = [image for image in same if image.node_agent.lower() == agent.lower()]
    if not fitting:
        agents = ", ".join(sorted({image.node_agent for image in same}))
        yield wrong(
            "images",
            f"pool {pool.id}: the node agent {agent!r} does not go with {words}",
            f"give {agents} in its place",
        )
        return
    end = fitting[0].end_of_life
    if end is not None and end <= now + SOON:
        ends = f"{'ended' if end <= now else 'ends'} on {end.date().isoformat()}"
        yield warning(
            "images", f"pool {pool.id}: the support of {words} {ends}", "make the pool anew with a newer image"
        )
    else:
        yield ok("images", f"pool {pool.id}: {words} with {agent}")


def judge_packages_of_pool(
    pool: PoolDetail, find_versions: Callable[[str], tuple[str, ...] | None]
) -> Iterator[Finding]:
    """Whether the packages that a pool refers to can be used.

    Args:
        pool: the pool.
        find_versions: the active versions of an application; None if there is no such application.
    """
    references = pool.document.get("applicationPackageReferences")
    for reference in references if isinstance(references, list) else []:
        application = str(reference.get("applicationId") or "").rpartition("/")[2]
        version = reference.get("version")
        versions = find_versions(application)
        if versions is None:
            yield wrong("packages", f"pool {pool.id} refers to {application}, which is not there", "deploy it")
        elif version is not None and version not in versions:
            yield wrong(
                "packages",
                f"pool {pool.id} refers to {application} {version}, which is not active",
                "deploy it, or refer to another version",
            )


def judge_packages(
    applications: Iterable[ApplicationFacts], list_versions: Callable[[str], Iterable[VersionFacts]]
) -> Iterator[Finding]:
    """Whether the account's packages can be used."""
    count = 0
    for application in applications:
        for version in list_versions(application.id):
            count += 1
            if version.state is PackageState.PENDING:
                yield warning(
                    "packages",
                    f"{application.id} {version.version} was created, but not activated: nobody can use it",
                    "'batch-manager deploy' of its file again finishes it",
                )
    if not count:
        yield ok("packages", "there are none")
    else:
        yield ok("packages", f"{count} version{'' if count == 1 else 's'} there")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _key(image: SupportedImage) -> str:
    return f"{image.publisher}:{image.offer}:{image.sku}".lower()


def _counted(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no nodes"
