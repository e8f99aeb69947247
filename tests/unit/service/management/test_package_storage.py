"""Where packages lie, and the URLs to upload them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.management.errors import Fault, ManagementError
from dispatcher.service.management.package_storage import LinkedStorage, container_of, new_blob_of
from dispatcher.service.management.sas import signed_blob_url, string_to_sign
from dispatcher.service.node.blob_signing import StorageLink

KEY = base64.b64encode(b"a key").decode()
LINK = StorageLink(account="store", endpoint="http://127.0.0.1:1/store", key=KEY)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
def test_container_has_a_name_that_storage_takes(application_id: str) -> None:
    """3 to 63 lower-case letters, digits and single hyphens; ids that differ in case alone share it."""
    name = container_of("account", application_id)
    assert 3 <= len(name) <= 63
    assert "--" not in name
    assert name.replace("-", "").isalnum()
    assert name == name.lower() == container_of("ACCOUNT", application_id.upper())


def test_accounts_have_containers_of_their_own() -> None:
    """They may share a storage account."""
    assert container_of("one", "tool") != container_of("two", "tool")
    assert new_blob_of("tool", "1") != new_blob_of("tool", "1")


def test_signature_is_laid_out_as_documented() -> None:
    """Sixteen lines from version 2020-12-06 on."""
    lines = string_to_sign("store", "box", "a b", permissions="rw", until="2026-01-01T04:00:00Z").split("\n")
    assert len(lines) == 16
    assert lines[:4] == ["rw", "", "2026-01-01T04:00:00Z", "/blob/store/box/a b"]
    assert lines[7:9] == ["2021-12-02", "b"]


def test_url_is_percent_encoded() -> None:
    """And names the right, the end and the signature."""
    url = signed_blob_url(LINK, "box", "a b", permissions="rw", expiry=datetime(2026, 1, 1, 4, tzinfo=UTC))
    assert url.startswith(
        "http://127.0.0.1:1/store/box/a%20b?sv=2021-12-02&se=2026-01-01T04%3A00%3A00Z&sr=b&sp=rw&sig="
    )


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False)])
def test_blob_is_looked_for(status: int, there: bool) -> None:
    """With a signed request."""
    storage = LinkedStorage(LINK, httpx.MockTransport(lambda request: _checked(request, status)))
    assert storage.has("box", "blob") is there


def test_container_that_is_there_is_no_error() -> None:
    """It is made whenever a version is."""
    LinkedStorage(LINK, httpx.MockTransport(lambda request: _checked(request, 409))).make_container("box")


def test_refusing_storage_is_told() -> None:
    """As what may pass."""
    storage = LinkedStorage(LINK, httpx.MockTransport(lambda request: _checked(request, 403)))
    with pytest.raises(ManagementError) as raised:
        storage.make_container("box")
    assert raised.value.fault is Fault.AUTO_STORAGE_UNAVAILABLE
    storage.remove("box", "blob")


def test_storage_that_does_not_answer_is_told() -> None:
    """Without a word of the URL."""
    with pytest.raises(ManagementError) as raised:
        LinkedStorage(LINK).has("box", "blob")
    assert "127.0.0.1" not in str(raised.value)


def _checked(request: httpx.Request, status: int) -> httpx.Response:
    assert request.headers["authorization"].startswith("SharedKey store:")
    assert request.url.path.startswith("/store/box")
    return httpx.Response(status)
