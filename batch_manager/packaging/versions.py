"""The version that a workload's commits make, by Semantic Versioning and Conventional Commits. Pure.

What a commit's message stands for is commitizen's to say. A change that it gives no bump, such as a lock file made
anew, makes a patch: two packages that differ must not have one version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from batch_manager.errors import InputError
from batch_manager.packaging.names import Version, check_version, parse_version

FIRST = Version(major=0, minor=1, patch=0)


class Bump(IntEnum):
    """How much a change changes."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRules:
    """commitizen's rules for Conventional Commits."""

    pattern: str
    """Finds the type of a change at the beginning of a line of its message."""
    bumps: Mapping[str, str | None]
    """A pattern of types, and the bump they make; the first that matches counts."""
    bumps_before_one: Mapping[str, str | None]
    """The same while the version is 0.x, where anything may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChoice:
    """A version, and why it is this one."""

    version: str
    why: str
    """In words."""
    since: str | None = None
    """The tag that it follows; None if there is none."""
    bump: Bump | None = None
    """What was bumped; None if nothing was."""


def tag_name(application: str, version: str) -> str:
    """The tag of a version that was deployed."""
    return f"{application}-v{version}"


def latest_tag(application: str, tags: Iterable[str]) -> tuple[str, Version] | None:
    """The tag with the highest version: of ``<application>-v1.2.3`` if there is one, or else of ``v1.2.3``."""
    known = list(tags)
    for prefix in (f"{application}-v", "v"):
        found = [(version, tag) for tag in known if (version := _version(tag, prefix)) is not None]
        if found:
            version, tag = max(found)
            return tag, version
    return None


def next_version(since: tuple[str, Version] | None, messages: Sequence[str], rules: CommitRules) -> VersionChoice:
    """The version of what is there now.

    Args:
        since: the latest tag.
        messages: whole messages of the commits after it that changed the workload.
        rules: commitizen's.
    """
    if since is None:
        return VersionChoice(version=str(FIRST), why="the first, as no tag names an earlier one")
    tag, version = since
    if not messages:
        return VersionChoice(version=str(version), why=f"nothing of the workload has changed since {tag}", since=tag)
    bump, message = max(((_bump(message, version, rules), message) for message in messages), key=lambda pair: pair[0])
    subject = message.strip().partition("\n")[0]
    return VersionChoice(
        version=check_version(str(_bumped(version, bump))),
        why=f"{bump.name.lower()}, since {subject!r} came after {tag}",
        since=tag,
        bump=bump,
    )


def _version(tag: str, prefix: str) -> Version | None:
    if not tag.startswith(prefix):
        return None
    try:
        return parse_version(tag.removeprefix(prefix))
    except InputError:
        return None


def _bump(message: str, version: Version, rules: CommitRules) -> Bump:
    found = [Bump.PATCH]
    for line in message.splitlines():
        named = re.search(rules.pattern, line)
        if named is None:
            continue
        bumps = rules.bumps if version.major else rules.bumps_before_one
        name = next((name for pattern, name in bumps.items() if re.match(pattern, named[1])), None)
        if name is not None:
            found.append(Bump[name])
    return max(found)


def _bumped(version: Version, bump: Bump) -> Version:
    if version.pre:  # the release that the candidate was for
        return Version(major=version.major, minor=version.minor, patch=version.patch)
    if bump is Bump.MAJOR:
        return Version(major=version.major + 1, minor=0, patch=0)
    if bump is Bump.MINOR:
        return Version(major=version.major, minor=version.minor + 1, patch=0)
    return Version(major=version.major, minor=version.minor, patch=version.patch + 1)
