"""Deployments that are repeated, killed, and in each other's way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch_manager.account_management import PackageState
from batch_manager.deploying import deploy_package
from batch_manager.errors import InputError
from tests.unit.batch_manager.deploying.conftest import MakePackage
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement, Killed

REQUESTS = 5
"""That a first deployment as the default makes: create twice, upload, activate, set the default."""


def test_deployment_uploads_activates_and_makes_the_default(
    account: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """And says what it did."""
    sent: list[int] = []
    package = make_package()
    made = deploy_package(account, package, default=True, origin="here", advance=sent.append)
    assert (made.uploaded, made.activated, made.state) == (True, True, PackageState.ACTIVE)
    assert made.default is not None
    assert (made.default.before, made.default.after) == (None, "1.0.0")
    assert sum(sent) == package.content.size
    assert account.read_content("water", "1.0.0") == replace(package.content, origin="here")


def test_same_package_again_changes_nothing(account: InMemoryAccountManagement, make_package: MakePackage) -> None:
    """No request that writes is made but the one that creates what is there."""
    deploy_package(account, make_package(), default=True)
    del account.requests[:]
    made = deploy_package(account, make_package(), default=True)
    assert (made.uploaded, made.activated) == (False, False)
    assert account.requests == ["create_application"]


def test_other_content_of_an_active_version_is_refused(
    account: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """What is there stays."""
    first = make_package()
    deploy_package(account, first)
    with pytest.raises(InputError, match="a version never changes; give this package a new version"):
        deploy_package(account, make_package(text="two"))
    assert account.read_content("water", "1.0.0") == first.content


def test_version_that_is_not_active_yet_takes_other_content(
    account: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """Nothing could have used it."""
    made = deploy_package(account, make_package(), activate=False)
    assert (made.activated, made.state) == (False, PackageState.PENDING)
    second = make_package(text="two")
    assert deploy_package(account, second).uploaded
    assert account.read_content("water", "1.0.0") == second.content


@pytest.mark.parametrize("number", range(REQUESTS))
@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_deployment_that_was_killed_is_finished_by_the_next(
    account: InMemoryAccountManagement, make_package: MakePackage, moment: str, number: int
) -> None:
    """Wherever it was killed, the end is the same, and its history has the version once."""
    setattr(account, moment, number)
    with pytest.raises(Killed):
        deploy_package(account, make_package(), default=True)
    account.survive()
    made = deploy_package(account, make_package(), default=True)
    assert made.state is PackageState.ACTIVE
    assert account.applications["water"].default_version == "1.0.0"
    assert account.applications["water"].tags == {"batch-manager-defaults": "1.0.0"}
    assert account.requests.count("upload") == 1


def test_kills_above_reach_every_request(account: InMemoryAccountManagement, make_package: MakePackage) -> None:
    """A new request needs a kill of its own."""
    deploy_package(account, make_package(), default=True)
    assert len(account.requests) == REQUESTS


def test_version_that_a_node_cannot_tell_from_another_is_refused(
    account: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """Both would be named by one environment variable."""
    deploy_package(account, make_package("1.0.0-rc.1"))
    with pytest.raises(InputError, match="cannot stand beside"):
        deploy_package(account, make_package("1.0.0-rc-1"))


def test_active_version_whose_file_is_gone_is_told(
    account: InMemoryAccountManagement, make_package: MakePackage
) -> None:
    """A new upload would be refused by Azure."""
    deploy_package(account, make_package())
    account.stored["water", "1.0.0"].content = None
    with pytest.raises(InputError, match="its zip file is gone: delete the version"):
        deploy_package(account, make_package())


def test_another_deployment_of_the_same_version_in_between_is_noticed(
    account: InMemoryAccountManagement, make_package: MakePackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its upload came after ours, and ours was the activation."""
    activate, other = account.activate_version, make_package(text="two")

    def overtaken(application: str, version: str) -> None:
        account.upload_version(application, version, other.path, other.content, lambda amount: None)
        activate(application, version)

    monkeypatch.setattr(account, "activate_version", overtaken)
    with pytest.raises(InputError, match="is there with other content"):
        deploy_package(account, make_package())
