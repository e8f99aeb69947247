"""What Batch would refuse in a pool."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batch_manager.errors import InputError
from batch_manager.pools.creating import prepare
from batch_manager.pools.formulas import formula_by_name
from batch_manager.pools.images import ImageChoice, node_agent
from batch_manager.pools.reading import checked
from batch_manager.pools.rules import cores, notes, problems, system_problems
from tests.support.pools_in_memory import UBUNTU, WINDOWS, PoolsInMemory
from tests.unit.batch_manager.pools.whole_pool import IDENTITY, small_pool, whole_pool

SAS = "https://x.blob.core.windows.net/c?sig=abcdefghijkl"
OTHER = IDENTITY.replace("nodes", "other")
UNVERIFIED = replace(UBUNTU, publisher="p", offer="o", sku="s", node_agent="batch.node.debian 12", verified=False)


def test_whole_pool_has_no_problem() -> None:
    """Of everything that can stand in a file."""
    assert problems(checked(whole_pool())) == []
    assert system_problems(checked(whole_pool()), windows=False) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"task_slots_per_node": 9}, "at most 4 for each, 8"),
        ({"scale": {"dedicated": 101}, "inter_node_communication": True}, "at most 100"),
        ({"scale": {"timeout": "4m"}}, "scale.timeout"),
        ({"scale": {}, "autoscale": {"formula": "f"}}, "both given"),
        ({"autoscale": {}}, "either name"),
        ({"autoscale": {"formula": "f", "parameters": {"a": 1}}}, "autoscale.parameters"),
        ({"autoscale": {"formula": "x" * 8193}}, "8192"),
        ({"autoscale": {"formula": "f", "interval": "4m"}}, "autoscale.interval"),
        ({"image": {"publisher": "p"}}, "image has no offer, sku"),
        ({"image": {"id": "/subscriptions/x", "sku": "s"}}, "one kind of image"),
        ({"start_task": {"command": f"curl '{SAS}'"}}, "start_task.command has a secret"),
        ({"start_task": {"command": "x", "environment": {"AccountKey": "abcdefghijkl"}}}, "environment.AccountKey"),
        ({"start_task": {"command": "x", "files": [{"url": SAS, "path": "f"}]}}, "files[0].url has a SAS"),
        ({"start_task": {"command": "x", "files": [{"path": "f"}]}}, "files[0] has no source"),
        ({"start_task": {"command": "x", "files": [{"url": "https://x/y"}]}}, "files[0].path is missing"),
        ({"start_task": {"command": "x", "run_as": {"user": "u"}}}, "users has nobody"),
        ({"start_task": {"command": "x", "container": {"image": "i"}}}, "needs containers"),
        ({"start_task": {"command": "x", "files": [{"auto_container": "c", "identity": OTHER}]}}, "none of the pool's"),
        ({"mounts": [{"path": "d"}]}, "mounts[0] has no source"),
        ({"mounts": [{"path": "../d", "nfs": {"source": "h:/e"}}]}, "mounts[0].path"),
        ({"mounts": [{"path": "d", "blob": {"account": "abc", "container": "c"}}]}, "no way in"),
        ({"mounts": 2 * [{"path": "d", "nfs": {"source": "h:/e"}}]}, "give each its own"),
        ({"identities": ["/subscriptions/x"]}, "identities[0]"),
        ({"containers": {"registries": [{"server": "s", "user": "u"}]}}, "registries[0]"),
        ({"network": {"public_ip": "user"}}, "public_ip_ids"),
        ({"users": [{"name": "u", "password_file": "f", "uid": 5}]}, "uid and gid"),
        ({"metadata": {"batchmanagerowner": "me"}}, "batchmanagerowner"),
    ],
)
def test_problem_names_the_key_and_what_to_do(more: dict[str, Any], said: str) -> None:
    """One at a time, and no secret is shown."""
    found = problems(checked(small_pool(**more)))
    assert len(found) == 1, found
    assert said in found[0]
    assert "abcdefghijkl" not in found[0]


@pytest.mark.parametrize(
    ("more", "windows"),
    [
        ({"mounts": [{"path": "d", "nfs": {"source": "h:/e"}}]}, True),
        ({"users": [{"name": "u", "password_file": "f", "uid": 5, "gid": 5}]}, True),
        ({"start_task": {"command": "x", "files": [{"auto_container": "c", "mode": "0755"}]}}, True),
        ({"license": "Windows_Server"}, False),
        ({"users": [{"name": "u", "password_file": "f", "login": "batch"}]}, False),
    ],
)
def test_what_one_system_lacks_is_refused_there_alone(more: dict[str, Any], windows: bool) -> None:
    """The node agent says which it is."""
    pool = checked(small_pool(**more))
    assert len(system_problems(pool, windows=windows)) == 1
    assert system_problems(pool, windows=not windows) == []


@pytest.mark.parametrize(
    ("command", "count"),
    [("echo $HOME", 1), ("a && b", 1), ("/bin/sh -c 'a && b'", 0), ("cmd /c echo %PATH%", 0), ("prepare --all", 0)],
)
def test_command_that_wants_a_shell_is_noted(command: str, count: int) -> None:
    """Batch takes it and it does not do what it says."""
    assert len(notes(checked(small_pool(start_task={"command": command})))) == count


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"start_task": {"command": "x", "wait": False}}, "start_task.wait"),
        ({"inter_node_communication": True, "task_slots_per_node": 2}, "multi-instance"),
    ],
)
def test_what_is_probably_a_mistake_is_noted(more: dict[str, Any], said: str) -> None:
    """Batch takes it."""
    found = notes(checked(small_pool(**more)))
    assert len(found) == 1
    assert said in found[0]


def test_image_without_containers_is_noted_where_they_are_asked_for() -> None:
    """Nobody knows it of an image of one's own."""
    pools, own = PoolsInMemory(), {"id": "/subscriptions/x", "node_agent": UBUNTU.node_agent}
    assert len(prepare(pools, [small_pool(containers={})], "me").notes) == 1
    assert prepare(pools, [small_pool()], "me").notes == ()
    assert prepare(pools, [small_pool(containers={}, image=own)], "me").notes == ()
    pools.images = [replace(UBUNTU, capabilities=("DockerCompatible",))]
    assert prepare(pools, [small_pool(containers={})], "me").notes == ()


