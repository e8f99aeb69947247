"""Whether what is installed is what this package was made for. Pure: the versions are parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from batch_manager.checkup.findings import Finding, ok, warning, wrong

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<limits>[^;]*)(?P<marker>;.*)?")
_LIMIT = re.compile(r"(>=|<)\s*([0-9.]+)")
_SDKS = "azure-"


def judge_versions(required: Iterable[str], installed: Mapping[str, str]) -> Iterator[Finding]:
    """Whether Microsoft's clients are there, in versions that this package was tested with.

    Args:
        required: the package's requirements, as its metadata spell them; those of extras do not count.
        installed: versions by the names of packages.
    """
    check, good = "versions", []
    for words in required:
        found = _REQUIREMENT.match(words)
        if found is None or found["marker"] or not found["name"].startswith(_SDKS):
            continue
        name, version = found["name"], installed.get(found["name"])
        limits = _LIMIT.findall(found["limits"])
        if version is None:
            yield wrong(check, f"{name} is not installed", f"pip install '{name}{_spelled(limits)}'")
        elif not all(_holds(version, sign, limit) for sign, limit in limits):
            fix = f"pip install '{name}{_spelled(limits)}'"
            yield warning(check, f"{name} {version} is not what this was tested with", fix)
        else:
            good.append(f"{name} {version}")
    if good:
        yield ok(check, ", ".join(good))


def _holds(version: str, sign: str, limit: str) -> bool:
    ours, theirs = _numbers(version), _numbers(limit)
    return ours >= theirs if sign == ">=" else ours < theirs


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(word) for word in re.findall(r"\d+", version)[:3])


def _spelled(limits: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{sign}{version}" for sign, version in limits)
