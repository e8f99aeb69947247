"""Pools on the management plane: the data plane's, in another form."""

from __future__ import annotations

import pytest

from dispatcher.service.wire import JsonObject
from tests.unit.service.management.fakes import ACCOUNT, Plane

MACHINE: JsonObject = {
    "virtualMachineConfiguration": {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu", "sku": "22_04-lts"},
        "nodeAgentSkuId": "batch.node.ubuntu 22.04",
    }
}


def _body(**properties: object) -> JsonObject:
    body: dict[str, object] = {
        "vmSize": "STANDARD_D2S_V3",
        "deploymentConfiguration": MACHINE,
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 2}},
        **properties,
    }
    return {"properties": body}  # type: ignore[dict-item]


def _fixed(nodes: int) -> JsonObject:
    return {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes}}}


def test_pool_is_the_one_of_the_data_plane(plane: Plane) -> None:
    """With its words for the same things."""
    plane.ask("PUT", "pools/p", _body(interNodeCommunication="Enabled", taskSchedulingPolicy={"nodeFillType": "Pack"}))
    shown = plane.bench.read("get_pool", poolId="p")
    assert shown["targetDedicatedNodes"] == 2
    assert shown["enableInterNodeCommunication"] is True
    machine = shown["virtualMachineConfiguration"]
    assert isinstance(machine, dict)
    assert machine["nodeAgentSKUId"] == "batch.node.ubuntu 22.04"


def test_pool_is_shown_as_it_was_asked_for(plane: Plane) -> None:
    """With its states in capitals."""
    body = plane.ask("PUT", "pools/p", _body(metadata=[{"name": "a", "value": "pool"}]))
    assert body["id"] == f"{ACCOUNT}/pools/p"
    properties = body["properties"]
    assert isinstance(properties, dict)
    assert properties["deploymentConfiguration"] == MACHINE
    assert (properties["allocationState"], properties["provisioningState"]) == ("Resizing", "Succeeded")
    assert properties["metadata"] == [{"name": "a", "value": "pool"}]
    plane.bench.settle()
    assert plane.properties("GET", "pools/p")["allocationState"] == "Steady"
    assert plane.properties("GET", "pools/p")["currentDedicatedNodes"] == 2


def test_pool_of_the_data_plane_is_shown(plane: Plane) -> None:
    """Whoever made it."""
    plane.bench.add_pool()
    assert plane.names("pools") == ["pool"]
    assert plane.properties("GET", "pools/pool")["vmSize"] == "standard_d2s_v3"