@pytest.mark.parametrize(
    ("size", "number"),
    [("Standard_D16ds_v5", 16), ("standard_e8-2s_v5", 2), ("Standard_A2_v2", 2), ("Standard_D2_v3", 2), ("mine", None)],
)
def test_cores_are_read_from_the_name(size: str, number: int | None) -> None:
    """Where it says them."""
    assert cores(size) == number


@pytest.mark.parametrize("size", ["Standard_D3_v2", "standard_ds13-2_v2", "Standard_D11", "Standard_A10", "Basic_A1"])
def test_cores_are_not_read_from_a_number_of_steps(size: str) -> None:
    """A Standard_D3_v2 has 4 cores, and may have 16 slots."""
    assert cores(size) is None


def _choice(**given: Any) -> ImageChoice:
    return ImageChoice(**{"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", **given})


def test_agent_goes_with_the_image() -> None:
    """In any case of letters."""
    assert node_agent(_choice(), [UBUNTU, WINDOWS]) == "batch.node.ubuntu 24.04"


def test_agent_of_a_gallery_image_must_be_named() -> None:
    """Nobody knows what is in it."""
    choice = ImageChoice(id="/subscriptions/x", node_agent="batch.node.windows amd64")
    assert node_agent(choice, [UBUNTU, WINDOWS]) == "batch.node.windows amd64"
    with pytest.raises(InputError, match=r"image\.node_agent is missing"):
        node_agent(ImageChoice(id="/subscriptions/x"), [UBUNTU])


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (_choice(sku="servr"), "did you mean 'server'"),
        (_choice(offer="debian"), "offers of that publisher are ubuntu-24_04-lts"),
        (_choice(publisher="canonicl"), "did you mean 'canonical'"),
        (_choice(node_agent="batch.node.windows amd64"), "goes with 'batch.node.ubuntu 24.04'"),
        (_choice(node_agent="batch.node.ubunt"), "which is none here"),
        (ImageChoice(publisher="p", offer="o", sku="s"), "has not tested"),
    ],
)
def test_image_that_is_not_offered_is_refused_with_what_there_is(choice: ImageChoice, said: str) -> None:
    """The nearest name too."""
    with pytest.raises(InputError) as raised:
        node_agent(choice, [UBUNTU, WINDOWS, UNVERIFIED])
    assert said in str(raised.value)


def test_image_that_is_not_tested_is_taken_on_demand() -> None:
    """As its file says."""
    choice = ImageChoice(publisher="p", offer="o", sku="s", allow_unverified=True)
    assert node_agent(choice, [UNVERIFIED]) == "batch.node.debian 12"


def test_formula_is_found_by_its_name() -> None:
    """Its times are texts."""
    assert "TimeInterval_Second * 600" in formula_by_name(
        "slots_aware", {"max_nodes": 3, "window": "10m", "spot": True}
    )


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("slot_aware", {}, "did you mean 'slots_aware'"),
        ("slots_aware", {"max_node": 1}, "did you mean 'max_nodes'"),
        ("slots_aware", {}, "needs max_nodes"),
        ("slots_aware", {"max_nodes": 0}, "max_nodes is 0"),
        ("slots_aware", {"max_nodes": 1, "window": 5}, "window is 5"),
        ("slots_aware", {"max_nodes": 1, "spot": "yes"}, "spot is 'yes'"),
    ],
)
def test_formula_that_cannot_be_made_is_refused(name: str, parameters: dict[str, object], said: str) -> None:
    """The parameter is named."""
    with pytest.raises(InputError) as raised:
        formula_by_name(name, parameters)
    assert said in str(raised.value)
