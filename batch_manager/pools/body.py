"""A pool file as the body of Batch's add-pool request, in Batch's JSON. Pure but for ``reveal``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from batch_manager.pools.formulas import formula_by_name
from batch_manager.pools.times import iso_time

if TYPE_CHECKING:
    from batch_manager.pools.model import (
        Containers,
        Image,
        Mount,
        Network,
        OsDisk,
        PoolFile,
        ResourceFile,
        StartTask,
        User,
    )

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
JsonObject: TypeAlias = dict[str, Json]
Reveal: TypeAlias = Callable[[str], str]
"""What a file with a secret holds, or what is shown in its place."""

SECRET_KEYS = frozenset({"password", "accountKey", "sasKey", "sshPrivateKey"})
"""Where secrets stand in the body."""

_PUBLIC_IP = {"batch": "batchmanaged", "user": "usermanaged", "none": "nopublicipaddresses"}
_CONTAINERS = {"docker": "dockerCompatible", "cri": "criCompatible"}
_GALLERIES = {"/sharedgalleries/": "sharedGalleryImageId", "/communitygalleries/": "communityGalleryImageId"}


def pool_body(pool: PoolFile, *, node_agent: str, metadata: Mapping[str, str], reveal: Reveal) -> JsonObject:
    """The body of an add-pool request. A pool with an identity needs ``management_body`` of it.

    Args:
        pool: the pool, which was found to be right.
        node_agent: the one that goes with its image.
        metadata: all of it.
        reveal: gives what is in a file with a secret.
    """
    body: JsonObject = {
        "id": pool.id,
        "vmSize": pool.vm_size,
        "virtualMachineConfiguration": _machine(pool, node_agent, reveal),
        **_scale(pool),
        "taskSlotsPerNode": pool.task_slots_per_node,
        "taskSchedulingPolicy": {"nodeFillType": pool.task_fill},
        "enableInterNodeCommunication": pool.inter_node_communication,
        "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
    }
    if pool.display_name is not None:
        body["displayName"] = pool.display_name
    if pool.start_task is not None:
        body["startTask"] = _start_task(pool.start_task)
    if pool.packages:
        body["applicationPackageReferences"] = [_package(word) for word in pool.packages]
    if pool.mounts:
        body["mountConfiguration"] = [_mount(mount, reveal) for mount in pool.mounts]
    if pool.network is not None:
        body["networkConfiguration"] = _network(pool.network)
    if pool.users:
        body["userAccounts"] = [_user(user, reveal) for user in pool.users]
    return body


def formula(pool: PoolFile) -> str | None:
    """The pool's formula; None for fixed nodes.

    Raises:
        InputError: there is no such formula, or its parameters are wrong.
    """
    auto = pool.autoscale
    if auto is None:
        return None
    return formula_by_name(auto.name, auto.parameters) if auto.name is not None else auto.formula


def _scale(pool: PoolFile) -> JsonObject:
    text = formula(pool)
    if text is not None and pool.autoscale is not None:
        return {
            "enableAutoScale": True,
            "autoScaleFormula": text,
            "autoScaleEvaluationInterval": iso_time(pool.autoscale.interval),
        }
    if pool.scale is None:
        return {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    return {
        "targetDedicatedNodes": pool.scale.dedicated,
        "targetLowPriorityNodes": pool.scale.spot,
        "resizeTimeout": iso_time(pool.scale.timeout),
    }


def _machine(pool: PoolFile, node_agent: str, reveal: Reveal) -> JsonObject:
    machine: JsonObject = {"imageReference": _image(pool.image), "nodeAgentSKUId": node_agent}
    if pool.containers is not None:
        machine["containerConfiguration"] = _containers(pool.containers, reveal)
    if pool.os_disk is not None:
        machine["osDisk"] = _os_disk(pool.os_disk)
    if pool.license is not None:
        machine["licenseType"] = pool.license
    return machine


def _image(image: Image) -> JsonObject:
    if image.id is None:
        return {"publisher": image.publisher, "offer": image.offer, "sku": image.sku, "version": image.version}
    prefix = next((name for start, name in _GALLERIES.items() if image.id.lower().startswith(start)), None)
    return {prefix or "virtualMachineImageId": image.id}


def _containers(containers: Containers, reveal: Reveal) -> JsonObject:
    body: JsonObject = {"type": _CONTAINERS[containers.type]}
    if containers.images:
        body["containerImageNames"] = list(containers.images)
    if containers.registries:
        body["containerRegistries"] = [
            {
                "registryServer": registry.server,
                **_given("username", registry.user),
                **_secret("password", registry.password_file, reveal),
                **_identity(registry.identity),
            }
            for registry in containers.registries
        ]
    return body


def _os_disk(disk: OsDisk) -> JsonObject:
    body: JsonObject = {**_given("diskSizeGB", disk.size_gb), **_given("caching", disk.caching)}
    if disk.storage is not None:
        body["managedDisk"] = {"storageAccountType": disk.storage}
    if disk.ephemeral:
        body["ephemeralOSDiskSettings"] = {"placement": "cachedisk"}
    return body


def _start_task(task: StartTask) -> JsonObject:
    body: JsonObject = {
        "commandLine": task.command,
        "waitForSuccess": task.wait,
        "maxTaskRetryCount": task.retries,
        "userIdentity": _run_as(task),
    }
    if task.environment:
        body["environmentSettings"] = [{"name": name, "value": value} for name, value in task.environment.items()]
    if task.files:
        body["resourceFiles"] = [_file(file) for file in task.files]
    if task.container is not None:
        options = _given("containerRunOptions", task.container.options)
        body["containerSettings"] = {"imageName": task.container.image, **options}
    return body


def _run_as(task: StartTask) -> JsonObject:
    if task.run_as.user is not None:
        return {"username": task.run_as.user}
    return {"autoUser": {"scope": task.run_as.scope, "elevationLevel": "admin" if task.run_as.admin else "nonadmin"}}


def _file(file: ResourceFile) -> JsonObject:
    return {
        **_given("httpUrl", file.url),
        **_given("storageContainerUrl", file.container_url),
        **_given("autoStorageContainerName", file.auto_container),
        **_given("blobPrefix", file.prefix),
        **_given("filePath", file.path),
        **_given("fileMode", file.mode),
        **_identity(file.identity),
    }


def _package(word: str) -> JsonObject:
    application, _, version = word.partition(":")
    return {"applicationId": application, **_given("version", version or None)}


def _mount(mount: Mount, reveal: Reveal) -> JsonObject:
    if mount.blob is not None:
        blob = mount.blob
        return {
            "azureBlobFileSystemConfiguration": {
                "accountName": blob.account,
                "containerName": blob.container,
                "relativeMountPath": mount.path,
                **_given("blobfuseOptions", blob.options),
                **_secret("accountKey", blob.key_file, reveal),
                **_secret("sasKey", blob.sas_file, reveal),
                **_identity(blob.identity),
            }
        }
    return _network_mount(mount, reveal)


def _network_mount(mount: Mount, reveal: Reveal) -> JsonObject:
    if mount.nfs is not None:
        nfs: JsonObject = {"source": mount.nfs.source, "relativeMountPath": mount.path}
        return {"nfsMountConfiguration": {**nfs, **_given("mountOptions", mount.nfs.options)}}
    if mount.share is not None:
        share: JsonObject = {
            "accountName": mount.share.account,
            "azureFileUrl": mount.share.url,
            "relativeMountPath": mount.path,
            **_secret("accountKey", mount.share.key_file, reveal),
        }
        return {"azureFileShareConfiguration": {**share, **_given("mountOptions", mount.share.options)}}
    assert mount.cifs is not None  # the rules see to it
    cifs: JsonObject = {
        "username": mount.cifs.user,
        "source": mount.cifs.source,
        "relativeMountPath": mount.path,
        **_secret("password", mount.cifs.password_file, reveal),
    }
    return {"cifsMountConfiguration": {**cifs, **_given("mountOptions", mount.cifs.options)}}


def _network(network: Network) -> JsonObject:
    addresses: JsonObject = {"provision": _PUBLIC_IP[network.public_ip]}
    if network.public_ip_ids:
        addresses["ipAddressIds"] = list(network.public_ip_ids)
    return {
        **_given("subnetId", network.subnet),
        "publicIPAddressConfiguration": addresses,
        "enableAcceleratedNetworking": network.accelerated,
    }


def _user(user: User, reveal: Reveal) -> JsonObject:
    body: JsonObject = {
        "name": user.name,
        **_secret("password", user.password_file, reveal),
        "elevationLevel": "admin" if user.admin else "nonadmin",
    }
    linux = {
        **_given("uid", user.uid),
        **_given("gid", user.gid),
        **_secret("sshPrivateKey", user.ssh_private_key_file, reveal),
    }
    if linux:
        body["linuxUserConfiguration"] = linux
    if user.login is not None:
        body["windowsUserConfiguration"] = {"loginMode": user.login}
    return body


def _given(name: str, value: str | int | None) -> JsonObject:
    return {} if value is None else {name: value}


def _secret(name: str, path: str | None, reveal: Reveal) -> JsonObject:
    return {} if path is None else {name: reveal(path)}


def _identity(name: str | None) -> JsonObject:
    return {} if name is None else {"identityReference": {"resourceId": name}}


def without_secrets(value: object) -> object:
    """A body, or a part of one, with no secret in it."""
    if isinstance(value, Mapping):
        return {name: without_secrets(part) for name, part in value.items() if name not in SECRET_KEYS}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_secrets(part) for part in value]
    return value
