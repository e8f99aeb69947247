"""Pools and nodes."""

from __future__ import annotations

from pathlib import Path

from tests.clients.suites.cli.support import batch, idle_node, make_pool, refused
from tests.clients.suites.support import shell, wait_until


def test_pool_has_a_life(own: str) -> None:
    """Made, listed, resized, deleted, gone."""
    make_pool(own, "--target-dedicated-nodes", "1", "--metadata", "who=me")
    with refused("PoolExists", "already exists"):
        make_pool(own)
    (found,) = batch("pool", "list", "--filter", f"id eq '{own}'")
    assert (found["id"], found["metadata"]) == (own, [{"name": "who", "value": "me"}])
    wait_until(lambda: batch("pool", "show", "--pool-id", own)["allocationState"] == "steady")
    batch("pool", "resize", "--pool-id", own, "--target-dedicated-nodes", "2")
    wait_until(lambda: batch("pool", "show", "--pool-id", own)["currentDedicatedNodes"] == 2)
    batch("pool", "delete", "--pool-id", own, "--yes")
    wait_until(lambda: not batch("pool", "list", "--filter", f"id eq '{own}'"))
    with refused("PoolNotFound", "does not exist"):
        batch("pool", "show", "--pool-id", own)


def test_pool_is_set_and_reset(own: str) -> None:
    """Setting leaves what it does not name; resetting does not."""
    make_pool(own, "--metadata", "a=1")
    batch("pool", "set", "--pool-id", own, "--start-task-command-line", "true")
    found = batch("pool", "show", "--pool-id", own)
    assert (found["startTask"]["commandLine"], found["metadata"][0]["value"]) == ("true", "1")
    batch("pool", "reset", "--pool-id", own, "--metadata", "b=2")
    found = batch("pool", "show", "--pool-id", own)
    assert (found.get("startTask"), found["metadata"]) == (None, [{"name": "b", "value": "2"}])


def test_formula_is_enabled_evaluated_and_disabled(own: str) -> None:
    """An evaluation tells what every variable became."""
    make_pool(own, "--target-dedicated-nodes", "0")
    wait_until(lambda: batch("pool", "show", "--pool-id", own)["allocationState"] == "steady")
    enable = ("--auto-scale-formula", "$TargetDedicatedNodes = 0;", "--auto-scale-evaluation-interval", "PT5M")
    batch("pool", "autoscale", "enable", "--pool-id", own, *enable)
    trial = ("--auto-scale-formula", "$TargetDedicatedNodes = 3;")
    result = batch("pool", "autoscale", "evaluate", "--pool-id", own, *trial)
    assert "$TargetDedicatedNodes=3" in result["results"]
    batch("pool", "autoscale", "disable", "--pool-id", own)


def test_start_task_runs(own: str, folder: Path) -> None:
    """Its output lies on the node."""
    start = ("--start-task-command-line", shell("echo ready"), "--start-task-wait-for-success")
    make_pool(own, "--target-dedicated-nodes", "1", *start)
    node = wait_until(lambda: idle_node(own))
    assert batch("node", "show", "--pool-id", own, "--node-id", node)["startTaskInfo"]["exitCode"] == 0
    place = ("--pool-id", own, "--node-id", node, "--file-path", "startup/stdout.txt")
    batch("node", "file", "download", *place, "--destination", str(folder / "out"))
    assert (folder / "out").read_text() == "ready\n"


def test_node_obeys_its_verbs(own: str) -> None:
    """Scheduling, reboot, users, login, removal."""
    make_pool(own, "--target-dedicated-nodes", "1")
    place = ("--pool-id", own, "--node-id", wait_until(lambda: idle_node(own)))
    batch("node", "scheduling", "disable", *place)
    assert batch("node", "show", *place)["schedulingState"] == "disabled"
    batch("node", "scheduling", "enable", *place)
    batch("node", "reboot", *place)
    assert wait_until(lambda: idle_node(own)) == place[-1]
    batch("node", "user", "create", *place, "--name", "ann", "--password", "Secret-1")
    batch("node", "user", "reset", *place, "--user-name", "ann", "--password", "Secret-2")
    batch("node", "user", "delete", *place, "--user-name", "ann", "--yes")
    login = batch("node", "remote-login-settings", "show", *place)
    assert login["remoteLoginIpAddress"].startswith("127.")
    batch("node", "delete", "--pool-id", own, "--node-list", place[-1])
    wait_until(lambda: not batch("node", "list", "--pool-id", own))


def test_counts_images_and_metrics_are_listed(pool: str) -> None:
    """Each by a command of its own."""
    assert pool in {counts["poolId"] for counts in batch("pool", "node-counts", "list")}
    assert batch("pool", "supported-images", "list")
    assert isinstance(batch("pool", "usage-metrics", "list"), list)
    assert isinstance(batch("application", "summary", "list"), list)
