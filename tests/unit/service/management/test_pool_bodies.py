"""Pools' bodies between the two planes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.service.management.pool_bodies import (
    identity_to_data_plane,
    identity_to_management,
    pool_to_data_plane,
    pool_to_management,
)
from dispatcher.service.management.spelling import to_data_plane, to_management
from dispatcher.service.wire import JsonObject, JsonValue

_WORDS = ("Admin", "NonAdmin", "Task", "Pool", "TCP", "ReadWrite", "Premium_LRS", "Pack", "DockerCompatible", "free")
_NAMES = ("elevationLevel", "scope", "protocol", "caching", "storageAccountType", "nodeFillType", "nodeAgentSkuId", "x")
_BODIES = st.recursive(
    st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_WORDS), max_size=4),
    lambda inner: st.dictionaries(st.sampled_from(("userIdentity", "inboundNatPools", "y")), inner | st.lists(inner)),
)


@given(_BODIES)
def test_spelling_is_undone(body: JsonObject) -> None:
    """What goes to the data plane comes back as it was."""
    assert to_management(to_data_plane(body)) == body


@pytest.mark.parametrize(
    ("name", "word", "data"),
    [
        ("elevationLevel", "NonAdmin", "nonadmin"),
        ("provision", "NoPublicIPAddresses", "nopublicipaddresses"),
        ("type", "DockerCompatible", "dockerCompatible"),
        ("nodeFillType", "pack", "Pack"),
        ("value", "Admin", "Admin"),
    ],
)
def test_words_are_spelled_as_the_data_plane_does(name: str, word: str, data: str) -> None:
    """Whatever the case they came in; other texts are left alone."""
    assert to_data_plane({name: word}) == {name: data}


def test_secrets_are_left_out() -> None:
    """The management plane never tells them."""
    users: JsonValue = [{"name": "u", "password": "p", "linuxUserConfiguration": {"uid": 1, "sshPrivateKey": "k"}}]
    assert to_management(users) == [{"name": "u", "linuxUserConfiguration": {"uid": 1}}]


def test_settings_of_extensions_are_the_clients_own() -> None:
    """Nothing in them is spelled anew."""
    body: JsonObject = {"settings": {"protocol": "TCP", "userName": "u"}}
    assert to_data_plane(body) == body


def test_image_of_a_gallery_has_another_name() -> None:
    """``id`` here and ``virtualMachineImageId`` there."""
    properties: JsonObject = {
        "deploymentConfiguration": {"virtualMachineConfiguration": {"imageReference": {"id": "/image"}}}
    }
    data = pool_to_data_plane("p", properties)
    assert data["virtualMachineConfiguration"] == {"imageReference": {"virtualMachineImageId": "/image"}}
    assert pool_to_management(data, "/account")["deploymentConfiguration"] == properties["deploymentConfiguration"]


def test_automatic_scale_goes_both_ways() -> None:
    """With its run's result."""
    scale: JsonObject = {"autoScale": {"formula": "$TargetDedicatedNodes=1", "evaluationInterval": "PT5M"}}
    data = pool_to_data_plane("p", {"scaleSettings": scale})
    assert data["autoScaleFormula"] == "$TargetDedicatedNodes=1"
    run: JsonObject = {"timestamp": "t", "error": {"code": "c", "values": [{"name": "n", "value": "v"}]}}
    shown = pool_to_management({**data, "autoScaleRun": run}, "/account")
    assert shown["scaleSettings"] == scale
    assert shown["autoScaleRun"] == {
        "evaluationTime": "t",
        "results": None,
        "error": {"code": "c", "details": [{"code": "n", "message": "v"}]},
    }


def test_references_to_packages_are_ids_of_resources() -> None:
    """The data plane names the application alone."""
    packages: JsonValue = [{"id": "/account/applications/tool", "version": "1"}]
    data = pool_to_data_plane("p", {"applicationPackages": packages})
    assert data["applicationPackageReferences"] == [{"applicationId": "tool", "version": "1"}]
    assert pool_to_management(data, "/account")["applicationPackages"] == packages


def test_what_only_answers_hold_is_not_sent_on() -> None:
    """A client may send back what it was shown."""
    assert pool_to_data_plane("p", {"allocationState": "Steady", "currentDedicatedNodes": 3}) == {"id": "p"}


def test_unknown_properties_are_kept() -> None:
    """Both ways."""
    data = pool_to_data_plane("p", {"colour": "blue"})
    assert pool_to_management(data, "/account")["colour"] == "blue"


def test_failed_resize_is_shown() -> None:
    """With its errors."""
    data: JsonObject = {"id": "p", "resizeErrors": [{"code": "c", "message": "m"}]}
    assert pool_to_management(data, "/account")["resizeOperationStatus"] == {
        "startTime": None,
        "errors": [{"code": "c", "message": "m"}],
    }


@given(st.dictionaries(st.text(min_size=1), st.just({}), max_size=3))
def test_identity_goes_both_ways(identities: dict[str, JsonValue]) -> None:
    """A mapping here, a list there."""
    identity: JsonObject = {"type": "UserAssigned", "userAssignedIdentities": identities}
    assert identity_to_management(identity_to_data_plane(identity)) == identity
