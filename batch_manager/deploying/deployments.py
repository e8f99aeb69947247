"""Brings a package into an account: create, upload, activate, verify; each step may be made twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from batch_manager.account_management import (
    AccountManagement,
    Advance,
    PackageContent,
    PackageState,
    VersionFacts,
)
from batch_manager.deploying.defaults import DefaultChange, make_default
from batch_manager.deploying.package_files import PackageFile
from batch_manager.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What came of it.

    Attributes:
        package: what was deployed.
        uploaded: whether its bytes were sent now; False if they were there.
        activated: whether it became active now.
        state: of the version, as the account says at the end.
        default: what became of the default version; None if that was not asked for.
    """

    package: PackageFile
    uploaded: bool
    activated: bool
    state: PackageState
    default: DefaultChange | None = None


def deploy_package(
    management: AccountManagement,
    package: PackageFile,
    *,
    activate: bool = True,
    default: bool = False,
    origin: str | None = None,
    advance: Advance = lambda amount: None,
) -> Deployment:
    """Bring a package into the account. One that ended half way goes on where it was.

    Args:
        management: the account.
        package: the package.
        activate: let it be used.
        default: let references without a version mean it.
        origin: where it comes from, in ASCII, kept beside it.
        advance: told of each part that has arrived.

    Raises:
        InputError: the version is active with other content, or nodes could not tell it from another version.
    """
    application, version = package.application, package.version
    management.create_application(application)
    found = find_version(management.list_versions(application), version)
    uploaded = _bring(management, package, found, origin, advance)
    activated = activate and (found is None or found.state is not PackageState.ACTIVE)
    if activated:
        management.activate_version(application, version)
    state = _verify(management, package, active=activate)
    changed = make_default(management, application, version) if default else None
    return Deployment(package=package, uploaded=uploaded, activated=activated, state=state, default=changed)


def find_version(versions: Iterable[VersionFacts], version: str) -> VersionFacts | None:
    """A version among others.

    Raises:
        InputError: another one has the same name for a Linux node.
    """
    found = None
    for other in versions:
        if other.version.lower() == version.lower():
            found = other
        elif _flat(other.version) == _flat(version):
            raise InputError(
                f"version {version!r} cannot stand beside {other.version!r} of application {other.application_id!r}: "
                "nodes name both in the same environment variable; choose another version"
            )
    return found


def _bring(
    management: AccountManagement,
    package: PackageFile,
    found: VersionFacts | None,
    origin: str | None,
    advance: Advance,
) -> bool:
    """Upload the package unless it is there; whether it was uploaded."""
    there = None if found is None else management.read_content(package.application, package.version)
    if there is not None and is_same(there, package.content):
        advance(package.content.size)
        return False
    if found is not None and found.state is PackageState.ACTIVE:
        raise InputError(_taken(package, there))
    content = replace(package.content, origin=origin)
    management.upload_version(package.application, package.version, package.path, content, advance)
    return True


def _verify(management: AccountManagement, package: PackageFile, *, active: bool) -> PackageState:
    """Look whether the account has what was deployed: somebody else may have deployed the same version."""
    found = management.find_version(package.application, package.version)
    there = management.read_content(package.application, package.version)
    if found is None or there is None or (active and found.state is not PackageState.ACTIVE):
        raise InputError(
            f"version {package.version!r} of application {package.application!r} was deleted or replaced meanwhile: "
            "deploy it again"
        )
    if not is_same(there, package.content):
        raise InputError(_taken(package, there))
    return found.state


def is_same(one: PackageContent, other: PackageContent) -> bool:
    """Whether two files have the same bytes."""
    return (one.size, one.sha256) == (other.size, other.sha256)


def _taken(package: PackageFile, there: PackageContent | None) -> str:
    named = f"version {package.version!r} of application {package.application!r}"
    if there is None:
        return f"{named} is active, but its zip file is gone: delete the version and deploy it again"
    return (
        f"{named} is there with other content (sha256 {there.sha256[:12]}..., here {package.content.sha256[:12]}...): "
        "a version never changes; give this package a new version"
    )


def _flat(version: str) -> str:
    """As it stands in an environment variable of a Linux node."""
    return re.sub(r"[^a-z0-9]", "_", version.lower())
