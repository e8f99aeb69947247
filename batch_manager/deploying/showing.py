"""Deployments and lists of packages, as documents and for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batch_manager.account_management import PackageState, PackageUse, UserKind, VersionFacts
from batch_manager.deploying.deployments import Deployment
from batch_manager.deploying.inventory import Inventory, Uses, named_users
from batch_manager.errors import InputError
from batch_manager.packaging.names import Version, parse_version

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 3
"""Users that a line of the table names."""


def deployment_document(made: Deployment, origin: str | None) -> dict[str, Any]:
    """For ``--json``."""
    package = made.package
    return {
        "application": package.application,
        "version": package.version,
        "size": package.content.size,
        "sha256": package.content.sha256,
        "origin": origin,
        "uploaded": made.uploaded,
        "activated": made.activated,
        "state": made.state.value,
        "madeDefault": made.default is not None and made.default.changed,
        "previousDefault": made.default.before if made.default is not None else None,
    }


def deployment_words(made: Deployment, where: str, origin: str | None) -> str:
    """One line for people."""
    package = made.package
    done = [word for word, is_so in (("uploaded", made.uploaded), ("activated", made.activated)) if is_so]
    if not done:
        done = ["it was there already" if made.state is PackageState.ACTIVE else "it was there already, not active yet"]
    if made.default is not None and made.default.changed:
        done.append(f"now the default (before: {made.default.before or 'none'})")
    elif made.default is not None:
        done.append("it was the default already")
    came = f" from {origin}" if origin is not None else ""
    return f"{package.application}:{package.version} in {where}{came}: {', '.join(done)}"


def inventory_document(found: Iterable[Inventory], uses: Uses) -> dict[str, Any]:
    """For ``--json``. ``usedBy`` is null where it cannot be told."""
    return {"applications": [_application(item, uses) for item in found]}


def inventory_table(found: Iterable[Inventory], uses: Uses) -> Table:
    """For people: a line per version, the latest first."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    for title in ("application", "version", "state", "default", "activated (UTC)"):
        table.add_column(title, no_wrap=True)
    table.add_column("used by", overflow="fold")
    for item in found:
        for number, version in enumerate(in_order(item.versions)):
            activated = version.last_activation
            table.add_row(
                item.application.id if number == 0 else "",
                version.version,
                version.state.value,
                "default" if version.version == item.application.default_version else "",
                activated.strftime("%Y-%m-%d %H:%M") if activated is not None else "",
                _named(uses.of_version(item.application, version.version)) if uses.unknown is None else "?",
            )
    return table


def in_order(versions: Iterable[VersionFacts]) -> list[VersionFacts]:
    """The latest version first; names of other tools, which are no versions, at the end."""
    return sorted(versions, key=lambda item: _rank(item.version), reverse=True)


def _rank(name: str) -> tuple[bool, Version, str]:
    try:
        return (True, parse_version(name), name)
    except InputError:
        return (False, parse_version("0.0.0"), name)


def _application(item: Inventory, uses: Uses) -> dict[str, Any]:
    return {
        "id": item.application.id,
        "defaultVersion": item.application.default_version,
        "versions": [_version(item, version, uses) for version in in_order(item.versions)],
    }


def _version(item: Inventory, version: VersionFacts, uses: Uses) -> dict[str, Any]:
    users = uses.of_version(item.application, version.version)
    by = {"pools": named_users(users, UserKind.POOL), "jobs": named_users(users, UserKind.JOB)}
    activated = version.last_activation
    return {
        "version": version.version,
        "state": version.state.value,
        "isDefault": version.version == item.application.default_version,
        "lastActivation": activated.isoformat() if activated is not None else None,
        "usedBy": by if uses.unknown is None else None,
    }


def _named(users: Iterable[PackageUse]) -> str:
    found = tuple(users)
    return "; ".join(f"{kind.value} {_some(names)}" for kind in UserKind if (names := named_users(found, kind)))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
