"""What a management is to do with application packages: the one of the unit tests, and the real one in bad weather."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_manager.account_management import AccountManagement, PackageContent, PackageState
from batch_manager.errors import ConflictError, NotFoundError
from tests.unit.batch_manager.deploying.fakes import InMemoryAccountManagement

SIZE = 9_000_001
"""Bytes: more than two blocks."""

Bring = Callable[..., PackageContent]


@pytest.fixture(params=["memory", "service"])
def seam(request: pytest.FixtureRequest) -> AccountManagement:
    """Each implementation."""
    if request.param == "memory":
        return InMemoryAccountManagement()
    found: AccountManagement = request.getfixturevalue("management")
    return found


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An application of the test's own."""
    return re.sub("[^a-z]", "_", request.node.originalname.lower())[:60]


@pytest.fixture
def bring(seam: AccountManagement, name: str, tmp_path: Path) -> Bring:
    """Uploads a version."""

    def upload(version: str, size: int = 100, *, activate: bool = True) -> PackageContent:
        source = tmp_path / f"{version}.zip"
        source.write_bytes(os.urandom(size))
        content = PackageContent(size=size, sha256=hashlib.sha256(source.read_bytes()).hexdigest(), origin="here")
        seam.create_application(name)
        seam.upload_version(name, version, source, content, lambda amount: None)
        if activate:
            seam.activate_version(name, version)
        return content

    return upload


def test_what_is_not_there_is_not_found(seam: AccountManagement, name: str) -> None:
    """None where it is looked for, an error where it is needed."""
    assert seam.find_application(name) is None
    assert seam.find_version(name, "1.0.0") is None
    assert seam.read_content(name, "1.0.0") is None
    with pytest.raises(NotFoundError):
        list(seam.list_versions(name))
    seam.delete_version(name, "1.0.0")
    seam.delete_application(name)


def test_version_comes_back_as_it_was_sent(seam: AccountManagement, name: str, bring: Bring, tmp_path: Path) -> None:
    """In several blocks; its hash and origin are kept beside it."""
    content = bring("1.0.0", SIZE, activate=False)
    assert seam.read_content(name, "1.0.0") == content
    received: list[int] = []
    seam.download_version(name, "1.0.0", tmp_path / "back.zip", received.append)
    assert (tmp_path / "back.zip").read_bytes() == (tmp_path / "1.0.0.zip").read_bytes()
    assert sum(received) == SIZE


def test_version_is_pending_until_it_is_activated(seam: AccountManagement, name: str, bring: Bring) -> None:
    """Until then it may be uploaded again, afterwards not."""
    bring("1.0.0", activate=False)
    bring("1.0.0", activate=False)
    (pending,) = seam.list_versions(name)
    assert (pending.state, pending.last_activation) == (PackageState.PENDING, None)
    seam.activate_version(name, "1.0.0")
    seam.activate_version(name, "1.0.0")
    found = seam.find_version(name, "1.0.0")
    assert found is not None
    assert found.state is PackageState.ACTIVE
    assert found.last_activation is not None
    with pytest.raises(ConflictError):
        bring("1.0.0")


def test_default_version_is_set_with_tags_in_one_request(seam: AccountManagement, name: str, bring: Bring) -> None:
    """A version that is not active cannot be the default."""
    bring("1.0.0")
    bring("2.0.0", activate=False)
    seam.set_default_version(name, "1.0.0", tags={"a": "1.0.0 2.0.0"})
    with pytest.raises(ConflictError):
        seam.set_default_version(name, "2.0.0", tags={})
    found = seam.find_application(name)
    assert found is not None
    assert (found.default_version, found.tags) == ("1.0.0", {"a": "1.0.0 2.0.0"})


def test_application_that_is_created_again_stays_as_it_is(seam: AccountManagement, name: str, bring: Bring) -> None:
    """With its default version; it is listed once."""
    bring("1.0.0")
    seam.set_default_version(name, "1.0.0", tags={})
    seam.create_application(name, display_name="Another")
    assert [item.default_version for item in seam.list_applications() if item.id == name] == ["1.0.0"]


def test_application_is_deleted_after_its_versions(seam: AccountManagement, name: str, bring: Bring) -> None:
    """Not before."""
    bring("1.0.0")
    with pytest.raises(ConflictError):
        seam.delete_application(name)
    seam.delete_version(name, "1.0.0")
    seam.delete_version(name, "1.0.0")
    seam.delete_application(name)
    assert seam.find_application(name) is None


@pytest.mark.parametrize("seam", ["service"], indirect=True)
def test_right_to_write_a_package_is_in_no_log(bring: Bring, caplog: pytest.LogCaptureFixture) -> None:
    """Azure gives it within a URL; not even the most talkative logs of Microsoft's clients tell it."""
    with caplog.at_level(logging.DEBUG, "azure"), caplog.at_level(logging.DEBUG, "batch_manager"):
        bring("1.0.0", SIZE)
    assert "sig=REDACTED" in caplog.text
    assert not re.search("sig=(?!REDACTED)", caplog.text)
