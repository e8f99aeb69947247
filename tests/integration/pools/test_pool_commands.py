"""The commands for pools against the service."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batch_manager.factory import BatchClientFactory
from batch_manager.pools.restart_steps import RESTART_METADATA
from batch_manager.settings import BatchClientSettings
from tests.integration.pools.conftest import QUICK, Commands

KEY = f"ssh-ed25519 {'A' * 68} anna@here"
OTHERS_IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"


def test_pool_is_made_once(commands: Commands) -> None:
    """Ready at the end; again it was there; another is refused by what differs, and nothing is changed."""
    made = commands.create("a", "--tag", "project=leakage", "--json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["health"]["usableNodes"] == 1
    again = commands.create("a", "--tag", "project=leakage")
    assert (again.code, again.out) == (0, "pool a was there already, as asked for\n")
    other = commands.create("a", "--tag", "project=leakage", "--dedicated", "2", "--set", "task_fill=pack")
    assert other.code == 65
    assert "targetDedicatedNodes is 1, asked for is 2" in other.err
    assert "nodeFillType is 'spread', asked for is 'pack'" in other.err
    shown = commands.json("show", "a")
    assert (shown["owner"], shown["tags"], shown["targetDedicatedNodes"]) == ("me", {"project": "leakage"}, 1)


def test_pools_are_listed_by_owner_tag_and_age(commands: Commands) -> None:
    """All that is given must hold."""
    commands.run("create", str(commands.folder / "pool.yaml"), "--id", "a", "--dedicated", "0", "--tag", "x=1")
    commands.run("create", str(commands.folder / "pool.yaml"), "--id", "b", "--dedicated", "0", "--owner", "anna")
    found = [commands.json("list", *words)["pools"] for words in ((), ("--owner", "anna"), ("--tag", "x=1"))]
    assert [[pool["id"] for pool in pools] for pools in found] == [["a", "b"], ["b"], ["a"]]
    assert commands.json("list", "--older-than", "1h")["pools"] == []
    assert "anna" in commands.run("list").out


def test_dry_run_sends_nothing_and_shows_no_secret(commands: Commands) -> None:
    """The command line counts before the file, the file before the template."""
    templates = commands.folder / "config" / "azure-batch-manager" / "pools"
    templates.mkdir(parents=True)
    (templates / "small.yaml").write_text("vm_size: Standard_E2s_v3\ntask_slots_per_node: 2\ntask_fill: pack\n")
    (templates / "pw").write_text("hunter2")
    (templates / "small.yaml").open("a").write("users: [{name: svc, password_file: pw}]\n")
    words = ("--template", "small", "--set", "task_slots_per_node=3", "--dry-run")
    done = commands.create("a", *words)
    body = json.loads(done.out)
    assert (body["vmSize"], body["taskSlotsPerNode"]) == ("Standard_D2s_v3", 3)
    assert body["taskSchedulingPolicy"] == {"nodeFillType": "pack"}
    assert body["virtualMachineConfiguration"]["nodeAgentSKUId"] == "batch.node.ubuntu 24.04"
    assert "hunter2" not in done.out + done.err
    assert commands.json("list")["pools"] == []


def test_wait_tells_why_the_start_task_failed(commands: Commands) -> None:
    """With the end of its standard error; so does show."""
    failing = "start_task={command: /bin/sh -c 'echo no licence >&2; exit 3'}"
    done = commands.create("a", "--set", failing)
    assert done.code == 69
    assert "exit code 3" in done.err
    assert "no licence" in done.err
    assert "no licence" in commands.run("show", "a").out
    assert commands.json("show", "a")["health"]["verdict"] == "failed"


def test_wait_tells_that_a_quota_is_full(commands: Commands) -> None:
    """With Azure's own code."""
    done = commands.create("a", "--dedicated", "9")
    assert done.code == 69
    assert "AccountCoreQuotaReached" in done.err


def test_wait_that_is_over_is_told(commands: Commands) -> None:
    """The pool goes on."""
    words = ("--set", "start_task={command: sleep 600}", "--timeout", "1s")
    done = commands.create("a", *words)
    assert done.code == 75
    assert "not ready after 1s" in done.err


