"""What the suites share that needs no package: the account, ids, and waiting."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 60.0


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the service's ``--env`` tells of its account."""

    name: str
    key: str = field(repr=False)
    http: str
    https: str
    management: str
    storage: str = field(repr=False)


def account() -> Account:
    """Read it from the environment."""
    return Account(
        name=os.environ["AZURE_BATCH_ACCOUNT"],
        key=os.environ["AZURE_BATCH_ACCESS_KEY"],
        http=os.environ["AZURE_BATCH_ENDPOINT"],
        https=os.environ.get("AZURE_BATCH_ENDPOINT_HTTPS", ""),
        management=os.environ.get("AZURE_MANAGEMENT_ENDPOINT", ""),
        storage=os.environ.get("AZURE_STORAGE_CONNECTION_STRING", ""),
    )


def wait_until(holds: Callable[[], T | None]) -> T:
    """Return what a condition gives once it gives something true; fail if it does not within the deadline."""
    end = time.monotonic() + DEADLINE
    while not (value := holds()):
        assert time.monotonic() < end, "the condition did not hold in time"
        time.sleep(0.05)
    return value


def shell(script: str) -> str:
    """Return a command line that runs a script."""
    quoted = script.replace("'", "'\\''")
    return f"/bin/sh -c '{quoted}'"
