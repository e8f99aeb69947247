"""Which version is the default, and which ones were before it.

The history stands in a tag of the application's resource, written by the request that changes the default: the two
never differ. Where Azure has kept no tag, the times of activation tell what came before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batch_manager.account_management import AccountManagement, ApplicationFacts, PackageState, VersionFacts
from batch_manager.errors import InputError

HISTORY_TAG = "batch-manager-defaults"
"""The default versions, the oldest first, with spaces between them."""
MAX_TAG = 256
"""Characters of a tag's value (Azure Resource Manager)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultChange:
    """What became of an application's default version.

    Attributes:
        before: the default version before; None if there was none.
        after: now.
    """

    application: str
    before: str | None
    after: str

    @property
    def changed(self) -> bool:
        """Whether anything is other than before."""
        return self.before != self.after


def make_default(management: AccountManagement, application: str, version: str) -> DefaultChange:
    """Let references without a version mean this one, which is active.

    Raises:
        InputError: there is no such application.
    """
    facts = require_application(management, application)
    return _change(management, facts, version, pushed(history(facts), version))


def roll_back(management: AccountManagement, application: str, version: str | None = None) -> DefaultChange:
    """Let an earlier version be the default again.

    Args:
        management: the account.
        application: the application.
        version: which one; the one that was the default before if None.

    Raises:
        InputError: there is no such application or version, it is not active, or nothing was before.
    """
    facts = require_application(management, application)
    versions = tuple(management.list_versions(application))
    active = {item.version for item in versions if item.state is PackageState.ACTIVE}
    if version is not None and version not in active:
        raise InputError(
            f"application {application!r} has no active version {version!r}; it has {_listed(active) or 'none'}"
        )
    passed = history(facts)
    chosen = version or _previous(passed, active) or _activated_before(versions, facts.default_version)
    if chosen is None:
        raise InputError(
            f"nothing tells which version of application {application!r} was the default before "
            f"{facts.default_version or 'now'}: give one with --to; it has {_listed(active) or 'none'}"
        )
    return _change(management, facts, chosen, _cut(passed, chosen))


def require_application(management: AccountManagement, application: str) -> ApplicationFacts:
    """An application.

    Raises:
        InputError: there is none.
    """
    found = management.find_application(application)
    if found is None:
        known = _listed(item.id for item in management.list_applications())
        raise InputError(f"the account has no application {application!r}; it has {known or 'none'}")
    return found


def history(application: ApplicationFacts) -> tuple[str, ...]:
    """The default versions up to now, the last of them the present one."""
    words = application.tags.get(HISTORY_TAG, "").split()
    now = application.default_version
    if now is not None and words[-1:] != [now]:  # another tool has changed it
        words.append(now)
    return tuple(words)


def pushed(passed: Sequence[str], version: str) -> tuple[str, ...]:
    """A history with one more version at its end, as long as a tag can be."""
    words = [*passed] if passed and passed[-1] == version else [*passed, version]
    while len(" ".join(words)) > MAX_TAG and len(words) > 1:
        del words[0]
    return tuple(words)


def _cut(passed: Sequence[str], version: str) -> tuple[str, ...]:
    """A history that ends where a version last was the default."""
    for end in range(len(passed), 0, -1):
        if passed[end - 1] == version:
            return tuple(passed[:end])
    return pushed(passed, version)


def _previous(passed: Sequence[str], active: set[str]) -> str | None:
    """The last one in a history that is not the present one and can be used."""
    return next((word for word in reversed(passed[:-1]) if word in active and word != passed[-1]), None)


def _activated_before(versions: Iterable[VersionFacts], version: str | None) -> str | None:
    """The version that was activated last before another."""
    times = {item.version: item.last_activation for item in versions if item.last_activation is not None}
    limit = times.pop(version, None) if version is not None else None
    earlier = [(time, name) for name, time in times.items() if limit is not None and time < limit]
    return max(earlier)[1] if earlier else None


def _change(
    management: AccountManagement, facts: ApplicationFacts, version: str, passed: Sequence[str]
) -> DefaultChange:
    tags = {**facts.tags, HISTORY_TAG: " ".join(passed)}
    if facts.default_version != version or facts.tags.get(HISTORY_TAG) != tags[HISTORY_TAG]:
        management.set_default_version(facts.id, version, tags=tags)
    return DefaultChange(application=facts.id, before=facts.default_version, after=version)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
