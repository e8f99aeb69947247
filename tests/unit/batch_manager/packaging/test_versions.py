"""The version that commits make."""

import subprocess
import sys

import pytest

from batch_manager.packaging.history import commitizen_rules
from batch_manager.packaging.names import Version
from batch_manager.packaging.versions import Bump, latest_tag, next_version

RULES = commitizen_rules()


def _after(version: str, *messages: str) -> str:
    major, minor, patch = (int(word) for word in version.split("."))
    since = (f"v{version}", Version(major=major, minor=minor, patch=patch))
    return next_version(since, messages, RULES).version


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("fix: a", "1.2.4"),
        ("perf: a", "1.2.4"),
        ("feat: a", "1.3.0"),
        ("feat(x): a", "1.3.0"),
        ("feat!: a", "2.0.0"),
        ("fix(x)!: a", "2.0.0"),
        ("fix: a\n\nBREAKING CHANGE: b", "2.0.0"),
        ("docs: a", "1.2.4"),
        ("no type at all", "1.2.4"),
    ],
)
def test_bump_is_that_of_the_commit(message: str, expected: str) -> None:
    """What changed but has no bump of its own makes a patch, as two packages may not have one version."""
    assert _after("1.2.3", message) == expected


def test_highest_bump_of_all_commits_counts() -> None:
    """And its subject is told."""
    since = ("v1.2.3", Version(major=1, minor=2, patch=3))
    choice = next_version(since, ["fix: a", "feat: b\n\nwhy", "docs: c"], RULES)
    assert (choice.version, choice.bump) == ("1.3.0", Bump.MINOR)
    assert choice.why == "minor, since 'feat: b' came after v1.2.3"


def test_breaking_change_before_one_is_a_minor() -> None:
    """In 0.x anything may change."""
    assert _after("0.2.3", "feat!: a") == "0.3.0"


def test_candidate_is_followed_by_its_release() -> None:
    """1.0.0 comes after 1.0.0-rc.1, whatever the change."""
    since = ("v1.0.0-rc.1", Version(major=1, minor=0, patch=0, pre="rc.1"))
    assert next_version(since, ["feat: a"], RULES).version == "1.0.0"


def test_version_stays_where_nothing_has_changed() -> None:
    """The package is the one that was tagged."""
    assert _after("1.2.3") == "1.2.3"


def test_first_version_is_0_1_0() -> None:
    """Where no tag tells another."""
    assert next_version(None, ["feat!: a"], RULES).version == "0.1.0"


def test_tag_of_the_application_goes_before_that_of_the_repository() -> None:
    """A repository with several workloads has tags for each."""
    tags = ["v9.0.0", "pi-v0.9.0", "pi-v0.10.0", "pi-v0.10.0-rc.1", "other-v5.0.0", "pi-vx", "latest"]
    assert latest_tag("pi", tags) == ("pi-v0.10.0", Version(major=0, minor=10, patch=0))
    assert latest_tag("rho", tags) == ("v9.0.0", Version(major=9, minor=0, patch=0))
    assert latest_tag("rho", ["latest"]) is None


def test_rules_leave_loggers_switched_on() -> None:
    """commitizen, imported, would switch off every logger of this package for the rest of the process."""
    script = (
        "import logging; logger = logging.getLogger('batch_manager.x'); "
        "from batch_manager.packaging.history import commitizen_rules; commitizen_rules(); "
        "raise SystemExit(logger.disabled)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
