"""Mounts, containers and extensions as clients ask for them."""

from __future__ import annotations

import json

import pytest

from dispatcher.service.documents.containers import read_container, read_container_pool, refuse_without_engine
from dispatcher.service.documents.extensions import read_extensions
from dispatcher.service.documents.fields import Fields
from dispatcher.service.documents.mounts import read_mounts
from dispatcher.service.documents.secrets import read_public
from dispatcher.service.errors import BatchError
from dispatcher.service.node.container_launch import Bind, BindSource, ContainerPool, ContainerRun, Registry
from dispatcher.service.node.launch import BlobMount
from dispatcher.service.wire import JsonObject, JsonValue

BLOB: JsonObject = {"accountName": "acc", "containerName": "c-1", "relativeMountPath": "data/in", "sasKey": "?sig=1"}


def _mounts(*blobs: JsonObject) -> Fields:
    return Fields(values={"mountConfiguration": [{"azureBlobFileSystemConfiguration": blob} for blob in blobs]})


def test_mount_of_a_container_is_read() -> None:
    """The question mark of a SAS is no part of it."""
    assert read_mounts(_mounts(BLOB)) == (BlobMount(account="acc", container="c-1", folder="data/in", sas="sig=1"),)


@pytest.mark.parametrize(
    ("options", "read_only"),
    [
        ("-o ro", True),
        ("-o allow_other,ro -o attr_timeout=240", True),
        ("-oro", True),
        ("--read-only", True),
        ("-o attr_timeout=240 --file-cache-timeout=120", False),
        ("-o rom", False),
    ],
)
def test_options_say_whether_a_mount_is_only_read(options: str, read_only: bool) -> None:
    """In the spellings of both generations of blobfuse."""
    (mount,) = read_mounts(_mounts({**BLOB, "blobfuseOptions": options}))
    assert mount.read_only is read_only


@pytest.mark.parametrize(
    "change",
    [
        {"sasKey": None},
        {"accountKey": "a2V5"},
        {"accountName": "No!"},
        {"accountName": "evil.example/x"},
        {"containerName": "a/b"},
        {"relativeMountPath": "../out"},
        {"relativeMountPath": "/abs"},
        {"relativeMountPath": "."},
        {"blobfuseOptions": "-o 'x"},
    ],
)
def test_mount_that_cannot_be_is_refused(change: JsonObject) -> None:
    """By the property that is wrong."""
    with pytest.raises(BatchError) as caught:
        read_mounts(_mounts({**BLOB, **change}))
    assert caught.value.status == 400


@pytest.mark.parametrize("folder", ["data/in", "data", "data/in/deep"])
def test_mounts_within_each_other_are_refused(folder: str) -> None:
    """One would hide the other."""
    with pytest.raises(BatchError):
        read_mounts(_mounts(BLOB, {**BLOB, "relativeMountPath": folder}))


@pytest.mark.parametrize("kind", ["nfsMountConfiguration", "cifsMountConfiguration", "azureFileShareConfiguration"])
def test_other_file_systems_are_refused_by_name(kind: str) -> None:
    """Nothing here serves them."""
    with pytest.raises(BatchError) as caught:
        read_mounts(Fields(values={"mountConfiguration": [{kind: {"source": "x"}}]}))
    assert (caught.value.code, kind in caught.value.message) == ("UnsupportedProperty", True)


def test_secrets_are_not_shown() -> None:
    """Wherever they stand; all else of a document is."""
    document: JsonObject = {
        "id": "p",
        "mountConfiguration": [{"azureBlobFileSystemConfiguration": BLOB}],
        "userAccounts": [{"name": "u", "password": "p", "linuxUserConfiguration": {"uid": 1, "sshPrivateKey": "k"}}],
    }
    shown = {key: value for key, value in BLOB.items() if key != "sasKey"}
    assert read_public(json.dumps(document)) == {
        "id": "p",
        "mountConfiguration": [{"azureBlobFileSystemConfiguration": shown}],
        "userAccounts": [{"name": "u", "linuxUserConfiguration": {"uid": 1}}],
    }
    assert read_public('{"id": "p"}') == {"id": "p"}


def test_container_settings_are_read() -> None:
    """Each of them."""
    values: JsonObject = {
        "imageName": "reg.example/sim:1",
        "containerRunOptions": "--memory 1g",
        "workingDirectory": "containerImageDefault",
        "registry": {"username": "u", "password": "p", "registryServer": "reg.example"},
        "containerHostBatchBindMounts": [{"source": "Task", "isReadOnly": True}],
    }
    assert read_container(Fields(values=values)) == ContainerRun(
        image="reg.example/sim:1",
        options="--memory 1g",
        uses_image_folder=True,
        registry=Registry(server="reg.example", user="u", password="p"),
        binds=(Bind(source=BindSource.TASK, read_only=True),),
    )
    assert "'p'" not in repr(read_container(Fields(values=values)))


@pytest.mark.parametrize(("mounts", "binds"), [(None, None), ([], ())])
def test_no_list_of_mounts_is_the_whole_node_and_an_empty_one_nothing(
    mounts: JsonValue, binds: tuple[Bind, ...] | None
) -> None:
    """As the REST reference says."""
    run = read_container(Fields(values={"imageName": "i", "containerHostBatchBindMounts": mounts}))
    assert run is not None
    assert run.binds == binds


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"imageName": "--privileged"},
        {"imageName": "a b"},
        {"imageName": "a", "containerRunOptions": "'"},
        {"imageName": "a", "workingDirectory": "elsewhere"},
        {"imageName": "a", "registry": {"username": "u"}},
        {"imageName": "a", "registry": {"identityReference": {"resourceId": "x"}}},
        {"imageName": "a", "containerHostBatchBindMounts": [{"source": "Etc"}]},
    ],
)
def test_container_settings_that_cannot_be_are_refused(values: JsonObject) -> None:
    """Before a node sees them."""
    with pytest.raises(BatchError) as caught:
        read_container(Fields(values=values))
    assert caught.value.status == 400


def test_pool_for_containers_is_refused_without_an_engine() -> None:
    """With what is missing; any other pool is not."""
    pool = read_container_pool(Fields(values={"type": "dockerCompatible", "containerImageNames": ["a"]}))
    assert pool == ContainerPool(images=("a",))
    with pytest.raises(BatchError, match="podman is not installed"):
        refuse_without_engine(pool, "podman is not installed")
    refuse_without_engine(pool, None)
    refuse_without_engine(None, "podman is not installed")


def test_extensions_are_read_without_protected_settings() -> None:
    """Those never come back."""
    declared: JsonObject = {"name": "e", "publisher": "p", "type": "t"}
    (extension,) = read_extensions(Fields(values={"extensions": [{**declared, "protectedSettings": {"k": 1}}]}))
    assert (extension.name, extension.document) == ("e", declared)


@pytest.mark.parametrize(
    "extensions", [[{"name": "e", "publisher": "p"}], [{"name": "e", "publisher": "p", "type": "t"}] * 2]
)
def test_extensions_that_cannot_be_are_refused(extensions: JsonValue) -> None:
    """Without a type, or with the same name twice."""
    with pytest.raises(BatchError):
        read_extensions(Fields(values={"extensions": extensions}))
