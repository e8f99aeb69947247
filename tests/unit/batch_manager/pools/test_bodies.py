"""What is sent for a pool, and what of it is compared with a pool that is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import azure.batch.models as batch_models
import azure.mgmt.batch.models as management_models
import pytest

from batch_manager.errors import InputError
from batch_manager.pools.body import pool_body, without_secrets
from batch_manager.pools.creating import as_sent, create, prepare
from batch_manager.pools.differences import differences
from batch_manager.pools.management_body import VALUES, management_body
from batch_manager.pools.reading import checked
from batch_manager.pools.schema import pool_schema, schema_text
from tests.support.pools_in_memory import PoolsInMemory, detail
from tests.unit.batch_manager.pools.whole_pool import IDENTITY, small_pool, whole_pool

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a"
SCHEMA = Path(__file__).parents[4] / "docs" / "pool.schema.json"
SECRET = "hunter2hunter2"


def _body(document: dict[str, Any]) -> dict[str, Any]:
    pool = checked(document)
    return dict(pool_body(pool, node_agent="agent", metadata={"a": "b"}, reveal=lambda path: SECRET))


def _names(model: type) -> dict[str, Any]:
    """The REST names of a model of Microsoft's and the models of its fields."""
    model()
    return {field._rest_name: name for name, field in model._attr_to_rest_field.items()}  # type: ignore[attr-defined]


def _unknown(model: Any, value: Any, path: str = "") -> list[str]:
    """The names of a body that Microsoft's model of it does not have."""
    if isinstance(value, list):
        return [name for item, part in zip(model, value, strict=True) for name in _unknown(item, part, path)]
    if not isinstance(value, dict) or not hasattr(model, "_attr_to_rest_field"):
        return []
    names = _names(type(model))
    found = [f"{path}.{name}" for name in value if name not in names]
    return found + [
        name
        for key, part in value.items()
        if key in names
        for name in _unknown(getattr(model, names[key]), part, f"{path}.{key}")
    ]


def test_every_name_of_the_body_is_one_of_the_service() -> None:
    """By Microsoft's own models."""
    for document in (whole_pool(), small_pool(scale={"dedicated": 1})):
        body = _body(document)
        assert _unknown(batch_models.BatchPoolCreateOptions(body), body) == []


def test_every_name_of_the_management_body_is_one_of_resource_manager() -> None:
    """By Microsoft's own models."""
    body = management_body(_body(whole_pool()), identities=[IDENTITY], account_id=ACCOUNT)
    assert _unknown(management_models.Pool(body), body) == []
    package = body["properties"]["applicationPackages"][0]
    assert package == {"id": f"{ACCOUNT}/applications/water_network", "version": "1.2.0"}


def test_every_value_of_the_management_body_is_spelled_as_there() -> None:
    """Names that mean something in one place are left alone in another, such as a variable's."""
    properties = management_body(_body(whole_pool()), identities=[IDENTITY], account_id=ACCOUNT)["properties"]
    assert properties["startTask"]["environmentSettings"] == [{"name": "elevationLevel", "value": "admin"}]
    assert properties["startTask"]["userIdentity"] == {"userName": "worker"}
    assert properties["userAccounts"][0]["elevationLevel"] == "Admin"
    assert properties["interNodeCommunication"] == "Enabled"
    for key, name in {"elevationLevel": "ElevationLevel", "caching": "CachingType", "type": "ContainerType"}.items():
        assert set(VALUES[key].values()) == {item.value for item in getattr(management_models, name)}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("/subscriptions/s/i", "virtualMachineImageId"),
        ("/sharedGalleries/g/i", "sharedGalleryImageId"),
        ("/communityGalleries/g/i", "communityGalleryImageId"),
    ],
)
def test_image_of_a_gallery_is_named_by_its_kind(image: str, name: str) -> None:
    """Of a subscription, shared, or of the community."""
    body = _body(small_pool(image={"id": image}))
    assert body["virtualMachineConfiguration"]["imageReference"] == {name: image}


