"""Small things that the cases share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials

from tests.clients.suites.support import Account


def connect(account: Account, url: str) -> BatchServiceClient:
    """Return a client with the account's key."""
    return BatchServiceClient(SharedKeyCredentials(account.name, account.key), batch_url=url)


def pool_parameter(pool_id: str, **options: Any) -> models.PoolAddParameter:
    """Return a pool of Linux machines."""
    image = models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    return models.PoolAddParameter(
        id=pool_id, vm_size="standard_d2s_v3", virtual_machine_configuration=machine, **options
    )


@contextmanager
def refused(status: int, code: str) -> Iterator[None]:
    """Expect Batch's error of a status and a code."""
    with pytest.raises(models.BatchErrorException) as caught:
        yield
    assert (caught.value.response.status_code, caught.value.error.code) == (status, code)


def text(chunks: Iterator[bytes]) -> str:
    """Return what a download holds."""
    return b"".join(chunks).decode()


Run = Callable[..., models.CloudTask]
