"""Whatever a client sends, the service is not at fault: clients repeat what answers 5xx."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.service.handlers import HANDLERS
from dispatcher.service.operations import BY_NAME, OPERATIONS, Body, Operation
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, JsonValue
from tests.unit.service.requests import send

HANDLED = [operation for operation in OPERATIONS if operation.name in HANDLERS]
WORDS = """
    id poolId jobId commandLine constraints maxWallClockTime retentionTime maxTaskRetryCount priority metadata
    name value vmSize virtualMachineConfiguration imageReference nodeAgentSKUId targetDedicatedNodes
    taskSlotsPerNode poolInfo autoPoolSpecification poolLifetimeOption pool onAllTasksComplete onTaskFailure
    jobManagerTask jobPreparationTask jobReleaseTask schedule recurrenceInterval startWindow doNotRunUntil
    doNotRunAfter jobSpecification resourceFiles httpUrl filePath outputFiles filePattern destination
    container containerUrl uploadOptions uploadCondition environmentSettings dependsOn taskIds taskIdRanges
    start end exitConditions exitCodes code exitOptions multiInstanceSettings coordinationCommandLine
    numberOfInstances userIdentity affinityInfo startTask disableTasks nodeList autoScaleFormula
    autoScaleEvaluationInterval enableAutoScale resizeTimeout startTime expiryTime nodeRebootOption
    nodeDeallocationOption containerSettings applicationPackageReferences mountConfiguration password
    networkConfiguration taskSchedulingPolicy nodeFillType
"""
NAMES = WORDS.split()
TEXTS = st.sampled_from(
    ["", "pool", "job", "task", "true", "PT1M", "P1D", "PT0S", "P-1D", "-1", "2026-01-01T00:00:00Z", "noaction",
     "terminatejob", "a" * 70, "ü", "'", "$TargetDedicatedNodes=1;", "9999-12-31T23:59:59.9999999Z", "P10675199D"]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
PARAMETERS = st.sampled_from(["pool", "job", "task", "schedule", "nobody", "%2e%2e", "%00", "%F0%9F%98%80", "'"])
OPTIONS = st.dictionaries(
    st.sampled_from(["$filter", "$select", "$expand", "maxresults", "$skiptoken", "recursive", "force", "startTime"]),
    TEXTS | st.sampled_from(["stats", "1", "MQ", "state eq 'active'", "id eq null", "not id eq 'a'"]),
    max_size=3,
)


@pytest.fixture(scope="module")
def account() -> Bench:
    """Return an account that every example finds as those before it left it."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    bench.add_task("task")
    return bench


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(data=st.data())
@pytest.mark.parametrize("operation", HANDLED, ids=lambda operation: operation.name)
def test_no_request_is_the_services_fault(account: Bench, operation: Operation, data: st.DataObject) -> None:
    """Any body, path and query is answered, and never with an internal error."""
    path = "/".join(data.draw(PARAMETERS) if part.startswith("{") else part for part in operation.path.split("/"))
    body = b"" if operation.body is Body.NONE else json.dumps(data.draw(BODIES)).encode()
    logging.disable()
    answer = send(account, operation.verb, path, body, list(data.draw(OPTIONS).items()))
    logging.disable(logging.NOTSET)
    assert answer.status < 500 or answer.status == 501
    account.settle()


WHOLE: dict[str, JsonObject] = {
    "create_task": {
        "id": "t",
        "commandLine": "true",
        "displayName": "d",
        "constraints": {"maxWallClockTime": "PT1M", "retentionTime": "PT1M", "maxTaskRetryCount": 1},
        "environmentSettings": [{"name": "a", "value": "b"}],
        "dependsOn": {"taskIds": ["task"], "taskIdRanges": [{"start": 1, "end": 2}]},
        "exitConditions": {"exitCodes": [{"code": 1, "exitOptions": {"dependencyAction": "satisfy"}}]},
        "resourceFiles": [{"httpUrl": "http://127.0.0.1:1/c/b", "filePath": "b", "fileMode": "0700"}],
        "requiredSlots": 1,
        "affinityInfo": {"affinityId": "n"},
        "userIdentity": {"autoUser": {"scope": "task", "elevationLevel": "admin"}},
    },
    "create_job": {
        "id": "j",
        "poolInfo": {"poolId": "pool"},
        "priority": 5,
        "constraints": {"maxWallClockTime": "PT1M", "maxTaskRetryCount": 1},
        "jobManagerTask": {"id": "m", "commandLine": "true", "killJobOnCompletion": True},
        "onAllTasksComplete": "noaction",
        "metadata": [{"name": "a", "value": "b"}],
        "commonEnvironmentSettings": [{"name": "a", "value": "b"}],
        "usesTaskDependencies": True,
        "maxParallelTasks": 2,
    },
    "create_job_schedule": {
        "id": "s",
        "schedule": {"recurrenceInterval": "PT1H", "startWindow": "PT1M", "doNotRunAfter": "2030-01-01T00:00:00Z"},
        "jobSpecification": {"poolInfo": {"poolId": "pool"}, "jobManagerTask": {"id": "m", "commandLine": "true"}},
        "metadata": [{"name": "a", "value": "b"}],
    },
    "create_pool": {
        "id": "p",
        "vmSize": "standard_d2s_v3",
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04-lts"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        },
        "targetDedicatedNodes": 1,
        "taskSlotsPerNode": 2,
        "resizeTimeout": "PT15M",
        "taskSchedulingPolicy": {"nodeFillType": "pack"},
        "metadata": [{"name": "a", "value": "b"}],
    },
}


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("operation", WHOLE)
def test_no_value_of_a_property_is_the_services_fault(operation: str, data: st.DataObject) -> None:
    """Whatever one property holds, the request is answered, and what it makes can be read and worked on."""
    bench = Bench()
    bench.add_pool()
    bench.add_job()
    body = _changed(WHOLE[operation], data)
    answer = send(bench, "POST", BY_NAME[operation].path.replace("{jobId}", "job"), json.dumps(body).encode())
    assert answer.status in {201, 400}
    bench.settle()
    bench.clock.advance(timedelta(hours=1))
    bench.settle()
    for path in ("/pools", "/jobs", "/jobschedules", "/jobs/job/tasks"):
        assert send(bench, "GET", path, query=[("$expand", "stats")]).status == 200
    bench.service.close()


def _changed(value: JsonObject, data: st.DataObject) -> JsonObject:
    """Return an object with one property, however deep, set to something else."""
    name = data.draw(st.sampled_from(sorted(value)))
    inner = value[name]
    if isinstance(inner, list):
        inner = inner[0]
    if isinstance(inner, dict) and data.draw(st.booleans()):
        changed = _changed(inner, data)
        return {**value, name: [changed] if isinstance(value[name], list) else changed}
    return {**value, name: data.draw(VALUES)}