def test_pool_is_resized(commands: Commands) -> None:
    """The same numbers again change nothing; a formula keeps numbers away."""
    commands.create("a")
    document = commands.json("resize", "a", "--dedicated", "0", "--spot", "2", "--wait", *QUICK)
    assert (document["changed"], document["health"]["usableNodes"]) == (True, 2)
    assert commands.json("resize", "a", "--spot", "2")["changed"] is False
    assert commands.run("resize", "a").code == 64
    commands.run("autoscale", "a", "--formula", "$TargetDedicatedNodes = 0;")
    done = commands.run("resize", "a", "--spot", "1")
    assert done.code == 65
    assert "--off" in done.err


def test_pool_is_scaled_by_a_formula(commands: Commands) -> None:
    """By its name; it is evaluated and taken away again."""
    commands.create("a", "--dedicated", "0")
    refused = commands.run("autoscale", "a", "--evaluate")
    assert refused.code == 65
    slots = ("autoscale", "a", "slots_aware", "--param", "max_nodes=3")
    assert [commands.json(*slots, "--every", "10m")["changed"] for _ in range(2)] == [True, False]
    shown = commands.json("autoscale", "a")
    assert shown["evaluationIntervalSeconds"] == 600
    assert "min(3, " in shown["formula"]
    evaluated = commands.json("autoscale", "a", "--formula", "$TargetDedicatedNodes = 5;", "--evaluate")
    assert evaluated["evaluation"]["results"]["$TargetDedicatedNodes"] == "5"
    assert commands.run("autoscale", "a", "--formula", "$Wrong = ;", "--evaluate").code == 69
    assert [commands.json("autoscale", "a", "--off")["changed"] for _ in range(2)] == [True, False]


def _scale(commands: Commands, pool: str) -> dict[str, Any]:
    shown = commands.json("show", pool)
    names = ("targetDedicatedNodes", "targetSpotNodes", "autoscale", "formula", "evaluationIntervalSeconds")
    return {name: shown[name] for name in names}


def _nodes(commands: Commands, pool: str) -> set[str]:
    return {node["id"] for node in commands.json("show", pool)["nodes"]}


def test_restart_brings_all_nodes_anew(commands: Commands) -> None:
    """The scale is as before, and so is the metadata."""
    commands.create("a", "--dedicated", "2")
    nodes, scale = _nodes(commands, "a"), _scale(commands, "a")
    assert commands.run("restart", "a").code == 64
    done = commands.run("restart", "a", "--yes", "--wait", *QUICK)
    assert done.code == 0, done.err
    assert not nodes & _nodes(commands, "a")
    assert _scale(commands, "a") == scale


