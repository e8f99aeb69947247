"""The seam to many and large blobs, over the official client's pipeline against Azurite."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob import BlobServiceClient

from batch_manager._azure.blob_requests import BlobRequests
from batch_manager._azure.blob_sharing import SHARED_FOR, SharedContainer
from batch_manager.errors import NotFoundError, PreconditionError, ServiceError
from batch_manager.transfer import BlobStore
from dispatcher.stack import LocalStack

NAME = "a b/ü+&%?#'\"~.txt"


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content).digest()


def test_blob_travels_there_and_back(store: BlobStore, container: str) -> None:
    """With its MD5, type and metadata, whatever its name."""
    store.put(container, NAME, b"content", _md5(b"content"), "application/json", {"Who": "me"})
    info = store.describe(container, NAME)
    assert (info.size, info.md5, info.content_type) == (7, _md5(b"content"), "application/json")
    assert dict(info.metadata) == {"Who": "me"}
    assert store.get(container, NAME, 2, 3, info.etag) == b"nte"
    listed = list(store.list_blobs(container, "a b/ü+&"))
    assert [(one.name, one.size, one.md5, one.etag) for one in listed] == [(NAME, 7, info.md5, info.etag)]


def test_content_with_another_md5_is_refused(store: BlobStore, container: str) -> None:
    """By the account, so that what was damaged on its way is never kept."""
    with pytest.raises(ServiceError) as caught:
        store.put(container, "a", b"content", _md5(b"other"), "text/plain")
    assert caught.value.status == 400
    assert list(store.list_blobs(container)) == []


def test_blocks_wait_until_they_are_put_together(store: BlobStore, container: str) -> None:
    """And putting them together twice is as once, since the first reply may be lost."""
    ids = [base64.b64encode(word).decode() for word in (b"one", b"two")]
    assert store.staged_blocks(container, NAME) == {}
    for block_id, content in zip(ids, (b"1st", b"second"), strict=True):
        store.put_block(container, NAME, block_id, content, _md5(content))
    assert store.staged_blocks(container, NAME) == {ids[0]: 3, ids[1]: 6}
    for _ in range(2):
        store.commit(container, NAME, ids, md5=_md5(b"1stsecond"), content_type="a/b", metadata={"x": "y"})
    info = store.describe(container, NAME)
    assert (info.size, info.md5, dict(info.metadata)) == (9, _md5(b"1stsecond"), {"x": "y"})
    assert store.staged_blocks(container, NAME) == {}


def test_blob_of_another_version_is_not_read(store: BlobStore, container: str) -> None:
    """So that no file is of two."""
    store.put(container, "a", b"1", _md5(b"1"), "a/b")
    etag = store.describe(container, "a").etag
    store.put(container, "a", b"2", _md5(b"2"), "a/b")
    with pytest.raises(PreconditionError):
        store.get(container, "a", 0, 1, etag)


def test_missing_blob_and_container_are_named(store: BlobStore, container: str) -> None:
    """With Azure's code."""
    with pytest.raises(NotFoundError, match="'gone'"):
        store.describe(container, "gone")
    with pytest.raises(NotFoundError) as caught:
        list(store.list_blobs("no-such-container"))
    assert caught.value.code == "ContainerNotFound"


def test_create_container_twice_is_success(store: BlobStore, container: str) -> None:
    """What is there stays."""
    store.put(container, "kept", b"", _md5(b""), "a/b")
    store.create_container(container)
    assert [blob.name for blob in store.list_blobs(container)] == ["kept"]


def test_another_account_reads_by_a_signature_for_reading_alone(
    store: BlobStore, container: str, new_container: Callable[[], str]
) -> None:
    """Which is not in what the object shows of itself."""
    store.put(container, NAME, b"content", _md5(b"content"), "a/b", {"x": "y"})
    info, goal, source = store.describe(container, NAME), new_container(), store.share(container)
    url = source.url(NAME)
    store.copy(goal, "copy", url, info)
    store.put_block_from(goal, "part", "AAAA", url, info, 2, 3)
    assert store.staged_blocks(goal, "part") == {"AAAA": 3}
    copied = store.describe(goal, "copy")
    assert (copied.md5, copied.content_type, dict(copied.metadata)) == (info.md5, "a/b", {"x": "y"})
    assert parse_qs(urlsplit(url).query)["sp"] == ["r"]
    assert parse_qs(urlsplit(url).query)["sig"][0] not in repr(source)


def test_signature_is_renewed_before_it_ends(azurite: LocalStack) -> None:
    """A copy may take longer than one is good for."""
    sdk = BlobServiceClient.from_connection_string(azurite.storage.connection_string)
    times = iter([datetime(2030, 1, 1, tzinfo=UTC) + SHARED_FOR * part for part in (0, 0.4, 0.6)])
    source = SharedContainer(sdk, BlobRequests(sdk), "box", now=lambda: next(times))
    first, second, third = source.url("a"), source.url("a"), source.url("a")
    assert first == second != third
    assert parse_qs(urlsplit(third).query)["se"] == ["2030-01-01T01:36:00Z"]


def test_signature_is_by_user_delegation_where_a_token_is_asked_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the account is needed, or known."""
    asked: list[timedelta] = []

    class WithToken:
        def get_token(self) -> None:
            raise AssertionError("the key alone is asked for")

    class Sdk:
        credential, account_name, url, api_version, _pipeline = WithToken(), "acc", "https://acc.example/", "1", None

        def get_user_delegation_key(self, start: datetime, end: datetime) -> Any:
            from azure.storage.blob import UserDelegationKey

            asked.append(end - start)
            key: Any = UserDelegationKey()  # type: ignore[no-untyped-call]
            key.signed_oid = key.signed_tid = key.signed_service = key.signed_version = "x"
            key.signed_start = key.signed_expiry = "2030-01-01T00:00:00Z"
            key.value = base64.b64encode(b"key").decode()
            return key

    sdk: Any = Sdk()
    url = SharedContainer(sdk, BlobRequests(sdk), "box").url("a")
    assert "skoid" in parse_qs(urlsplit(url).query)
    assert asked == [SHARED_FOR + timedelta(minutes=15)]
