"""Blob containers as folders of a real node, against a real Azurite."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.service.node import mounts
from dispatcher.service.node.blobs import StorageAccess
from dispatcher.service.node.launch import BlobMount, NodeSetup
from dispatcher.storage import StorageEndpoint
from tests.integration.node.support import Container, NodeUnderTest, launch_of
from tests.integration.node.test_packages import set_up


@pytest.fixture
def mount(container: Container, endpoint: StorageEndpoint) -> BlobMount:
    """Return a mount of the container, reached as the pool's identity."""
    return BlobMount(
        account=endpoint.account, container=container.client.container_name, folder="data/in", uses_identity=True
    )


def test_blobs_are_files_for_tasks(blob_node: NodeUnderTest, container: Container, mount: BlobMount) -> None:
    """Below the folder that tasks are told, with their folders."""
    container.put("a", b"1")
    container.put("deep/er/b", b"22")
    assert set_up(blob_node, NodeSetup(mounts=(mount,))).failure is None
    command = "/bin/sh -c 'cd $AZ_BATCH_NODE_MOUNTS_DIR/data/in && cat a deep/er/b'"
    assert blob_node.run(launch_of(command)).failure is None
    assert (blob_node.folder() / "stdout.txt").read_text() == "122"


def test_what_a_task_writes_is_a_blob_once_it_has_ended(
    blob_node: NodeUnderTest, container: Container, mount: BlobMount
) -> None:
    """New files and changed ones; those that did not change are not written again."""
    container.put("old", b"1")
    container.put("same", b"1")
    set_up(blob_node, NodeSetup(mounts=(mount,)))
    before = container.client.get_blob_client("same").get_blob_properties().etag
    command = "/bin/sh -c 'cd $AZ_BATCH_NODE_MOUNTS_DIR/data/in && echo 2 >> old && mkdir n && echo 3 > n/new'"
    assert blob_node.run(launch_of(command)).failure is None
    assert container.blobs() == {"old": b"12\n", "same": b"1", "n/new": b"3\n"}
    assert container.client.get_blob_client("same").get_blob_properties().etag == before


def test_next_task_sees_what_came_meanwhile(blob_node: NodeUnderTest, container: Container, mount: BlobMount) -> None:
    """From another node, or from whoever writes to the container."""
    set_up(blob_node, NodeSetup(mounts=(mount,)))
    container.put("later", b"here")
    assert blob_node.run(launch_of("/bin/sh -c 'cat $AZ_BATCH_NODE_MOUNTS_DIR/data/in/later'")).exit_code == 0


def test_mount_for_reading_is_only_read(blob_node: NodeUnderTest, container: Container, mount: BlobMount) -> None:
    """No permission to write; what is written all the same reaches no blob and is gone for the next task."""
    container.put("a", b"1")
    set_up(blob_node, NodeSetup(mounts=(replace(mount, read_only=True),)))
    folder = blob_node.root / "fsmounts" / "data" / "in"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "a")] == [0o555, 0o444]
    blob_node.run(launch_of("/bin/sh -c 'cd $AZ_BATCH_NODE_MOUNTS_DIR/data/in; echo 2 > a; echo 3 > new'"))
    assert container.blobs() == {"a": b"1"}
    command = "/bin/sh -c 'cd $AZ_BATCH_NODE_MOUNTS_DIR/data/in && ls && cat a'"
    assert blob_node.run(launch_of(command, "b")).exit_code == 0
    assert (blob_node.folder("b") / "stdout.txt").read_text() == "a\n1"


@pytest.mark.parametrize("how", ["key", "sas"])
def test_mount_is_reached_by_its_own_credential(
    blob_node: NodeUnderTest, container: Container, endpoint: StorageEndpoint, mount: BlobMount, how: str
) -> None:
    """Of the linked account, where that is its account."""
    container.put("a", b"1")
    bare = replace(mount, uses_identity=False)
    sas = container.url("rwl").partition("?")[2]
    own = replace(bare, account_key=endpoint.key) if how == "key" else replace(bare, sas=sas)
    assert set_up(blob_node, NodeSetup(mounts=(own,))).failure is None
    assert blob_node.run(launch_of("/bin/sh -c 'echo 2 > $AZ_BATCH_NODE_MOUNTS_DIR/data/in/b'")).exit_code == 0
    assert container.blobs() == {"a": b"1", "b": b"2\n"}


def test_container_that_is_not_there_fails_the_setup(blob_node: NodeUnderTest, mount: BlobMount) -> None:
    """With a message that says which, and no secret."""
    failed = set_up(blob_node, NodeSetup(mounts=(replace(mount, container="nothing-here"),))).failure
    assert failed is not None
    assert failed.code == "MountConfigurationError"
    assert "nothing-here" in dict(failed.details)["Message"]


def test_what_a_running_task_writes_is_written_back_meanwhile(
    blob_node: NodeUnderTest,
    container: Container,
    mount: BlobMount,
    wait_until: Callable[[Callable[[], bool]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long task's results are not lost with its node."""
    monkeypatch.setattr(mounts, "WRITE_BACK_SECONDS", 0.05)
    set_up(blob_node, NodeSetup(mounts=(mount,)))
    blob_node.node.launch(launch_of("/bin/sh -c 'echo 1 > $AZ_BATCH_NODE_MOUNTS_DIR/data/in/a; sleep 600'"))
    wait_until(lambda: "a" in container.blobs())


def test_what_a_killed_service_did_not_write_back_is_not_lost(
    blob_node: NodeUnderTest, container: Container, mount: BlobMount
) -> None:
    """The next one on the folder knows which files the container has."""
    container.put("a", b"1")
    set_up(blob_node, NodeSetup(mounts=(mount,)))
    folder = blob_node.root / "fsmounts" / "data" / "in"
    (folder / "a").write_bytes(b"changed")
    again = blob_node.reopen()
    again.node.close()
    assert container.blobs() == {"a": b"changed"}


def test_own_changes_are_not_brought_back(
    tmp_path: Path, storage: StorageAccess, container: Container, mount: BlobMount
) -> None:
    """A file that was written back is as its blob is, and is left alone."""
    made = mounts.Mount(mount, folder=tmp_path / "m", memory=tmp_path / "memory" / "0.json", storage=storage)
    made.bring()
    (tmp_path / "m" / "a").write_bytes(b"1")
    made.write_back()
    inode = (tmp_path / "m" / "a").stat().st_ino
    made.bring()
    assert (tmp_path / "m" / "a").stat().st_ino == inode
