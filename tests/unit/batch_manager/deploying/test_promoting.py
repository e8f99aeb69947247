"""Promotion from one account to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_manager.deploying import deploy_package, plan_promotion, promote
from batch_manager.errors import InputError
from tests.unit.batch_manager.deploying.conftest import MakePackage
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement, Killed


@pytest.fixture
def dev(account: InMemoryAccountManagement, make_package: MakePackage) -> InMemoryAccountManagement:
    """An account that has two versions, the later one as the default."""
    for version in ("1.0.0", "1.1.0"):
        deploy_package(account, make_package(version, text=version), default=True)
    return account


@pytest.fixture
def prod() -> InMemoryAccountManagement:
    """An account without applications."""
    return InMemoryAccountManagement(name="prodacct")


def test_promotion_brings_the_same_bytes_and_says_from_where(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, tmp_path: Path
) -> None:
    """The source's default version becomes the target's."""
    plan = plan_promotion(dev, prod, "water")
    assert (plan.version, plan.source, plan.target, plan.default) == ("1.1.0", "acct", "prodacct", None)
    promote(dev, prod, plan, folder=tmp_path)
    there = prod.stored["water", "1.1.0"]
    assert there.data == dev.stored["water", "1.1.0"].data
    assert there.content is not None
    assert there.content.origin == "acct"
    assert prod.applications["water"].default_version == "1.1.0"


def test_promotion_again_has_nothing_to_do(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, tmp_path: Path
) -> None:
    """And makes no request that writes."""
    promote(dev, prod, plan_promotion(dev, prod, "water"), folder=tmp_path)
    del prod.requests[:]
    plan = plan_promotion(dev, prod, "water")
    assert plan.is_done
    assert not promote(dev, prod, plan, folder=tmp_path).uploaded
    assert prod.requests == []


@pytest.mark.parametrize("number", range(5))
def test_promotion_that_was_killed_is_finished_by_the_next(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, tmp_path: Path, number: int
) -> None:
    """Wherever it was killed."""
    prod.dies_after = number
    with pytest.raises(Killed):
        promote(dev, prod, plan_promotion(dev, prod, "water"), folder=tmp_path)
    prod.survive()
    promote(dev, prod, plan_promotion(dev, prod, "water"), folder=tmp_path)
    assert plan_promotion(dev, prod, "water").is_done


def test_promotion_within_one_account_is_refused(dev: InMemoryAccountManagement) -> None:
    """Two names of one account."""
    with pytest.raises(InputError, match="both environments are the account 'acct'"):
        plan_promotion(dev, dev, "water")


def test_version_that_is_not_active_is_not_promoted(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """Nor one that is not there."""
    deploy_package(dev, make_package("2.0.0"), activate=False)
    for version in ("2.0.0", "3.0.0"):
        with pytest.raises(InputError, match=f"no active version '{version}'"):
            plan_promotion(dev, prod, "water", version)


def test_version_with_other_content_in_the_target_is_refused(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """Before anything is asked or sent."""
    deploy_package(prod, make_package("1.1.0", text="other"))
    with pytest.raises(InputError, match=r"account 'prodacct' has version '1\.1\.0' .* with other content"):
        plan_promotion(dev, prod, "water")


def test_bytes_that_are_not_those_that_were_deployed_are_refused(
    dev: InMemoryAccountManagement, prod: InMemoryAccountManagement, tmp_path: Path
) -> None:
    """Somebody has changed the source's blob."""
    dev.stored["water", "1.1.0"].data = b"other"
    with pytest.raises(InputError, match="its hash differs"):
        promote(dev, prod, plan_promotion(dev, prod, "water"), folder=tmp_path)
    assert prod.stored == {}
