"""Which version of an application a job brings, and how its tasks are started out of it."""

from __future__ import annotations

from collections.abc import Callable

from batch_manager.account_management import AccountManagement
from batch_manager.client import BatchClient
from batch_manager.errors import ConfigurationError, InputError, NotFoundError
from batch_manager.packaging.launcher import package_launcher
from batch_manager.packaging.names import check_application, check_version
from batch_manager.specification import ApplicationPackageReference


def choose_package(
    word: str, client: BatchClient, management: Callable[[], AccountManagement]
) -> ApplicationPackageReference:
    """The version of an application that every task of a job is to have.

    Without a version it is the one that is the default now: a default may change while a job runs, and then its
    tasks would not all be of one version.

    Args:
        word: ``APP:VERSION``, or ``APP``.
        client: the account, which knows the versions that can be used.
        management: makes what knows the default; called only where that has to be asked for.

    Raises:
        InputError: the word is none, there is no such application or version, or it has no default version.
        ConfigurationError: the default has to be asked for, and the settings do not say where.
        ServiceError: the account could not be asked.
    """
    name, colon, version = word.partition(":")
    check_application(name)
    if colon:
        check_version(version)
    usable = _usable(client, name)
    if not colon:
        version = usable[0] if len(usable) == 1 else _default(name, usable, management)
    if version not in usable:
        raise InputError(
            f"version {version!r} of application {name!r} cannot be used; these can: {', '.join(usable)}. "
            "'batch-manager deploy' brings others"
        )
    return ApplicationPackageReference(application_id=name, version=version)


def launcher_of(package: ApplicationPackageReference, *, windows: bool) -> str:
    """What starts Python out of a package on a node."""
    return package_launcher(package.application_id, package.version, windows=windows)


def _usable(client: BatchClient, name: str) -> tuple[str, ...]:
    try:
        usable = client.list_package_versions(name)
    except NotFoundError:
        usable = ()
    if not usable:
        raise InputError(
            f"the Batch account has no application {name!r} with a version that can be used: make and bring one with "
            "'batch-manager package' and 'batch-manager deploy'"
        )
    return tuple(usable)


def _default(name: str, usable: tuple[str, ...], management: Callable[[], AccountManagement]) -> str:
    among = f"give one: --package {name}:VERSION, with one of {', '.join(usable)}"
    try:
        facts = management().find_application(name)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"the default version of application {name!r} is not known: {error}; or {among}"
        ) from None
    if facts is None or facts.default_version is None:
        raise InputError(f"application {name!r} has no default version; {among}")
    return facts.default_version