def test_identity_is_kept(plane: Plane) -> None:
    """It is recorded only; a pool without one has the type None."""
    identity: JsonObject = {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/id": {}}}
    assert plane.ask("PUT", "pools/p", {**_body(), "identity": identity})["identity"] == identity
    assert plane.ask("PUT", "pools/q", _body())["identity"] == {"type": "None"}


def test_second_put_changes_what_can_change(plane: Plane) -> None:
    """The size, and not the machine."""
    plane.ask("PUT", "pools/p", _body())
    plane.bench.settle()
    metadata = [{"name": "a", "value": "b"}]
    plane.ask("PUT", "pools/p", _body(metadata=metadata, scaleSettings={"fixedScale": {"targetDedicatedNodes": 1}}))
    plane.bench.settle()
    shown = plane.properties("GET", "pools/p")
    assert (shown["currentDedicatedNodes"], shown["metadata"]) == (1, metadata)
    assert plane.refusal("PUT", "pools/p", _body(vmSize="standard_d4s_v3")) == (409, "PropertyCannotBeUpdated")


def test_same_put_twice_changes_nothing(plane: Plane) -> None:
    """Not even the state of a pool that is steady."""
    plane.ask("PUT", "pools/p", _body())
    plane.bench.settle()
    assert plane.properties("PUT", "pools/p", _body())["allocationState"] == "Steady"


def test_none_match_keeps_an_existing_pool(plane: Plane) -> None:
    """That is how a client makes sure that it adds one."""
    plane.ask("PUT", "pools/p", _body())
    assert plane.send("PUT", "pools/p", _body(), headers={"if-none-match": "*"}).status == 412


def test_patch_resizes(plane: Plane) -> None:
    """And leaves the rest of the pool."""
    plane.ask("PUT", "pools/p", _body(displayName="P"))
    plane.bench.settle()
    assert plane.properties("PATCH", "pools/p", {"properties": _fixed(0)})["displayName"] == "P"
    plane.bench.settle()
    assert plane.properties("GET", "pools/p")["currentDedicatedNodes"] == 0


def test_patch_is_whole_or_nothing(plane: Plane) -> None:
    """A refused size takes the other changes with it."""
    plane.ask("PUT", "pools/p", _body())
    plane.bench.settle()
    body: JsonObject = {"properties": {"metadata": [{"name": "a", "value": "b"}], **_fixed(10**6)}}
    assert plane.refusal("PATCH", "pools/p", body)[0] == 400
    assert not plane.properties("GET", "pools/p").get("metadata")


def test_empty_start_task_removes_it(plane: Plane) -> None:
    """And nothing else."""
    metadata = [{"name": "a", "value": "b"}]
    plane.ask("PUT", "pools/p", _body(startTask={"commandLine": "true"}, metadata=metadata))
    plane.bench.settle()
    changed = plane.properties("PATCH", "pools/p", {"properties": {"startTask": {}}})
    assert "startTask" not in changed
    assert changed["metadata"] == metadata


def test_patch_of_what_is_fixed_is_refused(plane: Plane) -> None:
    """By name; the value that it has is no change."""
    plane.ask("PUT", "pools/p", _body(taskSlotsPerNode=2))
    body: JsonObject = {"properties": {"vmSize": "standard_d4s_v3"}}
    assert plane.refusal("PATCH", "pools/p", body) == (409, "PropertyCannotBeUpdated")
    plane.ask("PATCH", "pools/p", {"properties": {"vmSize": "standard_d2s_v3", "deploymentConfiguration": MACHINE}})


def test_patch_may_send_the_models_slots(plane: Plane) -> None:
    """azure-mgmt-batch 17 sends a 1 whatever the pool has."""
    plane.ask("PUT", "pools/p", _body(taskSlotsPerNode=2))
    assert plane.properties("PATCH", "pools/p", {"properties": {"taskSlotsPerNode": 1}})["taskSlotsPerNode"] == 2
    assert plane.refusal("PATCH", "pools/p", {"properties": {"taskSlotsPerNode": 3}})[0] == 409


def test_stale_etag_is_refused(plane: Plane) -> None:
    """With 412."""
    plane.ask("PUT", "pools/p", _body())
    assert plane.send("PATCH", "pools/p", {}, headers={"if-match": 'W/"0x1"'}).status == 412


def test_deletion_is_told_of_until_the_pool_is_gone(plane: Plane) -> None:
    """At the address in ``Location``, where clients ask again."""
    plane.ask("PUT", "pools/p", _body())
    plane.bench.settle()
    answer = plane.send("DELETE", "pools/p")
    assert answer.status == 202
    assert answer.headers["Retry-After"] == "1"
    path = answer.headers["Location"].partition("8443")[2].partition("?")[0]
    assert plane.send("GET", path).status == 202
    plane.bench.settle()
    assert plane.send("GET", path).status == 200
    assert plane.send("DELETE", "pools/p").status == 204


def test_resize_is_stopped(plane: Plane) -> None:
    """The pool stays at the nodes it has."""
    plane.ask("PUT", "pools/p", _body())
    assert plane.properties("POST", "pools/p/stopResize")["scaleSettings"] != _fixed(2)["scaleSettings"]


def test_auto_scale_of_a_fixed_pool_is_off_already(plane: Plane) -> None:
    """Nothing changes."""
    plane.bench.add_pool()
    assert plane.properties("POST", "pools/pool/disableAutoScale")["allocationState"] == "Steady"


def test_what_the_data_plane_refuses_is_refused(plane: Plane) -> None:
    """With its code, in the shape of this plane, its facts as details."""
    answer = plane.send("PUT", "pools/p", _body(taskSlotsPerNode=1000))
    assert answer.status == 400
    assert b'"target": "BatchAccount"' in answer.body
    assert b'{"code": "PropertyName", "message": "taskSlotsPerNode"}' in answer.body


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ("startswith(name, 'a')", ["a1", "a2"]),
        ("properties/allocationState eq 'Steady' and name ne 'a1'", ["a2", "b"]),
        ("properties/creationTime lt datetime'2017-02-02'", []),
    ],
)
def test_pools_are_filtered(plane: Plane, filter_: str, names: list[str]) -> None:
    """By the properties that Microsoft's contract names."""
    for pool_id in ("a1", "a2", "b"):
        plane.bench.add_pool(pool_id)
    assert plane.names("pools", {"$filter": filter_}) == names


def test_other_properties_are_no_filter(plane: Plane) -> None:
    """As Azure refuses them."""
    assert plane.refusal("GET", "pools", query={"$filter": "properties/startTask eq 'x'"})[0] == 400


def test_selected_properties_alone_are_shown(plane: Plane) -> None:
    """The envelope stays."""
    plane.bench.add_pool()
    values = plane.ask("GET", "pools", query={"$select": "properties/vmSize,properties/allocationState"})["value"]
    assert isinstance(values, list)
    assert isinstance(values[0], dict)
    assert values[0]["properties"] == {"vmSize": "standard_d2s_v3", "allocationState": "Steady"}
    assert values[0]["name"] == "pool"


def test_missing_pool_is_not_found(plane: Plane) -> None:
    """With Batch's code."""
    assert plane.refusal("GET", "pools/none") == (404, "PoolNotFound")
