"""Deletes a version that nothing uses."""

from __future__ import annotations

from dataclasses import dataclass

from batch_manager.account_management import AccountManagement, UserKind
from batch_manager.deploying.inventory import Uses, named_users
from batch_manager.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was deleted.

    Attributes:
        version_removed: whether the version was there.
        application_removed: whether it was the application's last, so that this went with it.
    """

    version_removed: bool
    application_removed: bool


def check_removal(management: AccountManagement, application: str, version: str) -> bool:
    """Whether there is such a version, which may be deleted.

    Raises:
        InputError: a pool, or a job that is not completed, refers to it, or it is the default beside other versions.
    """
    facts = management.find_application(application)
    if facts is None:
        return False
    versions = [item.version for item in management.list_versions(application)]
    if version not in versions:
        return False
    named = f"version {version!r} of application {application!r}"
    users = Uses(known=tuple(management.list_package_uses())).of_version(facts, version)
    if users:
        pools, jobs = named_users(users, UserKind.POOL), named_users(users, UserKind.JOB)
        words = [f"{kind} {', '.join(names)}" for kind, names in (("pool", pools), ("job", jobs)) if names]
        raise InputError(f"{named} is used by {' and '.join(words)}: end that use first")
    if facts.default_version == version and len(versions) > 1:
        raise InputError(f"{named} is the default version: make another one the default first (batch-manager rollback)")
    return True


def remove_version(management: AccountManagement, application: str, version: str) -> Removal:
    """Delete a version that nothing uses, and the application with its last version; success if there is none.

    Raises:
        InputError: as of ``check_removal``.
    """
    there = check_removal(management, application, version)
    if there:
        management.delete_version(application, version)
    facts = management.find_application(application)
    empty = facts is not None and not any(True for _ in management.list_versions(application))
    if empty:
        management.delete_application(application)
    return Removal(version_removed=there, application_removed=empty)
