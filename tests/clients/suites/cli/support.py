"""Running ``az`` as a user does, each command a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.suites.support import DEADLINE

AZ = Path(sys.executable).with_name("az")
IMAGE = (
    "--image",
    "canonical:0001-com-ubuntu-server-jammy:22_04-lts",
    "--node-agent-sku-id",
    "batch.node.ubuntu 22.04",
)
SIZE = ("--vm-size", "standard_d2s_v3")


class AzFailed(Exception):  # noqa: N818 - it says what happened
    """A command that az refused; the message is what it printed."""


def az(*words: str) -> Any:
    """Run a command and return what it printed, read as JSON.

    Raises:
        AzFailed: it ended with another code than 0.
    """
    command = [str(AZ), *words, "--output", "json", "--only-show-errors"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    if done.returncode != 0:
        raise AzFailed(f"az {' '.join(words)}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def batch(*words: str) -> Any:
    """Run a command of ``az batch``."""
    return az("batch", *words)


@contextmanager
def refused(*parts: str) -> Iterator[None]:
    """Expect az to fail and to say so in these words."""
    with pytest.raises(AzFailed) as caught:
        yield
    for part in parts:
        assert part in str(caught.value)


def make_pool(pool_id: str, *options: str) -> None:
    """Make a pool."""
    batch("pool", "create", "--id", pool_id, *SIZE, *IMAGE, *options)


def idle_node(pool_id: str) -> str | None:
    """Return the id of an idle node if there is one."""
    nodes = batch("node", "list", "--pool-id", pool_id)
    return next((node["id"] for node in nodes if node["state"] == "idle"), None)


def has_ended(job_id: str, task_id: str) -> bool:
    """Whether a task is completed."""
    return bool(batch("task", "show", "--job-id", job_id, "--task-id", task_id)["state"] == "completed")


def text_of(folder: Path, job_id: str, task_id: str, path: str = "stdout.txt", *options: str) -> str:
    """Download a task's file and return its contents."""
    target = folder / "downloaded"
    target.unlink(missing_ok=True)
    words = ("--job-id", job_id, "--task-id", task_id, "--file-path", path, "--destination", str(target), *options)
    batch("task", "file", "download", *words)
    return target.read_text()


def written(folder: Path, body: object) -> str:
    """Write a body to a file, for ``--json-file``, and return the file's name."""
    file = folder / "body.json"
    file.write_text(json.dumps(body))
    return str(file)


Run = Callable[..., None]
