"""Users, logs and extensions of nodes, without HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject, format_time

USER: JsonObject = {"name": "ada", "password": "s3cret-word", "isAdmin": True}


def _node(bench: Bench) -> str:
    (live,) = bench.service.core.fleet.of_pool("pool")
    return live.record.id


def _code(bench: Bench, operation: str, body: JsonObject | None = None, **parameters: str) -> str:
    with pytest.raises(BatchError) as caught:
        bench.call(operation, body, **parameters)
    return caught.value.code


def test_user_exists_until_it_is_deleted(bench: Bench) -> None:
    """A second one of the name is refused; one that is not there can be neither replaced nor deleted."""
    place = {"poolId": "pool", "nodeId": _node(bench)}
    bench.call("create_node_user", USER, **place)
    assert _code(bench, "create_node_user", USER, **place) == "NodeUserExists"
    bench.call("replace_node_user", {"sshPublicKey": "ssh-ed25519 AAAA"}, userName="ada", **place)
    bench.call("delete_node_user", userName="ada", **place)
    for operation in ("replace_node_user", "delete_node_user"):
        assert _code(bench, operation, USER, userName="ada", **place) == "NodeUserNotFound"


def test_user_is_gone_once_it_has_expired(bench: Bench) -> None:
    """After a day unless it says otherwise."""
    place = {"poolId": "pool", "nodeId": _node(bench)}
    bench.call("create_node_user", USER, **place)
    bench.clock.advance(timedelta(days=1))
    assert _code(bench, "delete_node_user", userName="ada", **place) == "NodeUserNotFound"
    bench.call("create_node_user", USER, **place)


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": "a b"}, {"name": "1a"}, {"password": None}, {"expiryTime": "2001-01-01T00:00:00Z"},
     {"expiryTime": "soon"}, {"sshPublicKey": "two\nlines"}, {"password": "x" * 257}],
)  # fmt: skip
def test_user_that_could_not_log_in_is_refused(bench: Bench, change: JsonObject) -> None:
    """By name, way to log in or time."""
    place = {"poolId": "pool", "nodeId": _node(bench)}
    code = _code(bench, "create_node_user", {**USER, **change}, **place)
    assert code in {"InvalidPropertyValue", "MissingRequiredProperty"}


def test_password_is_nowhere(bench: Bench) -> None:
    """Neither in the state nor in a refusal."""
    node = _node(bench)
    bench.call("create_node_user", USER, poolId="pool", nodeId=node)
    database = bench.service.core.store.node_users._database
    assert "s3cret" not in str(database.all("SELECT * FROM node_users"))
    with pytest.raises(BatchError) as caught:
        bench.call("create_node_user", {**USER, "password": "s3cret" * 50}, poolId="pool", nodeId=node)
    assert "s3cret" not in f"{caught.value}{caught.value.values}"


def test_remote_login_is_this_machine(bench: Bench) -> None:
    """By its loopback address, also on other clients' properties."""
    body = bench.read("get_node_remote_login_settings", poolId="pool", nodeId=_node(bench))
    assert body == {"remoteLoginIPAddress": "127.0.0.1", "remoteLoginPort": 22}


def test_log_goes_to_a_folder_of_its_own(bench: Bench) -> None:
    """Named after pool and node; the node is told where and of what time."""
    node = _node(bench)
    now = bench.clock.now()
    body: JsonObject = {"containerUrl": "http://x/c?sig=1", "startTime": format_time(now)}
    first = bench.call("upload_node_logs", body, poolId="pool", nodeId=node).body
    second = bench.call("upload_node_logs", body, poolId="pool", nodeId=node).body
    assert first is not None
    assert second is not None
    assert str(first["virtualDirectoryName"]).startswith(f"pool/{node.replace('_', '-')}/")
    assert (first["numberOfFilesUploaded"], first == second) == (1, False)
    (request, _) = bench.nodes.opened[node].log_requests
    assert (request.container_url, request.since, request.until) == ("http://x/c?sig=1", now, None)


@pytest.mark.parametrize(
    "body",
    [{"startTime": "2026-01-01T00:00:00Z"}, {"containerUrl": "u"}, {"containerUrl": "u", "startTime": "x"},
     {"containerUrl": "u", "startTime": "2026-01-02T00:00:00Z", "endTime": "2026-01-01T00:00:00Z"}],
)  # fmt: skip
def test_log_of_no_time_is_refused(bench: Bench, body: JsonObject) -> None:
    """As is one that goes nowhere."""
    code = _code(bench, "upload_node_logs", body, poolId="pool", nodeId=_node(bench))
    assert code in {"InvalidPropertyValue", "MissingRequiredProperty"}


def test_extensions_are_those_of_the_pool(bench: Bench) -> None:
    """Listed by name, told apart from what is not declared, and open about what is done with them."""
    machine: JsonObject = {
        "imageReference": {},
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "extensions": [{"name": name, "publisher": "p", "type": "t"} for name in ("b", "a")],
    }
    bench.add_pool("other", virtualMachineConfiguration=machine)
    (live,) = bench.service.core.fleet.of_pool("other")
    place = {"poolId": "other", "nodeId": live.record.id}
    listed = bench.read("list_node_extensions", **place)["value"]
    assert isinstance(listed, list)
    assert listed == [bench.read("get_node_extension", extensionName=name, **place) for name in ("a", "b")]
    assert "Recorded only" in str(listed[0])
    assert _code(bench, "get_node_extension", extensionName="c", **place) == "NodeExtensionNotFound"
