"""The default version and its history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.account_management import ApplicationFacts
from batch_manager.deploying import deploy_package, make_default, roll_back
from batch_manager.deploying.defaults import HISTORY_TAG, MAX_TAG, history, pushed
from batch_manager.errors import InputError
from tests.unit.batch_manager.deploying.conftest import MakePackage
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement


@pytest.fixture
def three(account: InMemoryAccountManagement, make_package: MakePackage) -> InMemoryAccountManagement:
    """An account where three versions were the default, one after the other."""
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        deploy_package(account, make_package(version), default=True)
    return account


def test_rollback_goes_back_by_one_each_time(three: InMemoryAccountManagement) -> None:
    """Until nothing was before."""
    assert [roll_back(three, "water").after for _ in range(2)] == ["1.1.0", "1.0.0"]
    with pytest.raises(InputError, match=r"give one with --to; it has .*2\.0\.0$"):
        roll_back(three, "water")


def test_rollback_to_a_version_can_be_run_twice(three: InMemoryAccountManagement) -> None:
    """The second time nothing is changed."""
    assert roll_back(three, "water", "1.0.0").changed
    requests = len(three.requests)
    assert not roll_back(three, "water", "1.0.0").changed
    assert len(three.requests) == requests


def test_rollback_passes_over_what_was_deleted(three: InMemoryAccountManagement) -> None:
    """It cannot be the default."""
    three.delete_version("water", "1.1.0")
    assert roll_back(three, "water").after == "1.0.0"


def test_rollback_to_a_version_that_is_not_there_names_those_that_are(three: InMemoryAccountManagement) -> None:
    """Nothing is changed."""
    with pytest.raises(InputError, match=r"no active version '9\.0\.0'; it has 1\.0\.0, 1\.1\.0, 2\.0\.0"):
        roll_back(three, "water", "9.0.0")


def test_rollback_of_an_application_that_is_not_there_names_those_that_are(three: InMemoryAccountManagement) -> None:
    """A typing error shows at once."""
    with pytest.raises(InputError, match="no application 'watre'; it has water"):
        roll_back(three, "watre")


def test_rollback_goes_by_activation_where_azure_keeps_no_tags(make_package: MakePackage) -> None:
    """The version that was activated before the default one."""
    account = InMemoryAccountManagement(keeps_tags=False)
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        deploy_package(account, make_package(version))
    make_default(account, "water", "1.1.0")
    assert roll_back(account, "water").after == "1.0.0"


def test_default_that_another_tool_set_is_part_of_the_history(three: InMemoryAccountManagement) -> None:
    """What it replaced is what a rollback comes to."""
    three.set_default_version("water", "1.0.0", tags=three.applications["water"].tags)
    make_default(three, "water", "1.1.0")
    assert three.applications["water"].tags[HISTORY_TAG] == "1.0.0 1.1.0 2.0.0 1.0.0 1.1.0"
    assert roll_back(three, "water").after == "1.0.0"


def test_other_tags_stay(three: InMemoryAccountManagement) -> None:
    """They are somebody else's."""
    three.set_default_version("water", "2.0.0", tags={"team": "rivers"})
    roll_back(three, "water", "1.0.0")
    assert three.applications["water"].tags["team"] == "rivers"


@given(st.lists(st.integers(0, 10**50).map(lambda number: f"1.0.{number}"), min_size=1, max_size=40))
def test_history_fits_into_a_tag_and_ends_with_the_default(versions: list[str]) -> None:
    """However many versions there were."""
    passed: tuple[str, ...] = ()
    for version in versions:
        passed = pushed(passed, version)
    text = " ".join(passed)
    assert len(text) <= MAX_TAG
    facts = ApplicationFacts(id="a", default_version=versions[-1], tags={HISTORY_TAG: text})
    assert history(facts)[-1] == versions[-1]
