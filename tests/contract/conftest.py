"""Every implementation of the two seams."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from batch_manager.client import BatchClient, BlobStorage
from batch_manager.definitions import JobDefinition, TaskDefinition
from batch_manager.patience import Patience
from batch_manager.patient import PatientBatchClient, PatientBlobStorage
from batch_manager.testing import InMemoryBatchClient, InMemoryBlobStorage
from dispatcher.local import local_client, local_storage
from dispatcher.stack import LocalStack

_numbers = count()


@pytest.fixture(scope="session")
def local_stack() -> Iterator[LocalStack]:
    with LocalStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def azurite() -> Iterator[LocalStack]:
    with LocalStack(batch=False) as stack:
        yield stack


@pytest.fixture(params=["in-memory", "patient", "official-client"])
def client(request: pytest.FixtureRequest) -> BatchClient:
    if request.param == "in-memory":
        return InMemoryBatchClient()
    if request.param == "patient":
        return PatientBatchClient(InMemoryBatchClient(), Patience())
    return local_client(request.getfixturevalue("local_stack"))


@pytest.fixture(params=["in-memory", "patient", "official-client"])
def storage(request: pytest.FixtureRequest) -> BlobStorage:
    if request.param == "in-memory":
        return InMemoryBlobStorage()
    if request.param == "patient":
        return PatientBlobStorage(InMemoryBlobStorage(), Patience())
    return local_storage(request.getfixturevalue("azurite"))


@pytest.fixture
def container(storage: BlobStorage) -> str:
    name = f"container-{next(_numbers)}"
    storage.create_container(name)
    return name


@pytest.fixture
def new_job(client: BatchClient) -> Callable[[], str]:
    """Makes a job on a pool that does not exist, so that its tasks stay active."""

    def make() -> str:
        job_id = f"contract-{next(_numbers)}"
        manager = TaskDefinition(id="job-manager", command_line="/bin/true")
        client.create_job(JobDefinition(id=job_id, pool_id="no-such-pool", job_manager=manager))
        return job_id

    return make
