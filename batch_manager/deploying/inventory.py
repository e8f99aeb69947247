"""What applications an account has, and what uses which version of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from batch_manager.account_management import (
    AccountManagement,
    ApplicationFacts,
    PackageUse,
    UserKind,
    VersionFacts,
)
from batch_manager.deploying.defaults import require_application
from batch_manager.errors import AccessDeniedError, ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What refers to application packages.

    Attributes:
        known: all of it.
        unknown: why it cannot be told; None if it is known.
    """

    known: tuple[PackageUse, ...] = ()
    unknown: str | None = None

    def of_application(self, application: str) -> tuple[PackageUse, ...]:
        """What refers to any version of an application."""
        return tuple(use for use in self.known if use.application_id.lower() == application.lower())

    def of_version(self, application: ApplicationFacts, version: str) -> tuple[PackageUse, ...]:
        """What refers to a version, by its name or as the default."""
        return tuple(
            use
            for use in self.of_application(application.id)
            if (use.version or application.default_version or "").lower() == version.lower()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """An application with its versions."""

    application: ApplicationFacts
    versions: tuple[VersionFacts, ...]


def take_inventory(management: AccountManagement, application: str | None = None) -> tuple[Inventory, ...]:
    """The applications of the account, or one of them.

    Raises:
        InputError: there is no such application.
    """
    found: Iterable[ApplicationFacts]
    found = [require_application(management, application)] if application else tuple(management.list_applications())
    return tuple(Inventory(application=item, versions=tuple(management.list_versions(item.id))) for item in found)


def read_uses(management: AccountManagement) -> Uses:
    """What refers to packages. Who deploys may have no right to ask the Batch service: that is no error."""
    try:
        return Uses(known=tuple(management.list_package_uses()))
    except (AccessDeniedError, ConfigurationError) as error:
        return Uses(unknown=str(error))


def named_users(uses: Iterable[PackageUse], kind: UserKind) -> list[str]:
    """The ids of the pools, or of the jobs, among what refers to something; each once."""
    return list(dict.fromkeys(use.user_id for use in uses if use.kind is kind))
