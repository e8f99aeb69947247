"""What the description says of bodies is what the readers check: a value of another kind is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
from tests.unit.service.openapi.comparison import described

MACHINE = {"imageReference": {}, "nodeAgentSKUId": "agent"}
POOL = {"vmSize": "standard_d2s_v3", "virtualMachineConfiguration": MACHINE}
NEEDED: Mapping[str, Any] = {
    "Task": {"id": "t", "commandLine": "c"},
    "JobManagerTask": {"id": "m", "commandLine": "c"},
    "JobPreparationTask": {"commandLine": "c"},
    "JobReleaseTask": {"commandLine": "c"},
    "StartTask": {"commandLine": "c"},
    "ContainerSettings": {"imageName": "i"},
    "ResourceFile": {"httpUrl": "http://127.0.0.1:1/b", "filePath": "f"},
    "OutputFile": {
        "filePattern": "*",
        "destination": {"container": {"containerUrl": "http://127.0.0.1:1/c"}},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    },
    "OutputDestination": {"container": {"containerUrl": "http://127.0.0.1:1/c"}},
    "OutputContainer": {"containerUrl": "http://127.0.0.1:1/c"},
    "UploadOptions": {"uploadCondition": "taskcompletion"},
    "Header": {"name": "n", "value": "v"},
    "EnvironmentSetting": {"name": "n"},
    "Metadata": {"name": "n"},
    "PackageReference": {"applicationId": "a"},
    "ExitCode": {"code": 1, "exitOptions": {}},
    "ExitCodeRange": {"start": 1, "end": 2, "exitOptions": {}},
    "Affinity": {"affinityId": "a"},
    "TaskIdRange": {"start": 1, "end": 2},
    "MultiInstanceSettings": {"coordinationCommandLine": "c"},
    "Job": {"id": "j", "poolInfo": {"poolId": "pool"}, "jobPreparationTask": {"commandLine": "c"}},
    "JobSpecification": {"poolInfo": {"poolId": "pool"}, "jobPreparationTask": {"commandLine": "c"}},
    "JobSchedule": {"id": "s", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": "pool"}}},
    "AutoPool": {"poolLifetimeOption": "job", "pool": POOL},
    "PoolInfo": {},
    "Pool": {"id": "p", **POOL},
    "PoolSpecification": POOL,
    "MachineConfiguration": MACHINE,
    "ContainerConfiguration": {"type": "dockerCompatible"},
    "UserAccount": {"name": "n", "password": "p"},
    "Extension": {"name": "n", "publisher": "p", "type": "t"},
    "Mount": {},
    "BlobMount": {"accountName": "abc", "containerName": "abc", "sasKey": "s", "relativeMountPath": "m"},
    "Registry": {},
}
"""What a body of a shape needs beside the property that is wrong."""
OPERATIONS = {"Task": "create_task", "Job": "create_job", "JobSchedule": "create_job_schedule", "Pool": "create_pool"}


def wrong_bodies(shape: str) -> Iterator[tuple[str, Any]]:
    """Yield bodies of a shape, each with one value of another kind, and where that is."""
    schema = described()["components"]["schemas"][shape]
    needed = NEEDED.get(shape, {})
    for name, inner in schema["properties"].items():
        items = inner.get("items", inner)
        if inner:  # else it is kept as it is
            yield (
                name,
                {**needed, name: "text" if inner.get("type") in {"array", "object"} or "$ref" in inner else {"a": 1}},
            )
        if "$ref" in items:
            for path, value in wrong_bodies(items["$ref"].rpartition("/")[2]):
                yield f"{name}.{path}", {**needed, name: [value] if "items" in inner else value}


@pytest.mark.parametrize("shape", OPERATIONS)
def test_value_of_another_kind_is_refused(shape: str) -> None:
    """Wherever the description names a kind, and under the name of what is wrong."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    accepted = []
    for path, body in wrong_bodies(shape):
        try:
            bench.call(OPERATIONS[shape], body, jobId="job")
        except BatchError as error:
            said = " ".join(value for _, value in error.values)
            if error.status != 400 or path.rpartition(".")[2] not in said:
                accepted.append(f"{path}: {error} {error.values}")
        else:
            accepted.append(path)
            bench = Bench()
            bench.add_pool()
            bench.add_job()
    assert accepted == []
