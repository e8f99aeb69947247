"""The seam to Blob Storage, one suite over every implementation: in memory, and the official client against Azurite."""

from pathlib import Path

import pytest

from batch_manager.client import BlobStorage
from batch_manager.errors import NotFoundError, ServiceError


def test_upload_then_read_gives_the_bytes_back(storage: BlobStorage, container: str) -> None:
    """And a second upload replaces them."""
    storage.upload(container, "a/b c.txt", b"one")
    storage.upload(container, "a/b c.txt", b"two")
    assert storage.read(container, "a/b c.txt") == b"two"


def test_file_travels_to_a_blob_and_back(storage: BlobStorage, container: str, tmp_path: Path) -> None:
    """The target's folder is made."""
    (tmp_path / "in").write_bytes(bytes(range(256)) * 4096)
    storage.upload(container, "data", tmp_path / "in")
    storage.download(container, "data", tmp_path / "new" / "out")
    assert (tmp_path / "new" / "out").read_bytes() == (tmp_path / "in").read_bytes()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_new_blob_is_written_once(storage: BlobStorage, container: str) -> None:
    """Who writes the same again counts as the one who wrote it."""
    assert storage.upload_new(container, "claim", b"one")
    assert storage.upload_new(container, "claim", b"one")
    assert not storage.upload_new(container, "claim", b"two")
    assert storage.read(container, "claim") == b"one"


def test_create_container_twice_is_success(storage: BlobStorage, container: str) -> None:
    """What is there stays."""
    storage.upload(container, "kept", b"x")
    storage.create_container(container)
    assert list(storage.list_blobs(container)) == ["kept"]


def test_list_blobs_is_in_order_and_by_prefix(storage: BlobStorage, container: str) -> None:
    """A virtual folder is a prefix."""
    for name in ("b/2", "a/1", "b/1"):
        storage.upload(container, name, b"")
    assert list(storage.list_blobs(container)) == ["a/1", "b/1", "b/2"]
    assert list(storage.list_blobs(container, "b/")) == ["b/1", "b/2"]


def test_read_of_a_missing_blob_names_it(storage: BlobStorage, container: str) -> None:
    """With Azure's own code."""
    with pytest.raises(NotFoundError, match="'gone'") as caught:
        storage.read(container, "gone")
    assert caught.value.code == "BlobNotFound"


def test_download_of_a_missing_blob_leaves_no_file(storage: BlobStorage, container: str, tmp_path: Path) -> None:
    """Half a file would be taken for a whole one."""
    with pytest.raises(NotFoundError):
        storage.download(container, "gone", tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []


def test_upload_to_a_missing_container_is_not_found(storage: BlobStorage) -> None:
    """Containers are made on purpose."""
    with pytest.raises(NotFoundError) as caught:
        storage.upload("no-such-container", "a", b"")
    assert caught.value.code == "ContainerNotFound"


def test_container_name_that_azure_refuses_is_refused(storage: BlobStorage) -> None:
    """Never kinder than the cloud."""
    with pytest.raises(ServiceError) as caught:
        storage.create_container("Not_Allowed")
    assert caught.value.status == 400


def test_account_url_has_no_query_and_no_slash_at_its_end(storage: BlobStorage) -> None:
    """Other URLs are made from it."""
    assert storage.account_url.startswith("http")
    assert not storage.account_url.endswith("/")
    assert "?" not in storage.account_url


def test_copy_has_the_same_name_in_another_container(storage: BlobStorage, container: str) -> None:
    """Over what was there; the source stays."""
    other = f"{container}-r2"
    storage.create_container(other)
    storage.upload(other, "a/b ä+c.txt", b"old")
    storage.upload(container, "a/b ä+c.txt", b"new")
    storage.copy(container, "a/b ä+c.txt", other)
    assert storage.read(other, "a/b ä+c.txt") == storage.read(container, "a/b ä+c.txt") == b"new"


def test_copy_of_a_missing_blob_is_not_found(storage: BlobStorage, container: str) -> None:
    """And nothing appears."""
    other = f"{container}-r2"
    storage.create_container(other)
    with pytest.raises(NotFoundError):
        storage.copy(container, "gone", other)
    assert list(storage.list_blobs(other)) == []


def test_deleted_blob_is_gone_and_deleting_again_is_success(storage: BlobStorage, container: str) -> None:
    """A container that is not there is another matter."""
    storage.upload(container, "a", b"")
    storage.delete(container, "a")
    storage.delete(container, "a")
    assert list(storage.list_blobs(container)) == []
    with pytest.raises(NotFoundError):
        storage.delete("no-such-container", "a")
