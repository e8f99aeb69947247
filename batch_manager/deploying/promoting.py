"""Promotes a version: the very same bytes from one account to another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from batch_manager.account_management import AccountManagement, Advance, PackageContent, PackageState
from batch_manager.deploying.defaults import make_default, require_application
from batch_manager.deploying.deployments import Deployment, deploy_package, find_version, is_same
from batch_manager.deploying.package_files import PackageFile, measure
from batch_manager.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What is going to be promoted.

    Attributes:
        application: the application.
        version: the version.
        content: its bytes, as the source has them.
        source: the source's account.
        target: the target's account.
        default: the target's default version until now; None if it has none.
        is_there: whether the target has it, active, with the same bytes.
    """

    application: str
    version: str
    content: PackageContent
    source: str
    target: str
    default: str | None
    is_there: bool

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_there and self.default == self.version


def plan_promotion(
    source: AccountManagement, target: AccountManagement, application: str, version: str | None = None
) -> Promotion:
    """Look at both accounts; nothing is changed.

    Args:
        source: the account to promote from.
        target: the account to promote to.
        application: the application.
        version: its version; the source's default if None.

    Raises:
        InputError: the accounts are the same, the source has no such version that is active, or the target has it with
            other content.
    """
    at, to = source.facts(), target.facts()
    if at.resource_id.lower() == to.resource_id.lower():
        raise InputError(f"both environments are the account {at.name!r}: promote from one account to another")
    facts = require_application(source, application)
    chosen = version or facts.default_version
    if chosen is None:
        raise InputError(f"application {application!r} has no default version in account {at.name!r}: give APP:VERSION")
    found = find_version(source.list_versions(application), chosen)
    content = source.read_content(application, chosen) if found is not None else None
    if found is None or found.state is not PackageState.ACTIVE or content is None:
        raise InputError(f"account {at.name!r} has no active version {chosen!r} of application {application!r}")
    there = target.find_application(application)
    return Promotion(
        application=facts.id,
        version=found.version,
        content=content,
        source=at.name,
        target=to.name,
        default=there.default_version if there is not None else None,
        is_there=there is not None and _is_there(target, facts.id, found.version, content, to.name),
    )


def promote(
    source: AccountManagement,
    target: AccountManagement,
    promotion: Promotion,
    *,
    folder: Path,
    advance: Advance = lambda amount: None,
) -> Deployment:
    """Carry a promotion out, and make the version the target's default.

    Args:
        source: the account to promote from.
        target: the account to promote to.
        promotion: what was planned.
        folder: for the bytes on their way.
        advance: told of each part that has arrived in the target.

    Raises:
        InputError: the bytes that came from the source are not those it says it has.
    """
    path = folder / f"{promotion.application}-{promotion.version}.zip"
    package = PackageFile(
        path=path, application=promotion.application, version=promotion.version, content=promotion.content
    )
    if promotion.is_there:
        change = make_default(target, promotion.application, promotion.version)
        return Deployment(package=package, uploaded=False, activated=False, state=PackageState.ACTIVE, default=change)
    source.download_version(promotion.application, promotion.version, path, lambda amount: None)
    if not is_same(measure(path), promotion.content):
        raise InputError(
            f"the zip file of version {promotion.version!r} of application {promotion.application!r} in account "
            f"{promotion.source!r} is not what was deployed there (its hash differs): deploy a new version"
        )
    return deploy_package(target, package, default=True, origin=promotion.source, advance=advance)


def _is_there(target: AccountManagement, application: str, version: str, content: PackageContent, account: str) -> bool:
    found = find_version(target.list_versions(application), version)
    if found is None or found.state is not PackageState.ACTIVE:
        return False
    there = target.read_content(application, version)
    if there is None or not is_same(there, content):
        raise InputError(
            f"account {account!r} has version {version!r} of application {application!r} with other content: a version "
            "never changes; deploy a new version and promote that"
        )
    return True
