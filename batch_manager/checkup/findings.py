"""What ``doctor`` finds: values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CheckState(Enum):
    """How something that must be right is."""

    OK = "ok"
    WARNING = "warning"
    """It works, or may work, but look at it."""
    WRONG = "wrong"
    UNKNOWN = "not known"
    """It could not be looked at: ``found`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that must be right.

    Attributes:
        check: which, such as ``clock``.
        state: how it is.
        found: what was found, in words; no secret.
        fix: what to do; empty where nothing is to be done.
        is_setting: whether the settings are what is to be changed.
    """

    check: str
    state: CheckState
    found: str
    fix: str = ""
    is_setting: bool = False


def ok(check: str, found: str) -> Finding:
    """It is right."""
    return Finding(check=check, state=CheckState.OK, found=found)


def warning(check: str, found: str, fix: str) -> Finding:
    """It should be looked at."""
    return Finding(check=check, state=CheckState.WARNING, found=found, fix=fix)


def wrong(check: str, found: str, fix: str, *, is_setting: bool = False) -> Finding:
    """It is not right."""
    return Finding(check=check, state=CheckState.WRONG, found=found, fix=fix, is_setting=is_setting)


def unknown(check: str, found: str, fix: str = "") -> Finding:
    """It could not be looked at."""
    return Finding(check=check, state=CheckState.UNKNOWN, found=found, fix=fix)
