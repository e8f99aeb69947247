"""What uses a version: what is said of it, and what may be deleted."""

from __future__ import annotations

from typing import NoReturn

import pytest

from batch_manager.account_management import PackageUse, UserKind
from batch_manager.deploying import (
    DefaultChange,
    Uses,
    advise,
    deploy_package,
    read_uses,
    remove_version,
    take_inventory,
)
from batch_manager.deploying.showing import inventory_document
from batch_manager.errors import AccessDeniedError, InputError
from tests.unit.batch_manager.deploying.conftest import MakePackage
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement

CHANGE = DefaultChange(application="water", before="1.0.0", after="1.1.0")
FOLLOWS = PackageUse(kind=UserKind.POOL, user_id="follows", application_id="water", nodes=2)
STAYS = PackageUse(kind=UserKind.POOL, user_id="stays", application_id="Water", version="1.0.0", nodes=1)
JOB = PackageUse(kind=UserKind.JOB, user_id="runs", application_id="water", version="1.0.0")
ELSEWHERE = PackageUse(kind=UserKind.POOL, user_id="other", application_id="waters")


@pytest.fixture
def two(account: InMemoryAccountManagement, make_package: MakePackage) -> InMemoryAccountManagement:
    """An account with two versions, of which the later is the default."""
    for version in ("1.0.0", "1.1.0"):
        deploy_package(account, make_package(version), default=True)
    return account


def test_pool_that_follows_the_default_is_told_of_with_its_running_nodes() -> None:
    """And what does not wait for them."""
    told = advise(Uses(known=(FOLLOWS, JOB, ELSEWHERE)), "water", "1.1.0", CHANGE)
    assert len(told) == 2
    assert told[0].startswith("Pool 'follows' (2 nodes) refers to the default version: new nodes get 1.1.0, nodes that")
    assert told[1].endswith("--package water:1.1.0")


def test_pool_of_another_version_stays_with_it() -> None:
    """Whatever becomes of the default."""
    told = advise(Uses(known=(STAYS,)), "water", "1.1.0", None)
    assert told[0] == "Pool 'stays' (1 node) refers to version 1.0.0 and stays with it."


@pytest.mark.parametrize("change", [None, DefaultChange(application="water", before="1.1.0", after="1.1.0")])
def test_nothing_is_said_where_no_pool_is_concerned(change: DefaultChange | None) -> None:
    """The default stays, and the jobs have references of their own."""
    assert advise(Uses(known=(FOLLOWS, JOB, ELSEWHERE)), "water", "1.1.0", change) == ()


def test_inventory_names_what_uses_a_version_by_name_and_as_the_default(two: InMemoryAccountManagement) -> None:
    """The latest version first."""
    (found,) = inventory_document(take_inventory(two), Uses(known=(FOLLOWS, STAYS, JOB)))["applications"]
    assert [(item["version"], item["isDefault"]) for item in found["versions"]] == [("1.1.0", True), ("1.0.0", False)]
    users = [item["usedBy"] for item in found["versions"]]
    assert users == [{"pools": ["follows"], "jobs": []}, {"pools": ["stays"], "jobs": ["runs"]}]


def test_inventory_says_where_users_are_unknown(two: InMemoryAccountManagement) -> None:
    """An empty list would be read as none."""
    (found,) = inventory_document(take_inventory(two), Uses(unknown="not allowed"))["applications"]
    assert [item["usedBy"] for item in found["versions"]] == [None, None]


def test_users_that_one_may_not_see_are_unknown(
    two: InMemoryAccountManagement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who deploys may have no right to ask the Batch service; it is said, and is no error."""

    def refuse() -> NoReturn:
        raise AccessDeniedError("not you", operation="list pools", status=403)

    monkeypatch.setattr(two, "list_package_uses", refuse)
    uses = read_uses(two)
    assert advise(uses, "water", "1.1.0", None) == ("it cannot be told which pools use 'water': not you",)
    with pytest.raises(AccessDeniedError):
        remove_version(two, "water", "1.0.0")


def test_version_in_use_is_not_deleted(two: InMemoryAccountManagement) -> None:
    """The message names its users."""
    two.uses = [STAYS, JOB]
    with pytest.raises(InputError, match="is used by pool stays and job runs"):
        remove_version(two, "water", "1.0.0")


def test_default_version_is_deleted_last(two: InMemoryAccountManagement) -> None:
    """The application goes with it, and then there is nothing to delete."""
    with pytest.raises(InputError, match="is the default version"):
        remove_version(two, "water", "1.1.0")
    assert remove_version(two, "water", "1.0.0").version_removed
    gone = remove_version(two, "water", "1.1.0")
    assert (gone.version_removed, gone.application_removed) == (True, True)
    again = remove_version(two, "water", "1.1.0")
    assert (again.version_removed, again.application_removed) == (False, False)