def test_secrets_are_in_what_is_sent_and_in_nothing_that_is_shown(tmp_path: Path) -> None:
    """From the files that hold them."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    request = prepare(PoolsInMemory(), [whole_pool(str(path))], "me")
    assert json.dumps(request.body).count(SECRET) == 7
    assert SECRET not in repr(request) + json.dumps(request.shown) + json.dumps(without_secrets(request.body))


def test_file_with_a_secret_must_be_there(tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(InputError, match="nowhere"):
        prepare(PoolsInMemory(), [whole_pool(str(tmp_path / "nowhere"))], "me")


def test_same_pool_has_no_difference() -> None:
    """With what Batch adds, spells in its own way, and does not tell."""
    body = _body(small_pool(scale={"dedicated": 2}, users=[{"name": "u", "password_file": "f"}]))
    there = json.loads(json.dumps(without_secrets(body)))
    there |= {"vmSize": "STANDARD_D2S_V3", "url": "https://x", "taskSchedulingPolicy": {"nodeFillType": "Spread"}}
    assert differences(body, [], detail("small", document=there, metadata={"a": "b", "more": "1"})) == []


@pytest.mark.parametrize(
    ("more", "identities", "said"),
    [
        ({"scale": {"dedicated": 3}}, [], "targetDedicatedNodes is 2, asked for is 3"),
        ({"task_fill": "pack"}, [], "taskSchedulingPolicy.nodeFillType is 'spread', asked for is 'pack'"),
        ({"packages": ["a:1"]}, [], "applicationPackageReferences is not set"),
        ({"autoscale": {"formula": "f"}}, [], "enableAutoScale is not set, asked for is True"),
        ({}, [IDENTITY], "identity is []"),
    ],
)
def test_other_pool_is_told_by_what_differs(more: dict[str, Any], identities: list[str], said: str) -> None:
    """Both values."""
    document = _body(small_pool(scale={"dedicated": 2}))
    asked = _body(small_pool(**{"scale": {"dedicated": 2}, **more}) if "autoscale" not in more else small_pool(**more))
    found = differences(asked, identities, detail("small", document=document, metadata={"a": "b"}))
    assert any(said in line for line in found), found


def _no_management() -> Any:
    raise AssertionError("Resource Manager is not needed")


def test_pool_is_created_once(tmp_path: Path) -> None:
    """A second time it is there; another is refused."""
    pools = PoolsInMemory()
    layers = [small_pool(tags={"a": "b"})]
    assert create(pools, _no_management, prepare(pools, layers, "me"))
    there = pools.pools["small"]
    metadata = {item["name"]: item["value"] for item in there.document["metadata"]}  # type: ignore[attr-defined]
    pools.pools["small"] = detail("small", document=there.document, metadata=metadata)
    assert not create(pools, _no_management, prepare(pools, layers, "another"))
    with pytest.raises(InputError, match=r"metadata batchmanagertags"):
        create(pools, _no_management, prepare(pools, [{"tags": {"a": "c"}}, *layers], "me"))


def test_pool_that_is_being_deleted_is_not_taken_for_the_same() -> None:
    """Its id is free only later."""
    pools = PoolsInMemory(detail("small", state="deleting"))
    with pytest.raises(InputError, match="being deleted"):
        create(pools, _no_management, prepare(pools, [small_pool()], "me"))


def test_request_without_identity_asks_resource_manager_for_nothing() -> None:
    """So that a key alone is enough."""
    request = prepare(PoolsInMemory(), [small_pool()], "me")
    assert as_sent(_no_management, request) == request.shown
    assert "batchmanagerowner" in json.dumps(request.shown)


def test_schema_of_the_page_is_of_the_model() -> None:
    """Write it anew with pools.schema.schema_text."""
    assert SCHEMA.read_text() == schema_text()


def test_schema_knows_every_key_of_a_whole_file() -> None:
    """So that an editor proposes them."""
    schema = pool_schema()
    assert schema["additionalProperties"] is False
    assert not set(whole_pool()) - set(schema["properties"])
