"""The account that is asked again: every request of the seam, and creations whose reply was lost."""

import inspect
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_manager.client import BatchClient, BlobStorage
from batch_manager.definitions import JobDefinition, PoolDefinition, TaskDefinition
from batch_manager.errors import BusyError, ConflictError
from batch_manager.patience import Patience
from batch_manager.patient import PatientBatchClient
from batch_manager.testing import InMemoryBatchClient
from tests.support.interrupting import Interruption, interrupt

JOB = JobDefinition(id="j", pool_id="p", job_manager=TaskDefinition(id="job-manager", command_line="a"))
POOL = PoolDefinition(id="p")

_ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "create_pool": (PoolDefinition(id="other"),),
    "create_job": (JobDefinition(id="other", pool_id="p", job_manager=JOB.job_manager),),
    "terminate_job": ("j", "enough"),
    "get_task": ("j", "job-manager"),
    "terminate_task": ("j", "job-manager"),
    "stop_retries": ("j", "job-manager"),
    "limit_wall_clock": ("j", "job-manager", timedelta(hours=1)),
    "get_pool": ("p",),
    "list_nodes": ("p",),
    "list_package_versions": ("mesher",),
    "upload": ("source", "b", b"x"),
    "upload_new": ("source", "new", b"x"),
    "delete": ("source", "b"),
    "read": ("source", "b"),
    "list_blobs": ("source",),
    "create_container": ("source",),
    "copy": ("source", "b", "target"),
}


def _patient(client: BatchClient) -> PatientBatchClient:
    return PatientBatchClient(client, Patience(limit=5, sleep=lambda _: None, monotonic=lambda: 0.0))


def _account() -> InMemoryBatchClient:
    client = InMemoryBatchClient()
    client.create_pool(POOL)
    client.create_job(JOB)
    client.put_package("mesher", ["1"])
    for container in ("source", "target"):
        client.storage.create_container(container)
    client.storage.upload("source", "b", b"")
    return client


def _methods(seam: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(seam, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("when", list(Interruption))
@pytest.mark.parametrize("name", sorted({*_methods(BatchClient), *_methods(BlobStorage)} - {"add_tasks"}))
def test_every_request_survives_a_busy_service(name: str, when: Interruption, tmp_path: Path) -> None:
    """Refused before it took effect, or carried out and its reply lost."""
    client = _account()
    patient = _patient(interrupt(client, 1, when, BusyError("busy", operation="it")))
    target = patient if name in _methods(BatchClient) else patient.storage
    arguments = ("source", "b", tmp_path / "b") if name == "download" else _ARGUMENTS.get(name, ("j",))
    answer = getattr(target, name)(*arguments)
    if name.startswith("list_") and name != "list_package_versions":
        list(answer)


def test_adding_is_not_repeated_here() -> None:
    """``adding.add_all`` does it, for the tasks that need it."""
    client = _patient(interrupt(_account(), 1, Interruption.BEFORE, BusyError("busy", operation="add")))
    with pytest.raises(BusyError):
        client.add_tasks("j", [])


def test_job_that_was_there_before_is_a_conflict() -> None:
    """No reply was lost: it is somebody else's, even if it looks the same."""
    with pytest.raises(ConflictError):
        _patient(_account()).create_job(JOB)


@pytest.mark.parametrize("create", ["create_job", "create_pool"])
def test_another_that_is_found_after_a_lost_reply_is_a_conflict(create: str) -> None:
    """A busy service and an id that is taken, both at once."""
    client = _patient(interrupt(_account(), 1, Interruption.BEFORE, BusyError("busy", operation="it")))
    another = {
        "create_job": JobDefinition(id="j", pool_id="q", job_manager=JOB.job_manager),
        "create_pool": PoolDefinition(id="p", task_slots_per_node=4),
    }[create]
    with pytest.raises(ConflictError):
        getattr(client, create)(another)
