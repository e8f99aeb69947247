"""Application packages that a task asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.limits import MAX_PACKAGES
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.specification import ApplicationPackageReference, TaskSpecification

Known: TypeAlias = Mapping[str, frozenset[str] | None]

_FIELD = "application_package_references"

TOO_MANY = Rule("packages-too-many", _FIELD, f"more than {MAX_PACKAGES}", "put several applications into one package")
NAME = Rule(
    "package-name",
    _FIELD,
    "an application id or a version that none can have",
    "use up to 64 letters, digits, '-' and '_'; a version may have '.' too",
)
UNKNOWN = Rule(
    "package-unknown",
    _FIELD,
    "an application that the Batch account does not have, or one without a version that can be used",
    "add a package to the account and activate it",
)
NOT_ACTIVE = Rule(
    "package-not-active",
    _FIELD,
    "a version that the account does not have, or that was not activated",
    "activate it, or name one of the others",
)
SAME_VARIABLE = Rule(
    "package-same-variable",
    _FIELD,
    "two versions of one application that have one environment variable on Linux, such as `1.0` and `1_0`",
    "rename one of the versions",
)

RULES = (TOO_MANY, NAME, UNKNOWN, NOT_ACTIVE, SAME_VARIABLE)

_APPLICATION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VERSION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NO_WORD = re.compile(r"[^a-z0-9]")


def application_name(reference: ApplicationPackageReference) -> str:
    """The application's id, also where its full ARM id is given, in lower case."""
    return reference.application_id.rpartition("/")[2].lower()


def check(task: TaskSpecification, facts: JobFacts) -> Sequence[Finding]:
    """What is wrong with a task's packages."""
    own = task.application_package_references
    if not own:
        return ()
    references = (*own, *(package for package in facts.job_packages if package not in own))
    return tuple(check_references(references, facts.packages, _FIELD))


def check_references(references: Sequence[ApplicationPackageReference], known: Known, field: str) -> Iterator[Finding]:
    """What is wrong with references to packages.

    Args:
        references: the references.
        known: see ``JobFacts.packages``.
        field: where they stand.
    """
    if len(references) > MAX_PACKAGES:
        yield TOO_MANY.broken(f"are {len(references)}, at most {MAX_PACKAGES} are allowed", field)
    variables: dict[str, ApplicationPackageReference] = {}
    for index, reference in enumerate(references):
        place = f"{field}[{index}]"
        yield from _check_one(reference, known, place)
        version = reference.version
        if version is not None:
            variable = _NO_WORD.sub("_", f"{application_name(reference)}#{version.lower()}")
            first = variables.setdefault(variable, reference)
            if first.version != version:
                said = f"is {shown(version)}, which on Linux has the variable of {shown(first.version)} too"
                yield SAME_VARIABLE.broken(said, f"{place}.version")


def _check_one(reference: ApplicationPackageReference, known: Known, field: str) -> Iterator[Finding]:
    name, version = application_name(reference), reference.version
    if not _APPLICATION.fullmatch(name):
        yield NAME.broken(f"is {shown(reference.application_id)}", f"{field}.application_id")
    elif version is not None and not _VERSION.fullmatch(version):
        yield NAME.broken(f"is {shown(version)}", f"{field}.version")
    elif name in known:
        usable = known[name]
        if not usable:
            said = f"is {name!r}, of which the Batch account has no package that can be used"
            yield UNKNOWN.broken(said, f"{field}.application_id")
        elif version is not None and version not in usable:
            said = f"is {version!r}; of {name!r} these can be used: {', '.join(sorted(usable))}"
            yield NOT_ACTIVE.broken(said, f"{field}.version")
