"""What the service's tests share: starting it, connecting to it, waiting for it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

T = TypeVar("T")

DEADLINE = 30.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A running service."""

    endpoint: str
    account: str
    key: str = field(repr=False)
    data: Path

    def client(self, key: str | None = None, **options: Any) -> BatchClient:
        """Return a client of the account; another key signs wrongly."""
        return BatchClient(self.endpoint, AzureNamedKeyCredential(self.account, key or self.key), **options)


def present(value: T | None) -> T:
    """Return what the client types as optional and must be there."""
    assert value is not None
    return value


def code_of(error: HttpResponseError) -> str | None:
    """Return Batch's code of an error."""
    return present(error.error).code


def wait_until(holds: Callable[[], object]) -> None:
    """Return once a condition holds; fail the test if it does not within the deadline."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "the condition did not hold in time"
        time.sleep(0.02)


def start_service(data: Path, *options: str, soft_limit: int | None = None) -> subprocess.Popen[str]:
    """Start a service that ends with its standard input; ``soft_limit`` is its own of open files, if given."""
    command = [sys.executable, "-m", "dispatcher.service", "--data", str(data), "--exit-on-stdin-eof", *options]
    if soft_limit is not None:  # a shell sets it: the tests' own process may have more files open than that
        command = ["/bin/sh", "-c", 'ulimit -Sn "$0" && exec "$@"', str(soft_limit), *command]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def connect(process: subprocess.Popen[str], data: Path) -> Running:
    """Return a started service once it listens."""
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready http://127.0.0.1:")
    facts = json.loads((data / "endpoint.json").read_text())
    key = (data / "secrets" / "batch_account_key").read_text()
    return Running(endpoint=facts["endpoint"], account=facts["account"], key=key, data=data)


def pool_options(pool_id: str, **options: Any) -> models.BatchPoolCreateOptions:
    """Return a pool of one node with two slots, unless told otherwise."""
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    values: dict[str, Any] = {"target_dedicated_nodes": 1, "task_slots_per_node": 2, **options}
    return models.BatchPoolCreateOptions(
        id=pool_id, vm_size="standard_d2s_v3", virtual_machine_configuration=machine, **values
    )
