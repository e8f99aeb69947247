"""Small things that the cases share."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.batch import BatchManagementClient, models


@dataclass(frozen=True)
class Place:
    """Where an account is."""

    group: str
    account: str

    def __iter__(self) -> Iterator[str]:
        return iter(astuple(self))


@contextmanager
def refused(status: int, code: str = "") -> Iterator[None]:
    """Expect Azure Resource Manager's error of a status and, if given, a code."""
    with pytest.raises(HttpResponseError) as caught:
        yield
    assert caught.value.status_code == status, caught.value
    assert not code or caught.value.error.code == code


def zipped(**files: str) -> bytes:
    """Return a zip archive of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def upload(url: str, content: bytes) -> None:
    """Put a blob where an address with a signature says."""
    request = urllib.request.Request(url, content, {"x-ms-blob-type": "BlockBlob"}, method="PUT")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def publish(client: BatchManagementClient, place: Place, application: str, version: str, **files: str) -> None:
    """Make a version of an application, upload it and activate it."""
    package = client.application_package.create(*place, application, version)
    upload(package.properties.storage_url, zipped(**files))
    activation = models.ActivateApplicationPackageParameters(format="zip")
    client.application_package.activate(*place, application, version, activation)


def pool_of(nodes: int, **options: Any) -> models.Pool:
    """Return a pool as this plane describes it."""
    image = models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    scale = models.ScaleSettings(fixed_scale=models.FixedScaleSettings(target_dedicated_nodes=nodes))
    properties = models.PoolProperties(
        vm_size="STANDARD_D2S_V3",
        deployment_configuration=models.DeploymentConfiguration(virtual_machine_configuration=machine),
        scale_settings=scale,
        **options,
    )
    return models.Pool(properties=properties)
