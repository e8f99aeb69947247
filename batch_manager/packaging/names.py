"""What a package is called: an application's id, a version, and the zip's name, in spellings that no system confuses.

Batch puts both into the name of an environment variable. Linux nodes flatten ``.`` and ``-`` to ``_``, and sources
contradict one another on whether they keep the case of letters: in lower case they agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import total_ordering

from batch_manager.errors import InputError

MAX_NAME = 64
"""Characters of an application's id and of a version (Azure Batch, application packages)."""

_APPLICATION = re.compile(r"[a-z0-9_]+")
_NUMBER = r"(0|[1-9][0-9]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9a-z-]+(?:\.[0-9a-z-]+)*))?")


class Platform(Enum):
    """What a node runs."""

    LINUX = "linux"
    WINDOWS = "windows"


def application_id(module: str) -> str:
    """The id of the application that holds a workload: the last word of its package's name, in lower case.

    ``workloads.water_network`` makes ``water_network``.

    Raises:
        InputError: it has other letters than ``a`` to ``z``, or is too long.
    """
    return check_application(module.rpartition(".")[2].lower())


def check_application(application: str) -> str:
    """The id of an application, as it was given.

    Raises:
        InputError: it is no id that this project makes.
    """
    if len(application) > MAX_NAME or not _APPLICATION.fullmatch(application):
        raise InputError(
            f"the application id {application!r} cannot be used: up to {MAX_NAME} of a-z, 0-9 and '_'; "
            "it is the last word of the workload's package name unless --application gives another"
        )
    return application


def check_version(version: str) -> str:
    """A version, as it was given: ``1.2.3`` or ``1.2.3-rc.1``, as Semantic Versioning has it.

    Batch takes no ``+``, so there is no build part.

    Raises:
        InputError: it is none.
    """
    parse_version(version)
    return version


@total_ordering
@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version, in the order of Semantic Versioning."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    """What stands after ``-``; empty for a release."""

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}{'-' if self.pre else ''}{self.pre}"

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[int, int, int, bool, list[tuple[int, int, str]]]:
        words = [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in self.pre.split(".") if word]
        return self.major, self.minor, self.patch, not self.pre, words


def parse_version(text: str) -> Version:
    """Read a version.

    Raises:
        InputError: it is none.
    """
    found = _VERSION.fullmatch(text)
    if found is None or len(text) > MAX_NAME:
        raise InputError(
            f"the version {text!r} cannot be used: give three numbers, such as 1.2.3, or 1.2.3-rc.1 in lower case, "
            f"of at most {MAX_NAME} characters"
        )
    major, minor, patch, pre = found.groups()
    return Version(major=int(major), minor=int(minor), patch=int(patch), pre=pre or "")


def zip_name(application: str, version: str, platform: str) -> str:
    """The file's name."""
    return f"{application}-{version}-{platform}.zip"