def test_restart_that_is_killed_goes_on(commands: Commands) -> None:
    """The formula that the pool had comes back with the second run."""
    commands.create("a", "--set", "autoscale={formula: '$TargetDedicatedNodes = 1;', interval: 5m}")
    scale = _scale(commands, "a")
    words = [sys.executable, "-m", "batch_manager.cli", "pool", "restart", "a", "--yes", "--interval", "30"]
    first = subprocess.Popen(words, env=commands.account.environment, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    with first, first.stderr:
        for line in first.stderr:
            if "take all its nodes away" in line:
                break
        first.send_signal(signal.SIGKILL)
    assert _scale(commands, "a") != scale
    assert "goes on" in commands.run("show", "a").out
    done = commands.run("restart", "a", "--yes", "--wait", *QUICK)
    assert done.code == 0, done.err
    assert _scale(commands, "a") == scale
    assert _metadata(commands).keys() == {"batchmanagerowner"}


def _metadata(commands: Commands) -> dict[str, str]:
    variables = commands.account.variables
    settings = BatchClientSettings(
        batch_endpoint=variables["AZURE_BATCH_ENDPOINT"],
        batch_account_name=variables["AZURE_BATCH_ACCOUNT"],
        batch_account_key=variables["AZURE_BATCH_ACCESS_KEY"],
    )
    found = BatchClientFactory.create_pool_operations(settings).get_pool("a").summary.metadata
    assert RESTART_METADATA not in found
    return dict(found)


def test_users_come_and_go(commands: Commands) -> None:
    """Twice is once; the key is never the private one."""
    commands.create("a")
    (commands.folder / "key.pub").write_text(KEY)
    (commands.folder / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----")
    add = ("users", "add", "a", "anna", "--ssh-key")
    for _ in range(2):
        assert len(commands.json(*add, str(commands.folder / "key.pub"), "--expires", "7d")["nodes"]) == 1
    assert commands.run(*add, str(commands.folder / "key")).code == 65
    assert [user["name"] for user in commands.json("users", "list", "a")["users"]] == ["anna"]
    assert "127.0.0.1" in commands.run("users", "list", "a").out
    for _ in range(2):
        assert commands.json("users", "delete", "a", "anna", "--yes")["failed"] == {}
    assert commands.json("users", "list", "a")["users"] == []


def test_pool_with_an_identity_is_made_by_resource_manager(commands: Commands) -> None:
    """And compared with the same file as one."""
    words = (
        "--set",
        f"identities=['{OTHERS_IDENTITY}']",
        "--set",
        "start_task={command: 'true', run_as: {admin: true}}",
    )
    assert commands.create("a", *words).code == 0
    again = commands.create("a", *words)
    assert again.out == "pool a was there already, as asked for\n", again.err
    other = commands.create("a", *words[2:])
    assert "identity is" in other.err


def test_pool_is_deleted_after_a_question_that_names_its_jobs(commands: Commands) -> None:
    """Nothing goes where nobody can answer; twice is success."""
    commands.create("a", "--dedicated", "0")
    _add_job(commands)
    refused = commands.run("delete", "a")
    assert refused.code == 64
    assert "user-of-a" in refused.err
    assert commands.json("delete", "a", "--dry-run") == {"poolId": "a", "state": "kept", "jobs": ["user-of-a"]}
    states = [commands.json("delete", "a", "--yes", "--wait", *QUICK)["state"] for _ in range(2)]
    assert states == ["gone", "absent"]


def _add_job(commands: Commands) -> None:
    from azure.batch import BatchClient, models
    from azure.core.credentials import AzureNamedKeyCredential

    variables = commands.account.variables
    credential = AzureNamedKeyCredential(variables["AZURE_BATCH_ACCOUNT"], variables["AZURE_BATCH_ACCESS_KEY"])
    with BatchClient(variables["AZURE_BATCH_ENDPOINT"], credential) as client:
        client.create_job(models.BatchJobCreateOptions(id="user-of-a", pool_info=models.BatchPoolInfo(pool_id="a")))


def test_images_and_sizes_are_listed(commands: Commands) -> None:
    """By words, system and cores."""
    images = commands.json("images", "ubuntu", "24", "--os", "linux")["images"]
    assert {image["nodeAgent"] for image in images} == {"batch.node.ubuntu 24.04"}
    sizes = commands.json("skus", "d4s", "--cores", "4")["skus"]
    assert {(size["cores"], size["family"]) for size in sizes} >= {(4, "standardDSv5Family")}
    assert "batch.node.ubuntu 24.04" in commands.run("images").out
    assert "Standard_D4s_v5" in commands.run("skus").out


@pytest.mark.parametrize("words", [("show", "no"), ("resize", "no", "--spot", "1"), ("restart", "no", "--yes")])
def test_pool_that_is_not_there_is_told(commands: Commands, words: tuple[str, ...]) -> None:
    """With where to look."""
    done = commands.run(*words)
    assert done.code == 69
    assert "PoolNotFound" in done.err
    assert "batch-manager pool list" in done.err


def test_file_that_is_wrong_is_told_at_once(commands: Commands, tmp_path: Path) -> None:
    """Before the account is asked for anything but its images."""
    path = tmp_path / "wrong.yaml"
    path.write_text("id: a b\nvmsize: x\nimage: {}\n")
    done = commands.run("create", str(path))
    assert done.code == 65
    assert all(word in done.err for word in ("id is", "vm_size is missing", "did you mean 'vm_size'"))
