"""Whatever a client sends, the management plane is not at fault: clients repeat what answers 5xx."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.service.management.operation import ManagementOperation
from dispatcher.service.management.operations import SERVED
from dispatcher.service.operation import Body
from dispatcher.service.wire import JsonObject, JsonValue
from tests.unit.service.management.fakes import Plane

WORDS = """
    properties location tags identity type userAssignedIdentities autoStorage storageAccountId encryption keySource
    allowedAuthenticationModes publicNetworkAccess displayName allowUpdates defaultVersion format keyName name vmSize
    deploymentConfiguration virtualMachineConfiguration imageReference nodeAgentSkuId scaleSettings fixedScale autoScale
    formula evaluationInterval targetDedicatedNodes resizeTimeout nodeDeallocationOption interNodeCommunication
    startTask commandLine userAccounts password applicationPackages id metadata value networkConfiguration
    mountConfiguration taskSlotsPerNode upgradePolicy certificates
"""
NAMES = WORDS.split()
TEXTS = st.sampled_from(
    ["", "1.0", "tool", "zip", "Primary", "Enabled", "PT5M", "$TargetDedicatedNodes=1", "UserAssigned", "\0", "a" * 70]
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
INSIDE: st.SearchStrategy[JsonObject] = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
BODIES = INSIDE | INSIDE.map(lambda properties: _resource(properties))
PARAMETERS = st.sampled_from(["bench", "pool", "tool", "1.0", "127", "nobody", "%2e%2e", "%00", "%F0%9F%98%80", "'"])
QUERIES = st.dictionaries(
    st.sampled_from(["$filter", "$select", "maxresults", "$skiptoken"]),
    st.sampled_from(
        ["", "1", "0", "x", "YQ", "name eq 'a'", "properties/creationTime gt DateTime'0001-01-01T00:00:00+14:00'",
         "properties/scaleSettings/autoScale eq null", "familyName eq 'x'"]
    ),
    max_size=2,
)  # fmt: skip


def _resource(properties: JsonObject) -> JsonObject:
    return {"properties": properties, "location": "local"}


@pytest.fixture(scope="module")
def used() -> Plane:
    """Return a management plane that every example finds as those before it left it."""
    plane = Plane()
    plane.bench.add_pool()
    plane.add_package()
    return plane


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("operation", SERVED, ids=lambda operation: operation.name)
def test_no_request_is_the_services_fault(used: Plane, operation: ManagementOperation, data: st.DataObject) -> None:
    """Every operation answers whatever its path, query and body hold."""
    path = operation.path.replace("{subscriptionId}", "sub").replace("{resourceGroupName}", "group")
    path = path.replace("{accountName}", "bench")
    path = re.sub(r"\{\w+\}", lambda _: data.draw(PARAMETERS), path)
    body = None if operation.body is Body.NONE else data.draw(BODIES)
    answer = used.send(operation.verb, path, body, query=data.draw(QUERIES))
    assert answer.status < 500, answer.body
    json.loads(answer.body or b"{}")
